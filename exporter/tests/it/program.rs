//! The examples as processes: what someone who starts, scrapes and stops an exporter sees.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

/// A running example; killed with the test.
struct Example {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What it logged until all its sites listened.
    log: String,
    /// The addresses of its sites, in order.
    addresses: Vec<String>,
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An example's binary, which `cargo test` builds beside the tests.
fn command(example: &str) -> Command {
    let tests = std::env::current_exe().expect("the test's own path");
    let profile: PathBuf = tests
        .parent()
        .and_then(|deps| deps.parent())
        .expect("a folder above")
        .to_owned();
    let binary = profile.join("examples").join(example);
    assert!(
        binary.exists(),
        "{} is missing: `cargo build -p promontory-exporter --examples` first (cargo test with a filter does not build them)",
        binary.display()
    );
    Command::new(binary)
}

/// Starts an example and waits until it has said that `sites` sites listen.
fn start(example: &str, args: &[&str], sites: usize) -> Example {
    let mut child = command(example)
        .args(args)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let (mut log, mut addresses) = (String::new(), Vec::new());
    while addresses.len() < sites {
        let mut line = String::new();
        assert!(
            stderr.read_line(&mut line).expect("readable") > 0,
            "it ended: {log}"
        );
        if let Some((_, address)) = line
            .split_once("address=")
            .filter(|_| line.contains("Listening on"))
        {
            addresses.push(address.trim().to_owned());
        }
        log.push_str(&line);
    }
    Example {
        child,
        stderr,
        log,
        addresses,
    }
}

/// Runs an example to its end.
fn run(example: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(example).args(args).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

impl Example {
    /// Status, content type and body.
    fn get(&self, site: usize, path: &str) -> (u16, String, String) {
        let url = format!("http://{}{path}", self.addresses[site]);
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut response = agent.get(url).call().expect("an answer");
        let kind = response
            .headers()
            .get("content-type")
            .map(|kind| kind.to_str().expect("ASCII").to_owned());
        let body = response.body_mut().read_to_string().expect("UTF-8");
        (response.status().as_u16(), kind.unwrap_or_default(), body)
    }

    /// Sends a signal and waits for the end: exit code and the rest of the log.
    fn stop(&mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([signal, &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success());
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).expect("UTF-8");
        (self.child.wait().expect("it ends").code(), rest)
    }
}

#[test]
fn twenty_lines_make_a_whole_exporter() {
    let mut example = start("load_exporter", &["--web.listen-address=127.0.0.1:0"], 1);
    assert!(
        example.log.contains("level=INFO")
            && example.log.contains("msg=\"Starting load_exporter\""),
        "{}",
        example.log
    );

    let (status, kind, body) = example.get(0, "/metrics");
    assert_eq!(
        (status, &*kind),
        (
            200,
            "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
        )
    );
    for start in [
        "# HELP load1 1m load average.\n",
        "# TYPE load1 gauge\nload1 ",
        "load_exporter_build_info{branch=",
        "load_scrape_collector_success{collector=\"load\"} 1\n",
        "load_scrape_collector_duration_seconds{collector=\"load\"} ",
        "process_resident_memory_bytes ",
        "promhttp_metric_handler_requests_total{code=\"200\"} 0\n",
    ] {
        assert!(body.contains(start), "no {start} in\n{body}");
    }
    let (status, _, body) = example.get(0, "/metrics?collect%5B%5D=nobody");
    assert_eq!(
        (status, &*body),
        (
            400,
            "Couldn't create filtered metrics handler: couldn't create collector: missing collector: nobody"
        )
    );

    let (status, kind, body) = example.get(0, "/");
    assert_eq!((status, &*kind), (200, "text/html; charset=utf-8"));
    assert!(body.contains("<a href=\"metrics\">Metrics</a>"), "{body}");
    for (path, status, expected) in [
        ("/-/healthy", 200, "OK"),
        ("/-/ready", 200, "OK"),
        ("/x", 404, "404 page not found\n"),
    ] {
        let (found, _, body) = example.get(0, path);
        assert_eq!((found, &*body), (status, expected), "{path}");
    }

    let (code, _) = example.stop("-TERM");
    assert_eq!(code, Some(0));
}

#[test]
fn flags_choose_what_is_served_and_how_it_is_logged() {
    let args = [
        "--web.listen-address=127.0.0.1:0",
        "--web.telemetry-path=/",
        "--web.disable-exporter-metrics",
        "--log.level=debug",
    ];
    let example = start("load_exporter", &args, 1);
    let (_, _, body) = example.get(0, "/");
    assert!(
        body.contains("load1 ") && body.contains("load_exporter_build_info{"),
        "{body}"
    );
    assert!(
        !body.contains("process_") && !body.contains("promhttp_"),
        "{body}"
    );
    assert!(example.get(0, "/any/other/path").2.contains("load1 "));
    assert_eq!(example.get(0, "/-/healthy").2, "OK");

    let (code, _, stderr) = run(
        "load_exporter",
        &["--log.format=json", "--web.listen-address=nonsense"],
    );
    assert_eq!(code, Some(1));
    for line in stderr.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(
            line["time"].is_string() && line["level"].is_string() && line["msg"].is_string(),
            "{line}"
        );
    }
}

#[test]
fn two_sites_share_one_program_and_one_end() {
    let args = [
        "--host=127.0.0.1",
        "--port",
        "0",
        "--telemetry-host",
        "127.0.0.1",
        "--telemetry-port=0",
    ];
    let mut example = start("two_sites", &args, 2);
    assert_eq!(example.get(0, "/livez").2, "OK");
    assert_eq!(example.get(0, "/metrics").0, 404);
    assert!(
        example
            .get(1, "/metrics")
            .2
            .contains("two_sites_build_info{")
    );
    let (code, log) = example.stop("-INT");
    assert_eq!(code, Some(0));
    assert!(log.contains("Nothing left to do"), "{log}");
}

#[test]
fn what_prevents_a_start_is_said_and_ends_with_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let busy = format!(
        "--web.listen-address={}",
        taken.local_addr().expect("bound")
    );
    for (args, expected) in [
        (
            &["--no-such-flag"][..],
            "load_exporter: error: unknown long flag '--no-such-flag', try --help\n",
        ),
        (
            &["--web.max-requests=x"],
            "load_exporter: error: strconv.ParseFloat: parsing \"x\": invalid syntax, try --help\n",
        ),
        (&[&busy], "--web.listen-address"),
        (
            &["--web.telemetry-path=metrics"],
            "--web.telemetry-path: \\\"metrics\\\" must begin with a slash",
        ),
        (
            &["--web.telemetry-path=/-/ready"],
            "--web.telemetry-path: /-/ready is a page of its own",
        ),
        (&["--web.config.file=/no/such/file"], "/no/such/file"),
    ] {
        let (code, stdout, stderr) = run("load_exporter", args);
        assert_eq!((code, &*stdout), (Some(1), ""), "{args:?}");
        assert!(stderr.contains(expected), "{args:?}: {stderr}");
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    let (code, stdout, stderr) = run("load_exporter", &["--help"]);
    assert_eq!((code, &*stderr), (Some(0), ""));
    insta::assert_snapshot!(stdout);
    let (code, stdout, _) = run("load_exporter", &["--version"]);
    assert_eq!(code, Some(0));
    assert!(
        stdout.starts_with(concat!(
            "load_exporter, version ",
            env!("CARGO_PKG_VERSION"),
            " (branch: "
        )),
        "{stdout}"
    );
}
