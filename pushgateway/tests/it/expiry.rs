//! Groups that expire: how a push asks for it, where it shows, and that the deletion is one for good.

use std::time::{Duration, SystemTime};

use promontory_exposition::name::NameRules;
use pushgateway::commit::Consistency;
use pushgateway::ingest::{Change, prepare};

use crate::durability::{Disk, gate_on};
use crate::gate::{Gate, key};
use crate::site::{Site, Wishes};

const TTL: Duration = Duration::from_millis(500);

/// Pushes a group without families.
fn push(gate: &Gate, path: &str) {
    let push = prepare(key(path), Change::Merge, Vec::new(), SystemTime::now());
    let push = push.expiring_after(TTL);
    gate.block_on(gate.gateway.push(push)).unwrap();
}

fn wait_until_gone(gate: &Gate) {
    while gate.gateway.view().group_count() > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_group_goes_by_itself_and_for_good() {
    let disk = Disk::default();
    let gate = gate_on(&disk);
    push(&gate, "job/a");
    wait_until_gone(&gate);
    assert_eq!(gate.gateway.expired_groups(), 1);
    assert!(disk.after_crash().is_empty());
}

/// A disk that holds a group whose time has passed since.
fn disk_with_an_expired_group() -> Disk {
    let disk = Disk::default();
    let gate = gate_on(&disk);
    push(&gate, "job/a");
    let held = disk.after_crash();
    assert!(!held.is_empty(), "this took longer than {TTL:?}");
    wait_until_gone(&gate);
    held
}

#[test]
fn what_expired_while_the_program_was_away_is_never_seen_again() {
    let disk = disk_with_an_expired_group();
    let gate = gate_on(&disk);
    assert_eq!(gate.gateway.view().group_count(), 0);
    assert_eq!(gate.gateway.expired_groups(), 1);
    assert!(disk.after_crash().is_empty());
}

#[test]
fn a_disk_that_refuses_only_delays_it() {
    let disk = disk_with_an_expired_group();
    disk.break_down(true);
    let gate = gate_on(&disk);
    let refusals = disk.refusals();
    while disk.refusals() < refusals + 2 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(gate.gateway.view().group_count(), 1);
    assert_eq!(gate.gateway.expired_groups(), 0);
    disk.break_down(false);
    wait_until_gone(&gate);
    assert!(disk.after_crash().is_empty());
}

#[tokio::test]
async fn a_push_says_how_long_its_group_lives() {
    let hour = Duration::from_secs(3600);
    for (flag, query, header, expires) in [
        (Duration::ZERO, "", "", false),
        (hour, "", "", true),
        (hour, "?ttl=0", "", false),
        (hour, "?ttl=0s", "1h", false),
        (hour, "", "0", false),
        (Duration::ZERO, "?ttl=1h30m", "", true),
        (Duration::ZERO, "?x&ttl=1h30m&ttl=0", "0s", true),
        (Duration::ZERO, "", "90s", true),
    ] {
        let site = Site::new(Wishes {
            push_ttl: flag,
            ..Wishes::default()
        });
        let line = format!("PUT /metrics/job/a{query}");
        let headers = [("push-ttl", header)];
        let headers = if header.is_empty() { &[][..] } else { &headers };
        let answer = site.send(&line, headers, "x 1\n").await;
        assert_eq!(answer.status, 200, "{line} {header}");
        let api = site.send("GET /api/v1/metrics", &[], "").await.text();
        let page = site.send("GET /metrics", &[], "").await.text();
        let case = format!("{flag:?} {query} {header}: {api}\n{page}");
        assert_eq!(api.contains("\"expires_at\":\"20"), expires, "{case}");
        let family = "push_expiry_time_seconds{instance=\"\",job=\"a\"} ";
        assert_eq!(page.contains(family), expires, "{case}");
    }
}

#[tokio::test]
async fn a_bad_time_to_live_changes_nothing() {
    let site = Site::new(Wishes::default());
    site.check("PUT /metrics/job/a?ttl=1h", "x 1\n", "200")
        .await;
    let before = site.send("GET /api/v1/metrics", &[], "").await.text();
    for (query, header, expected) in [
        (
            "?ttl=-1h",
            "1h",
            "query parameter \"ttl\": time: invalid duration \"-1h\"",
        ),
        (
            "?ttl=",
            "",
            "query parameter \"ttl\": time: invalid duration \"\"",
        ),
        (
            "",
            "5",
            "header \"Push-TTL\": time: missing unit in duration \"5\"",
        ),
    ] {
        let line = format!("POST /metrics/job/a{query}");
        let answer = site.send(&line, &[("push-ttl", header)], "x 2\n").await;
        assert_eq!(
            (answer.status.as_u16(), answer.text().trim_end()),
            (400, expected)
        );
        let after = site.send("GET /api/v1/metrics", &[], "").await.text();
        assert_eq!(after, before);
    }
}

/// Else one push of a name that classic readers spell alike would refuse every push of a group that expires.
#[tokio::test]
async fn nobody_can_take_the_name_that_says_when() {
    let site = Site::new(Wishes {
        names: NameRules::Utf8,
        ..Wishes::default()
    });
    let body = "# TYPE \"push.expiry.time.seconds\" counter\n{\"push.expiry.time.seconds\"} 1\n";
    let answer = site.send("PUT /metrics/job/b", &[], body).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    site.check("PUT /metrics/job/a?ttl=1h", "x 1\n", "200")
        .await;
}

#[tokio::test]
async fn without_the_check_groups_expire_too() {
    let site = Site::new(Wishes {
        consistency: Consistency::Unchecked,
        ..Wishes::default()
    });
    site.check("PUT /metrics/job/a?ttl=1ns", "x 1\n", "202")
        .await;
    site.check(
        "GET /api/v1/metrics",
        "",
        "200 {\"status\":\"success\",\"data\":[]}",
    )
    .await;
    let page = site.send("GET /metrics", &[], "").await.text();
    assert!(
        page.contains("\npushgateway_expired_groups_total 1\n"),
        "{page}"
    );
}
