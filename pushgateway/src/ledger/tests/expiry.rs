//! Groups that expire, second by second: the clock is a value here.

use super::*;
use crate::ledger::expiry::GROUPS as GROUPS_AT_ONCE;
use crate::view::Group;

/// Commits wishes made at one second, and what expires then; gives the seconds at which the groups there are expire.
fn commit(ledger: &mut Ledger, second: u64, wishes: &[Wish]) -> Vec<u64> {
    let request = |wish| {
        let (reply, _) = oneshot::channel();
        let action = action(wish, second, ledger.published.load_full());
        Request { action, reply }
    };
    let mut batch = wishes.iter().map(request).collect();
    ledger.commit(&mut batch, at(second), Sync::Now);
    check(ledger);
    let view = ledger.published.load();
    let seconds = |group: &Group| {
        group
            .expires_at()
            .map_or(0, |at| at.0 as u64 / 1_000_000_000)
    };
    view.groups().map(seconds).collect()
}

fn put(ttl: u64) -> Wish {
    Wish::Push(Change::Replace, 0, vec![0], ttl)
}

/// A push with a timestamp.
fn refused(ttl: u64) -> Wish {
    Wish::Push(Change::Replace, 0, vec![7], ttl)
}

#[test]
fn the_last_accepted_push_decides_when_a_group_expires() {
    let mut ledger = ledger(Consistency::Checked);
    assert_eq!(commit(&mut ledger, 100, &[put(10)]), [110]);
    assert_eq!(commit(&mut ledger, 105, &[refused(50)]), [110]);
    assert_eq!(commit(&mut ledger, 106, &[put(10)]), [116]);
    assert_eq!(commit(&mut ledger, 107, &[put(3)]), [110]);
    let merge = |ttl| Wish::Push(Change::Merge, 0, vec![6], ttl);
    assert_eq!(commit(&mut ledger, 108, &[merge(0)]), [0]);
    let pretends = Wish::Push(Change::Merge, 0, vec![11], 0);
    assert_eq!(commit(&mut ledger, 108, &[pretends]), [0]);
    assert_eq!(commit(&mut ledger, 109, &[merge(5)]), [114]);
    assert_eq!(commit(&mut ledger, 113, &[]), [114]);
    assert_eq!(commit(&mut ledger, 114, &[]), [0; 0]);
    assert_eq!(ledger.next_expiry(), None);
    assert_eq!(ledger.expired().load(Ordering::Relaxed), 1);
}

#[test]
fn a_push_that_comes_before_the_deletion_keeps_the_group() {
    let mut ledger = ledger(Consistency::Checked);
    commit(&mut ledger, 100, &[put(10)]);
    assert_eq!(commit(&mut ledger, 200, &[put(10)]), [210]);
    assert_eq!(commit(&mut ledger, 210, &[refused(10)]), [0; 0]);
}

#[test]
fn a_clock_set_back_only_makes_a_group_wait() {
    let mut ledger = ledger(Consistency::Checked);
    commit(&mut ledger, 100, &[put(10)]);
    assert_eq!(commit(&mut ledger, 50, &[]), [110]);
    assert_eq!(commit(&mut ledger, 111, &[]), [0; 0]);
}

#[test]
fn a_group_that_the_disk_will_not_forget_stays_until_it_does() {
    let mut ledger = ledger(Consistency::Checked);
    commit(&mut ledger, 100, &[put(10)]);
    BROKEN.set(true);
    assert_eq!(commit(&mut ledger, 110, &[]), [110]);
    ledger.expire_all(at(110));
    assert!(ledger.has_failed());
    BROKEN.set(false);
    assert_eq!(commit(&mut ledger, 111, &[]), [0; 0]);
    assert_eq!(ledger.expired().load(Ordering::Relaxed), 1);
}

#[test]
fn what_did_not_fit_beside_an_expired_group_fits_afterwards() {
    let mut ledger = ledger(Consistency::Unchecked);
    let clashing = Wish::Push(Change::Replace, 2, vec![2], 0);
    commit(&mut ledger, 100, &[put(10), clashing]);
    assert!(!ledger.published.load().problems.is_empty());
    assert_eq!(commit(&mut ledger, 110, &[]), [0]);
    assert!(ledger.published.load().problems.is_empty());
}

#[test]
fn many_groups_expire_a_bounded_number_at_a_time() {
    let mut ledger = ledger(Consistency::Checked);
    let mut batch = Vec::new();
    for job in 0..=GROUPS_AT_ONCE {
        let key = GroupingKey::parse(
            job.to_string().as_bytes(),
            JobSpelling::Plain,
            b"",
            NameRules::Classic,
        );
        let push = prepare(
            key.unwrap(),
            Change::Replace,
            Vec::new(),
            SystemTime::UNIX_EPOCH,
        );
        let push = push.expiring_after(Duration::from_secs(5));
        let (reply, _) = oneshot::channel();
        batch.push(Request {
            action: Action::Push(Box::new(push)),
            reply,
        });
    }
    ledger.commit(&mut batch, at(1), Sync::Now);
    assert_eq!(commit(&mut ledger, 5, &[]), [5]);
    assert_eq!(commit(&mut ledger, 5, &[]), [0; 0]);
}
