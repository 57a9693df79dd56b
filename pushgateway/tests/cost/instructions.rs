//! Instructions of a push: the tests of `memory` once more, under callgrind, which counts from the call of one function to
//! its return.
//!
//! This is the debug build: the figure says little by itself, its growth says all. Valgrind is slow, so the two sizes
//! run side by side; `make check` leaves this out.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::alone;
use crate::memory::COUNTED;

/// What callgrind calls the function between whose call and return it counts.
const COUNTED_FUNCTION: &str = "cost::load::counted_pushes";
/// The most a push of ten series to a held group may take, a tenth above what was measured.
const AGAIN_MAX: u64 = 261_000;
/// The most the first push of a group may take.
const FIRST_MAX: u64 = 370_000;
/// The most a push may take that other groups have made impossible.
const REFUSED_MAX: u64 = 370_000;

#[test]
fn a_push_costs_what_it_carries() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let start = |test: &str| callgrind(&folder.path().join(test), test);
    let (few, many) = ("with_1_000_series_held", "with_100_000_series_held");
    let running = [start(few), start(many)];
    for child in running {
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "under callgrind: {told}");
    }
    let part = |test: &str, number| instructions(&folder.path().join(format!("{test}.{number}")));
    for (what, number, bound) in [
        ("first push", 2, FIRST_MAX),
        ("again", 3, AGAIN_MAX),
        ("refused", 4, REFUSED_MAX),
    ] {
        let (few, many) = (part(few, number), part(many, number));
        println!("{what}: {few} instructions with 1,000 series held, {many} with 100,000");
        assert!(
            many <= bound,
            "{what}: {many} instructions, at most {bound}"
        );
        assert!(many * 10 <= few * 13, "{what}: from {few} to {many}");
    }
}

/// Starts a test of this binary under callgrind; each return of the function leaves a file, `OUT.1`, `OUT.2` and so on.
fn callgrind(out: &Path, test: &str) -> Child {
    Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(format!("--zero-before={COUNTED_FUNCTION}"))
        .arg(format!("--dump-after={COUNTED_FUNCTION}"))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("memory::{test}"), "--test-threads=1"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("valgrind is there: tests/tools/setup.sh installs it")
}

/// Instructions a push, of all threads, by one of callgrind's files.
fn instructions(file: &Path) -> u64 {
    let report = std::fs::read_to_string(file).unwrap();
    let mut totals = report
        .lines()
        .filter_map(|line| line.strip_prefix("totals: "));
    let total: u64 = totals.next().unwrap().trim().parse().unwrap();
    total / COUNTED as u64
}
