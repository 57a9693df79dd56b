//! A Prometheus that scrapes the three programs under the names of the chart's jobs: this machine, what was pushed, and
//! the objects of a real API server.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

use promontory_tests::gateway::{Gateway, Which, ours};
use promontory_tests::http::Request;
use promontory_tests::process::{Process, free_port};
use promontory_tests::prometheus::{Prometheus, Protocol, Target};
use promontory_tests::root;
use tempfile::TempDir;

use super::cluster;
use super::keys::defaults;

/// What a batch job pushes: the alert `PushStale` wants its interval too.
const PUSHED: &str = "job_interval_seconds 3600\nshop_backup_bytes 5\n";

/// A label of one object of each kind in `objects.yaml`.
pub(super) const KINDS: &[&str] = &[
    "pod=\"web-0\"",
    "node=\"shop-n1\"",
    "kube_namespace_created{namespace=\"shop\"}",
    "deployment=\"web\"",
    "replicaset=\"web-1\"",
    "statefulset=\"db\"",
    "daemonset=\"agent\"",
    "job_name=\"import\"",
    "cronjob=\"nightly\"",
    "service=\"web\"",
];

/// All of it; everything ends when this goes.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) prometheus: Prometheus,
    pub(super) gateway: Gateway,
    pub(super) node: Exporter,
    pub(super) state: Exporter,
    _folder: TempDir,
}

/// A running exporter.
#[derive(Debug)]
pub(super) struct Exporter {
    process: Process,
    pub(super) address: SocketAddr,
}

impl Exporter {
    fn start(command: &mut Command, address: SocketAddr, log: &Path) -> Self {
        let command = std::mem::replace(command, Command::new("true"));
        let mut process = Process::start(command, log).unwrap();
        let scrape = Request::new("GET", "/metrics");
        let ready = || {
            scrape
                .send(address)
                .is_ok_and(|answer| answer.status == 200)
        };
        process.wait_ready(ready).unwrap();
        Self { process, address }
    }

    /// What it shows.
    pub(super) fn page(&self) -> String {
        let answer = Request::new("GET", "/metrics").send(self.address).unwrap();
        assert_eq!(answer.status, 200, "{}", self.process.log());
        answer.text()
    }
}

impl Live {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let gateway = Gateway::start(Which::Ours, &[], folder.path()).unwrap();
        push(&gateway, PUSHED, 200);
        // One that is refused, for the panels that show it.
        push(&gateway, "twice 1\ntwice 2\n", 400);
        let node = node(folder.path());
        let state = state(folder.path());
        let target = |job: &str, address| Target {
            job: job.to_owned(),
            address,
            protocol: Protocol::Text,
        };
        let targets = [
            target("pushgateway", gateway.address),
            target("node-exporter", node.address),
            target("kube-state-metrics", state.address),
        ];
        let prometheus = Prometheus::start(folder.path(), &targets).unwrap();
        for target in &targets {
            prometheus.expect_new_scrape(&target.job).unwrap();
        }
        Self {
            prometheus,
            gateway,
            node,
            state,
            _folder: folder,
        }
    }
}

fn push(gateway: &Gateway, body: &str, status: u16) {
    let request = Request::new("PUT", "/metrics/job/backup/instance/db").body(body);
    let answer = request.send(gateway.address).unwrap();
    assert_eq!(answer.status, status, "{}", answer.text());
}

fn free_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()))
}

fn node(folder: &Path) -> Exporter {
    let address = free_address();
    let mut command = Command::new(ours("node-exporter").unwrap());
    command.arg(format!("--web.listen-address={address}"));
    Exporter::start(&mut command, address, &folder.join("node.log"))
}

/// The kube-state exporter with the kinds of the chart: it names every family, with objects or without.
fn state(folder: &Path) -> Exporter {
    objects();
    let address = free_address();
    let telemetry = free_address();
    let kinds = defaults()["kubeStateExporter"]["kubeResources"].clone();
    let kinds: Vec<String> = serde_json::from_value(kinds).unwrap();
    let mut command = Command::new(ours("kube-state-exporter").unwrap());
    command
        .arg(format!("--kubeconfig={}", cluster().kubeconfig().display()))
        .arg(format!("--resources={}", kinds.join(",")))
        .args(["--host=127.0.0.1", "--telemetry-host=127.0.0.1"])
        .arg(format!("--port={}", address.port()))
        .arg(format!("--telemetry-port={}", telemetry.port()));
    let exporter = Exporter::start(&mut command, address, &folder.join("state.log"));
    // It answers only when it is whole.
    let page = exporter.page();
    for label in KINDS {
        assert!(page.contains(label), "{label}");
    }
    exporter
}

/// Puts the objects of `objects.yaml` and their status on the control plane, once.
pub(super) fn objects() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        let objects = root().join("tests/fixtures/deploy/objects.yaml");
        let objects = std::fs::read_to_string(objects).unwrap();
        cluster().apply(&objects).unwrap();
        let with_status = objects.split("---\n").filter(|it| it.contains("\nstatus:"));
        let with_status: Vec<_> = with_status.collect();
        cluster().apply_status(&with_status.join("---\n")).unwrap();
    });
}
