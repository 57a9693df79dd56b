//! Ours and the real node exporter show the same page, byte for byte.
//!
//! What may move is listed in `promontory_tests::node::page`, what differs on purpose in
//! `tests/fixtures/node/differences.txt`.

use promontory_tests::node::parity::{Case, check};

use super::cases;

#[track_caller]
fn all(cases: &[Case]) {
    if let Err(error) = check(cases) {
        panic!("{error:#}");
    }
}

#[test]
fn this_machine() {
    all(cases::MACHINE);
}

#[test]
fn a_large_server() {
    all(cases::SERVER);
}

#[test]
fn old_kernels_and_containers() {
    all(cases::SMALL);
}

#[test]
fn text_files() {
    all(cases::TEXTFILES);
}

#[test]
fn questions() {
    all(cases::QUESTIONS);
}
