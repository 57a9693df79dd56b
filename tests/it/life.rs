//! How the gateway starts and ends: what it keeps, what it refuses, with which exit status.

use std::process::Command;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::Request;
use promontory_tests::process::{Process, signal};

fn durable(folder: &std::path::Path) -> Vec<String> {
    vec![
        "--web.enable-lifecycle".to_owned(),
        format!("--persistence.file={}", folder.join("held.db").display()),
    ]
}

/// Pushes, ends the program by `end`, and finds everything again after the next start.
fn check_end(end: impl FnOnce(&mut Gateway)) {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start(Which::Ours, &durable(folder.path()), folder.path()).unwrap();
    assert_eq!(
        gateway
            .push("PUT", "/metrics/job/a", "# TYPE x counter\nx{l=\"é\"} 1\n")
            .unwrap(),
        200
    );
    let before = gateway.scrape().unwrap();
    end(&mut gateway);
    let status = gateway.process.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{}", gateway.process.log());
    let again = Gateway::start(Which::Ours, &durable(folder.path()), folder.path()).unwrap();
    let pushed = |page: &str| -> Vec<String> {
        page.lines()
            .filter(|line| line.contains("job=\"a\""))
            .map(str::to_owned)
            .collect()
    };
    assert!(!pushed(&before).is_empty());
    assert_eq!(pushed(&before), pushed(&again.scrape().unwrap()));
}

#[test]
fn sigterm_ends_it_with_0() {
    check_end(|gateway| signal(gateway.process.pid(), "TERM").unwrap());
}

#[test]
fn sigint_ends_it_with_0() {
    check_end(|gateway| signal(gateway.process.pid(), "INT").unwrap());
}

#[test]
fn quit_ends_it_with_0() {
    check_end(|gateway| {
        let response = gateway.send(&Request::new("PUT", "/-/quit")).unwrap();
        assert_eq!(
            (response.status, response.text().as_str()),
            (200, "Requesting termination... Goodbye!")
        );
    });
}

/// Starts with flags that cannot work and expects exit status 1 and a line that names the trouble.
#[track_caller]
fn check_refused(flags: &[&str], said: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("foreign.db"),
        "not a database of ours, but somebody's\n".repeat(500),
    )
    .unwrap();
    let mut command = Command::new(Which::Ours.program().unwrap());
    command.args(flags).current_dir(folder.path());
    let mut process = Process::start(command, &folder.path().join("log")).unwrap();
    let status = process.wait().unwrap();
    assert_eq!(status.code(), Some(1), "{}", process.log());
    assert!(
        process.log().contains(said),
        "{said:?} is not in: {}",
        process.log()
    );
}

#[test]
fn a_start_that_cannot_work_ends_with_1() {
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = busy.local_addr().unwrap().to_string();
    check_refused(&["--no-such-flag"], "no-such-flag");
    check_refused(&["--log.level=loud"], "loud");
    check_refused(&[&format!("--web.listen-address={busy}")], &busy);
    check_refused(&["--web.listen-address=127.0.0.1:none"], "none");
    check_refused(
        &[
            "--web.listen-address=127.0.0.1:0",
            "--web.config.file=missing.yml",
        ],
        "missing.yml",
    );
    check_refused(
        &[
            "--web.listen-address=127.0.0.1:0",
            "--persistence.file=foreign.db",
        ],
        "foreign.db",
    );
}

/// The other program answers pushes with 200 and ends with 0, and nothing was ever written.
#[test]
fn defect_16_a_missing_folder_for_the_persistence_file_is_no_start() {
    check_refused(
        &[
            "--web.listen-address=127.0.0.1:0",
            "--persistence.file=missing/held.db",
        ],
        "missing/held.db",
    );
}
