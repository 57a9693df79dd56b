//! Starts that cannot work: exit status 1 and a line that names the trouble, where the real program ends with 0 or panics;
//! and starts as others arrange them: the community chart, systemd.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::{Request, Response};
use promontory_tests::process::Process;

/// A start that fails: the flags, what ours must name, the real program's exit status.
type Failed = (&'static [&'static str], &'static str, i32);

/// The flags that keep a start that should have failed from taking the default port.
const ANYWHERE: &str = "--web.listen-address=127.0.0.1:0";

const FAILED: &[Failed] = &[
    (&["--no-such-flag"], "no-such-flag", 1),
    (&["extra"], "extra", 1),
    (&["--log.level=loud"], "loud", 1),
    (&["--log.format=xml"], "xml", 1),
    (
        &["--persistence.interval=5"],
        "missing unit in duration \"5\"",
        1,
    ),
    (&["--persistence.interval=5x"], "unknown unit \"x\"", 1),
    (&["--web.enable-lifecycle=maybe"], "maybe", 1),
    (&["--web.external-url=::x"], "missing protocol scheme", 1),
    (
        &["--web.external-url=http://h:bad/"],
        "invalid port \":bad\" after host",
        1,
    ),
    (
        &["--web.listen-address=127.0.0.1:none"],
        "127.0.0.1:none",
        0,
    ),
    (&["--web.listen-address=127.0.0.1:99999"], "99999", 0),
    (&["--web.listen-address=BUSY"], "BUSY", 0),
    (&[ANYWHERE, "--web.listen-address=BUSY"], "BUSY", 0),
    (
        &[ANYWHERE, "--web.config.file=missing.yml"],
        "missing.yml",
        0,
    ),
    (&[ANYWHERE, "--web.config.file=bad.yml"], "bad.yml", 0),
    (&[ANYWHERE, "--web.systemd-socket"], "systemd", 0),
    (&[ANYWHERE, "--web.telemetry-path=/status"], "/status", 2),
];

/// Runs a program to its end; `BUSY` in a flag is a port that is taken.
fn run(which: Which, flags: &[&str], busy: &str, folder: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(which.program().unwrap());
    command
        .args(flags.iter().map(|flag| flag.replace("BUSY", busy)))
        .current_dir(folder);
    let mut process = Process::start(command, &folder.join(format!("{which:?}.log"))).unwrap();
    let status = process.wait().unwrap();
    (status.code(), process.log())
}

#[test]
fn a_start_that_cannot_work_ends_with_1() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = listener.local_addr().unwrap().to_string();
    for (flags, said, real) in FAILED {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bad.yml"), "no_such_key: [\n").unwrap();
        let (code, log) = run(Which::Ours, flags, &busy, folder.path());
        assert_eq!(code, Some(1), "{flags:?}: {log}");
        let said = said.replace("BUSY", &busy);
        assert!(log.contains(&said), "{flags:?}: {said:?} is not in: {log}");
        let (code, log) = run(Which::Real, flags, &busy, folder.path());
        assert_eq!(code, Some(*real), "the real program, {flags:?}: {log}");
    }
}

#[test]
fn a_persistence_file_that_is_not_ours_is_no_start() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = "not a database of ours, but somebody's\n".repeat(500);
    fs::write(folder.path().join("foreign.db"), &foreign).unwrap();
    let flags = [ANYWHERE, "--persistence.file=foreign.db"];
    let (code, log) = run(Which::Ours, &flags, "", folder.path());
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("foreign.db"), "{log}");
    let left = fs::read_to_string(folder.path().join("foreign.db")).unwrap();
    assert_eq!(left, foreign);
}

/// The other program answers pushes with 200 and ends with 0, and nothing was ever written.
#[test]
fn defect_16_a_missing_folder_for_the_persistence_file_is_no_start() {
    let folder = tempfile::tempdir().unwrap();
    let flags = [ANYWHERE, "--persistence.file=missing/held.db"];
    let (code, log) = run(Which::Ours, &flags, "", folder.path());
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("missing/held.db"), "{log}");
    assert!(!folder.path().join("missing").exists());
}

fn probe(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::new("GET", path).header("User-Agent", "kube-probe/1.36");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    gateway.send(&request).unwrap()
}

/// The arguments that the community chart passes, and its probes with the password from the web config file.
#[test]
fn the_arguments_and_probes_of_the_community_chart() {
    let config = promontory_tests::root().join("tests/fixtures/pushgateway/web.yml");
    for which in [Which::Ours, Which::Real] {
        let folder = tempfile::tempdir().unwrap();
        let flags = [
            format!(
                "--persistence.file={}",
                folder.path().join("data").display()
            ),
            "--persistence.interval=5m".to_owned(),
            format!("--web.config.file={}", config.display()),
        ];
        let mut gateway = Gateway::start(which, &flags, folder.path()).unwrap();
        let password = [("Authorization", "Basic YWxpY2U6c2VjcmV0")];
        for path in ["/-/healthy", "/-/ready"] {
            let answer = probe(&gateway, path, &password);
            assert_eq!((answer.status, answer.text().as_str()), (200, "OK"));
            assert_eq!(probe(&gateway, path, &[]).status, 401, "{which:?}");
        }
        let push = Request::new("PUT", "/metrics/job/a").body("x 1\n");
        let push = push.header(password[0].0, password[0].1);
        assert_eq!(gateway.send(&push).unwrap().status, 200);
        assert_eq!(gateway.process.terminate().unwrap().code(), Some(0));
        // A pod that was moved: the next one finds the file.
        let again = Gateway::start(which, &flags, folder.path()).unwrap();
        let page = probe(&again, "/metrics", &password).text();
        assert!(
            page.contains("x{instance=\"\",job=\"a\"} 1\n"),
            "{which:?}: {page}"
        );
    }
}

/// systemd's half of the protocol: a listening socket as descriptor 3, and whom it is meant for.
#[test]
fn a_socket_of_systemd_is_served() {
    const SHELL: &str =
        r#"exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$0" "$@""#;
    for which in [Which::Ours, Which::Real] {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", SHELL]).arg(which.program().unwrap());
        // The port of this flag is not taken: only what systemd passed is served.
        command.args(["--web.systemd-socket", "--web.listen-address=127.0.0.1:1"]);
        let log = folder.path().join("log");
        let mut process = Process::start_with(command, &log, OwnedFd::from(listener)).unwrap();
        let ready = Request::new("GET", "/-/ready");
        process
            .wait_ready(|| ready.send(address).is_ok_and(|answer| answer.status == 200))
            .unwrap();
        let push = Request::new("PUT", "/metrics/job/a").body("x 1\n");
        assert_eq!(push.send(address).unwrap().status, 200, "{which:?}");
    }
}

/// Shells and systemd allow 1024 open files and more to who asks: both programs ask.
#[test]
fn the_limit_of_open_files_is_raised() {
    for which in [Which::Ours, Which::Real] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", r#"ulimit -Sn 256; exec "$0" "$@""#]);
        command.arg(which.program().unwrap()).arg(ANYWHERE);
        let log = folder.path().join("log");
        let mut process = Process::start(command, &log).unwrap();
        let listening = || fs::read_to_string(&log).is_ok_and(|log| log.contains("Listening on"));
        process.wait_ready(listening).unwrap();
        let limits = fs::read_to_string(format!("/proc/{}/limits", process.pid())).unwrap();
        let files = limits
            .lines()
            .find(|line| line.starts_with("Max open files"));
        let numbers = files.unwrap().split_whitespace();
        let numbers: Vec<u64> = numbers.filter_map(|word| word.parse().ok()).collect();
        // Go stays one below the hard limit. Without one, there is no second number.
        let [soft, hard] = numbers[..] else { continue };
        assert!(soft + 1 >= hard, "{which:?}: {soft} of {hard}");
    }
}
