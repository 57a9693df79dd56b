//! The program as a process: how it starts without an API server, what it says, how it ends.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Output, Stdio};

use crate::site::get;

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kube-state-exporter"));
    // Not to be found: whatever cluster this machine belongs to.
    command
        .env_remove("KUBECONFIG")
        .env_remove("KUBERNETES_SERVICE_HOST");
    command
}

fn run(args: &[&str]) -> Output {
    command().args(args).output().unwrap()
}

/// A process, with what it logged until both its sites listened.
struct Started {
    child: Child,
    log: String,
    sites: Vec<SocketAddr>,
    rest: BufReader<std::process::ChildStderr>,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(args: &[&str]) -> Started {
    let mut child = command()
        .args([
            "--host=127.0.0.1",
            "--port=0",
            "--telemetry-host=127.0.0.1",
            "--telemetry-port=0",
        ])
        .args(args)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut rest = BufReader::new(child.stderr.take().unwrap());
    let (mut log, mut sites) = (String::new(), Vec::new());
    while sites.len() < 2 {
        let mut line = String::new();
        assert!(rest.read_line(&mut line).unwrap() > 0, "it ended: {log}");
        if let Some((_, address)) = line
            .split_once("address=")
            .filter(|_| line.contains("Listening on"))
        {
            sites.push(address.trim().parse().unwrap());
        }
        log.push_str(&line);
    }
    Started {
        child,
        log,
        sites,
        rest,
    }
}

/// An address that nobody listens on.
fn nobody() -> String {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("--apiserver=http://{}", taken.local_addr().unwrap())
}

#[test]
fn without_an_api_server_it_lives_and_shows_nothing() {
    let mut started = start(&[&nobody(), "--resources=namespaces"]);
    let [main, telemetry] = started.sites[..] else {
        panic!("two sites")
    };
    assert_eq!(get(main, "/livez", &[]).status, 200);
    assert_eq!(
        get(main, "/metrics", &[]).text(),
        "Not listed completely yet: namespaces.\n"
    );
    assert_eq!(get(telemetry, "/readyz", &[]).status, 503);
    let page = get(telemetry, "/metrics", &[]);
    assert!(
        page.text()
            .contains("kube_state_metrics_synced{resource=\"namespaces\"} 0"),
        "{}",
        page.text()
    );
    let pid = started.child.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    let mut rest = String::new();
    started.rest.read_to_string(&mut rest).unwrap();
    assert_eq!(started.child.wait().unwrap().code(), Some(0), "{rest}");
}

#[test]
fn known_flags_without_effect_are_told() {
    let log = &start(&[
        &nobody(),
        "--resources=namespaces",
        "--log_dir=/tmp",
        "--auto-gomemlimit",
        "--metric-denylist=kube_pod_info,_labels",
        "--metric-labels-allowlist=pods=[a],namespaces=[b,*]",
    ])
    .log;
    for words in [
        "level=WARN source=flags.rs",
        "flag=--log_dir",
        "flag=--auto-gomemlimit",
        "flag=--metric-denylist pattern=kube_pod_info",
        "flag=--metric-labels-allowlist resource=pods",
        "put it first",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
    assert!(!log.contains("pattern=_labels"), "{log}");
}

#[test]
fn klogs_flags_say_how_much_is_logged() {
    let all = |args: &[&str]| {
        let args = [args, &["--resources=leases", "--log_dir=/tmp"]].concat();
        String::from_utf8(run(&args).stderr).unwrap()
    };
    assert!(all(&[]).contains("level=INFO"));
    let some = all(&["--stderrthreshold=WARNING"]);
    assert!(
        some.contains("level=WARN") && !some.contains("level=INFO"),
        "{some}"
    );
    let few = all(&["--stderrthreshold=2"]);
    assert!(
        few.contains("level=ERROR") && !few.contains("level=WARN"),
        "{few}"
    );
}

#[test]
fn what_cannot_work_ends_with_1_and_a_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = format!("--telemetry-port={}", taken.local_addr().unwrap().port());
    let api = nobody();
    let free = ["--host=127.0.0.1", "--port=0", "--telemetry-host=127.0.0.1"];
    for (args, reason) in [
        (vec!["--nonsense"], "Error: unknown flag: --nonsense"),
        (vec!["--resources=foos"], "resource foos does not exist"),
        (
            vec!["--auth-filter"],
            "--auth-filter: this is not built yet",
        ),
        (vec!["--kubeconfig=/nowhere/at/all"], "/nowhere/at/all"),
        (vec![], "no kubeconfig"),
        (
            vec![&api, "--telemetry-port=99999"],
            "--telemetry-host, --telemetry-port=127.0.0.1:99999",
        ),
        (vec![&api, &busy], "in use"),
        (
            vec![&api, "--telemetry-port=0", "--tls-config=/nowhere.yml"],
            "/nowhere.yml",
        ),
    ] {
        let output = run(&[&free, &args[..]].concat());
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {words}");
        assert!(
            words.contains(reason),
            "{args:?}: {words:?} lacks {reason:?}"
        );
    }
}

#[test]
fn commands_print_and_end() {
    for (args, beginning) in [
        (
            vec!["version"],
            concat!(
                "kube-state-metrics, version ",
                env!("CARGO_PKG_VERSION"),
                " (branch: "
            ),
        ),
        (vec!["help"], "kube-state-metrics is a simple service"),
        (vec!["--help"], "kube-state-metrics is a simple service"),
        (vec!["completion", "bash"], "_kube__state__metrics() {"),
        (
            vec!["rbac", "--resources=namespaces"],
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n",
        ),
    ] {
        let output = run(&args);
        let words = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(words.starts_with(beginning), "{args:?}: {words}");
    }
}
