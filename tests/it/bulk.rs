//! Many groups deleted at once stay deleted, whatever happens to the process after the answer.

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::{Connection, Request};
use promontory_tests::prometheus::percent_encoded;
use serde_json::Value;

/// More than one commit takes from the queue.
const GROUPS: usize = 2000;

#[test]
fn what_was_deleted_stays_gone_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held.db");
    let flags = [
        format!("--persistence.file={}", file.display()),
        "--web.enable-admin-api".to_owned(),
    ];
    let mut gateway = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
    let mut connection = Connection::open(gateway.address).unwrap();
    for group in 0..GROUPS {
        let path = format!("/metrics/job/goes/n/{group}");
        let answer = connection.send(&Request::new("PUT", path).body("x 1\n"));
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!(
        gateway.push("PUT", "/metrics/job/stays", "x 1\n").unwrap(),
        200
    );
    let selector = percent_encoded("{job=\"goes\"}");
    let path = format!("/api/v1/metrics?match[]={selector}");
    let answer = gateway.send(&Request::new("DELETE", path)).unwrap();
    gateway.process.kill9().unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer["data"]["deleted"], GROUPS, "{answer}");
    let again = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
    let page = again.scrape().unwrap();
    let left: Vec<_> = page.lines().filter(|line| line.starts_with("x{")).collect();
    assert_eq!(left, ["x{instance=\"\",job=\"stays\"} 1"]);
}
