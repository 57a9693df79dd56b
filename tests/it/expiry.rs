//! A group that expired is gone for good: no `kill -9` at any moment brings back what was seen to be gone.

use std::collections::HashSet;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::process::until;

/// Pushed in each round; they expire while the gateway is killed.
const GROUPS: usize = 200;
const ROUNDS: usize = 8;

#[test]
fn what_was_seen_to_expire_stays_gone_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held.db");
    let flags = [
        format!("--persistence.file={}", file.display()),
        "--push.ttl=100ms".to_owned(),
    ];
    let mut gateway = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
    assert_eq!(
        gateway
            .push("PUT", "/metrics/job/stays?ttl=0", "x 1\n")
            .unwrap(),
        200
    );
    for round in 0..ROUNDS {
        for group in 0..GROUPS {
            let path = format!("/metrics/job/goes/round/{round}/group/{group}");
            assert_eq!(gateway.push("PUT", &path, "x 1\n").unwrap(), 200);
        }
        // The pushes took longer than a group lives, so that some are gone and some are not.
        let seen = until("the first group to expire", || {
            let held = held(&gateway);
            (held.len() <= GROUPS).then_some(held)
        });
        gateway.process.kill9().unwrap();
        gateway = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
        let after = held(&gateway);
        let back: Vec<_> = after.difference(seen.as_ref().unwrap()).collect();
        assert!(back.is_empty(), "round {round}: {back:?}");
        assert!(after.iter().any(|series| series.contains("stays")));
    }
    until("all but one to expire", || {
        (held(&gateway).len() == 1).then_some(())
    })
    .unwrap();
}

/// The series of `x` that are there.
fn held(gateway: &Gateway) -> HashSet<String> {
    let page = gateway.scrape().unwrap();
    let series = page.lines().filter(|line| line.starts_with("x{"));
    series.map(str::to_owned).collect()
}
