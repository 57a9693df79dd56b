//! Whatever happens between the exporter and the API server, no scrape is ever partial.
//!
//! Each test runs a [`scraper::Scraper`] beside what it breaks; it looks at every answer.
//!
//! That the checks find something was tried with the real kube-state-metrics 2.20 in place of ours
//! (`PROMONTORY_KUBE_STATE_EXPORTER=…`). Its first answers were 200 without 222 to 301 of the 301 objects; with its
//! connections cut, all of them, for as long as that went on. After a 410 one page had 1016 of 4868 lines of objects that
//! never changed. While the API server was away its `/livez` was 503, and without one it did not start at all.

mod outage;
mod rights;
mod scraper;
mod stable;

use std::net::SocketAddr;
use std::path::Path;

use promontory_tests::cluster::Cluster;
use promontory_tests::gateway::Which;
use promontory_tests::http::Request;
use promontory_tests::process::until;
use promontory_tests::proxy::Proxy;
use promontory_tests::state_exporter::StateExporter;
use tempfile::TempDir;

use scraper::Scraper;

/// Our exporter, and the folder of its log.
struct Exporter {
    program: StateExporter,
    _folder: TempDir,
}

impl Exporter {
    fn start(kubeconfig: &Path, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            program: StateExporter::start(Which::Ours, kubeconfig, flags, folder.path()).unwrap(),
            _folder: folder,
        }
    }

    /// The status and the body of a path of the main site.
    fn get(&self, path: &str) -> (u16, String) {
        ask(self.program.address, path)
    }

    /// Waits for a page that `is` what is waited for.
    fn wait_page(&self, what: &str, is: impl Fn(&str) -> bool) {
        until(what, || {
            let (status, page) = self.get("/metrics");
            (status == 200 && is(&page)).then_some(())
        })
        .unwrap_or_else(|error| panic!("{error:#}\n{}", self.program.process.log()));
    }

    /// The sum of a telemetry family for a resource, over its other labels.
    fn count(&self, family: &str, labels: &[&str]) -> u64 {
        let (status, page) = ask(self.program.telemetry, "/metrics");
        assert_eq!(status, 200, "{page}");
        let begin = format!("{family}{{");
        let lines = page.lines().filter(|line| line.starts_with(&begin));
        lines
            .filter(|line| labels.iter().all(|label| line.contains(label)))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum::<f64>() as u64
    }

    /// Alive and ready, on both sites.
    fn assert_ready(&self) {
        for path in ["/livez", "/healthz", "/readyz"] {
            assert_eq!(self.get(path).0, 200, "{path}");
        }
        assert_eq!(ask(self.program.telemetry, "/readyz").0, 200);
    }
}

fn ask(address: SocketAddr, path: &str) -> (u16, String) {
    let response = Request::new("GET", path).send(address).unwrap();
    (response.status, response.text())
}

/// Creates a pod.
fn pod(cluster: &Cluster, name: &str) {
    let pod = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: default}}, \
         spec: {{containers: [{{name: c, image: i}}]}}}}"
    );
    cluster.apply(&pod).unwrap();
}

/// Whether a page shows a pod of the namespace `default`.
fn shows(page: &str, name: &str) -> bool {
    page.contains(&format!(
        "kube_pod_created{{namespace=\"default\",pod=\"{name}\""
    ))
}

#[test]
fn from_the_first_moment_on_a_page_is_whole_or_says_that_it_is_not() {
    let cluster = stable::cluster();
    for _ in 0..5 {
        let exporter = Exporter::start(&cluster.kubeconfig(), &[]);
        let scraper = Scraper::start(exporter.program.address);
        scraper.more(5);
        let seen = scraper.finish();
        eprintln!("start: {seen:?}");
    }
}

#[test]
fn a_list_made_again_is_shown_beside_the_old_one() {
    let cluster = stable::cluster();
    let proxy = Proxy::start(cluster.address()).unwrap();
    let kubeconfig = cluster.kubeconfig_through(proxy.address).unwrap();
    pod(&cluster, "relist-0");
    let exporter = Exporter::start(&kubeconfig, &[]);
    let scraper = Scraper::start(exporter.program.address);
    scraper.more(5);
    for round in 0..2 {
        let (old, new) = (format!("relist-{round}"), format!("relist-{}", round + 1));
        proxy.refuse();
        cluster
            .kubectl(&["delete", "pod", &old, "--now", "--wait=false"], "")
            .unwrap();
        pod(&cluster, &new);
        cluster.stop_api().unwrap();
        cluster.compact().unwrap();
        cluster.start_api().unwrap();
        // What nobody could tell is shown as it was.
        let (status, page) = exporter.get("/metrics");
        assert_eq!(status, 200);
        assert!(shows(&page, &old) && !shows(&page, &new));
        proxy.accept();
        exporter.wait_page("what happened meanwhile", |page| {
            shows(page, &new) && !shows(page, &old)
        });
        scraper.more(5);
    }
    let seen = scraper.finish();
    let relists = exporter.count("kube_state_metrics_relists_total", &["resource=\"pods\""]);
    let log = exporter.program.process.log();
    assert!(
        relists >= 2 && log.contains("410: too old resource version"),
        "{log}"
    );
    exporter.assert_ready();
    eprintln!("410: {seen:?}, {relists} lists of pods made again");
}

#[test]
fn connections_cut_at_any_byte_leave_no_page_partial() {
    let cluster = stable::cluster();
    let proxy = Proxy::start(cluster.address()).unwrap();
    let kubeconfig = cluster.kubeconfig_through(proxy.address).unwrap();
    let seed = u64::from(std::process::id());
    eprintln!("seed {seed}");
    // From within handshakes and short lists to far into the pods, who need some more.
    for kib in [8, 64, 256] {
        proxy.break_within(kib << 10, seed + kib as u64);
        let begin = proxy.broken();
        let exporter = Exporter::start(&kubeconfig, &[]);
        let scraper = Scraper::start(exporter.program.address);
        let log = || exporter.program.process.log();
        until("cuts in lists", || {
            (proxy.broken() > begin + 2).then_some(())
        })
        .unwrap_or_else(|error| panic!("{error:#}\n{}", log()));
        proxy.accept();
        exporter.wait_page("the lists", |_| true);

        proxy.break_within(kib << 10, seed);
        proxy.cut();
        let begin = proxy.broken();
        // Nothing that is shown changes, but hundreds of objects do, and each event is its whole object.
        label_all(&cluster, kib);
        until("cuts in watches", || (proxy.broken() > begin).then_some(()))
            .unwrap_or_else(|error| panic!("{error:#}\n{}", log()));
        proxy.accept();
        let last = format!("cut-{kib}");
        pod(&cluster, &last);
        exporter.wait_page("the last pod", |page| shows(page, &last));
        let seen = scraper.finish();
        exporter.assert_ready();
        eprintln!(
            "cut within {kib} KiB: {seen:?}, {} connections",
            proxy.broken()
        );
    }
}

/// Puts a label on most objects that are stable: their pages show no labels.
fn label_all(cluster: &Cluster, value: usize) {
    let kinds = "pods,services,deployments.apps,daemonsets.apps,jobs.batch";
    let label = format!("round=r{value}");
    let arguments = [
        "label",
        kinds,
        "--all",
        "--overwrite",
        "--namespace=stable-0",
        &label,
    ];
    cluster.kubectl(&arguments, "").unwrap();
}
