//! What the program says of itself: help, version, log, and what an acknowledged push is worth.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::Request;
use serde_json::Value;

fn output(which: Which, flag: &str) -> Output {
    let mut command = Command::new(which.program().unwrap());
    command.arg(flag).output().unwrap()
}

#[test]
fn version_and_help_go_to_stdout_and_end_with_0() {
    let first_words = |output: &Output| -> Vec<String> {
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let words = text.lines().next().unwrap().split(' ');
        words.take(2).map(str::to_owned).collect()
    };
    for flag in ["--version", "--help", "--help-long"] {
        let (ours, real) = (output(Which::Ours, flag), output(Which::Real, flag));
        assert_eq!(ours.status.code(), Some(0), "{flag}");
        assert_eq!(real.status.code(), Some(0), "{flag}");
        assert_eq!(ours.stderr, b"", "{flag}");
        assert_eq!(first_words(&ours), first_words(&real), "{flag}");
    }
}

#[test]
fn every_flag_of_the_real_program_is_in_the_help() {
    let flags = |which| -> BTreeSet<String> {
        let text = String::from_utf8(output(which, "--help").stdout).unwrap();
        let words = text.split_whitespace().filter_map(|word| {
            let end = word.find(['=', ',']).unwrap_or(word.len());
            word[..end].strip_prefix("--").map(str::to_owned)
        });
        words.collect()
    };
    let (ours, real) = (flags(Which::Ours), flags(Which::Real));
    assert!(real.len() > 10, "{real:?}");
    let missing: Vec<_> = real.difference(&ours).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The log after a start, a push and the end.
fn log(which: Which, flags: &[&str], folder: &Path) -> String {
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let mut gateway = Gateway::start(which, &flags, folder).unwrap();
    gateway.push("PUT", "/metrics/job/a", "x {\n").unwrap();
    gateway.process.terminate().unwrap();
    gateway.process.log()
}

#[test]
fn json_logs_have_a_line_an_object_with_the_same_keys() {
    for which in [Which::Ours, Which::Real] {
        let folder = tempfile::tempdir().unwrap();
        let log = log(which, &["--log.format=json"], folder.path());
        assert!(log.lines().count() > 2, "{log}");
        for line in log.lines() {
            let object: Value = serde_json::from_str(line).unwrap();
            for key in ["ts", "level", "caller", "msg"] {
                assert!(object[key].is_string(), "{which:?}: no {key} in {line}");
            }
        }
    }
}

#[test]
fn the_log_level_is_kept() {
    for which in [Which::Ours, Which::Real] {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            log(which, &["--log.level=error"], folder.path()),
            "",
            "{which:?}"
        );
        let debug = log(which, &["--log.level=debug"], folder.path());
        // Only at this level is a refused push told.
        assert!(debug.contains("level=debug"), "{which:?}: {debug}");
    }
}

/// Starts ours and checks that log and status page say the same about what a push is worth.
#[track_caller]
fn check_promise(flags: &[&str], level: &str, said: &str) {
    let folder = tempfile::tempdir().unwrap();
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let gateway = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
    let log = gateway.process.log();
    let line = log.lines().find(|line| line.contains("persistence="));
    let line = line.unwrap_or_else(|| panic!("nothing about persistence in {log}"));
    assert!(line.contains(level) && line.contains(said), "{line}");
    let page = gateway
        .send(&Request::new("GET", "/status"))
        .unwrap()
        .text();
    assert!(page.contains(said), "{said:?} is not in {page}");
}

#[test]
fn log_and_status_page_say_what_an_acknowledged_push_is_worth() {
    check_promise(
        &[],
        "level=warn",
        "In memory only: what was pushed ends with the process.",
    );
    let file = "--persistence.file=held.db";
    let said = "held.db: a push is acknowledged once it is on disk.";
    check_promise(&[file], "level=info", said);
    let said = "held.db: written every 90s; a crash may lose what was acknowledged since.";
    check_promise(&[file, "--persistence.interval=1m30s"], "level=warn", said);
}
