//! Random changes in random batches, some of groups that expire, on a disk that fails at random: index and view are always what one would
//! get by building them anew from the groups, and a failed batch leaves no trace.

use std::time::{Duration, SystemTime};

use promontory_exposition::format::{Limits, read};
use promontory_exposition::name::NameRules;
use promontory_exposition::{Format, Kind};
use proptest::prelude::*;
use tokio::sync::oneshot;

use super::*;
use crate::family::READY;
use crate::group::{GroupingKey, JobSpelling};
use crate::ingest::{Change, prepare};
use crate::selector::{Found, Selectors};
use crate::store::Visit;

mod expiry;
mod refusal;

/// Families that clash with each other in every way, and some that do not.
const FAMILIES: &[&str] = &[
    "x 1\n",
    "x{l=\"1\"} 1\n",
    "# TYPE x gauge\nx 1\n",
    "# TYPE y summary\ny_sum 1\ny_count 1\n",
    "y_count 1\n",
    "# TYPE z histogram\nz_sum 1\nz_count 1\n",
    "z_bucket 1\n",
    "v 1 77\n",
    "w{__a=\"1\"} 1\n",
    "own 1\n",
    "# TYPE push_failure_time_seconds gauge\npush_failure_time_seconds 5\n",
    "push_expiry_time_seconds 5\n",
];

/// Groups whose labels run into each other's: `l` may come from the path or from the body.
const GROUPS: &[&str] = &["", "/instance/", "/l/1", "/l/2", "/instance/i"];

/// Selectors of some of these groups.
const SELECTORS: &[&str] = &["{l=~\".+\"}", "{job=\"j\",l=\"\"}", "{instance=\"i\"}"];

#[derive(Clone, Debug)]
enum Wish {
    /// With a time to live in seconds; 0 is for ever.
    Push(Change, usize, Vec<usize>, u64),
    Delete(usize),
    DeleteMatching(usize),
    Wipe,
}

fn wish() -> impl Strategy<Value = Wish> {
    let push = (
        any::<bool>(),
        0..GROUPS.len(),
        prop::collection::vec(0..FAMILIES.len(), 0..3),
        0..4_u64,
    );
    prop_oneof![
        12 => push.prop_map(|(merge, group, families, ttl)| {
            Wish::Push(if merge { Change::Merge } else { Change::Replace }, group, families, ttl)
        }),
        3 => (0..GROUPS.len()).prop_map(Wish::Delete),
        2 => (0..SELECTORS.len()).prop_map(Wish::DeleteMatching),
        1 => Just(Wish::Wipe),
    ]
}

fn key(group: usize) -> GroupingKey {
    GroupingKey::parse(
        b"j",
        JobSpelling::Plain,
        GROUPS[group].as_bytes(),
        NameRules::Classic,
    )
    .unwrap()
}

/// `view` is what is published.
fn action(wish: &Wish, second: u64, view: Arc<View>) -> Action {
    match wish {
        Wish::Push(change, group, families, ttl) => {
            let families = families.iter().flat_map(|family| {
                read(
                    Format::Text,
                    FAMILIES[*family].as_bytes(),
                    &Limits::default(),
                )
                .unwrap()
            });
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            Action::Push(Box::new(
                prepare(key(*group), *change, families.collect(), now)
                    .expiring_after(Duration::from_secs(*ttl)),
            ))
        }
        Wish::Delete(group) => Action::Delete(key(*group)),
        Wish::DeleteMatching(selector) => {
            let selectors = Selectors::parse([SELECTORS[*selector]]).unwrap();
            Action::DeleteMatching(Found::search(selectors, view, || true).unwrap())
        }
        Wish::Wipe => Action::Wipe,
    }
}

thread_local! {
    static BROKEN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

fn ledger(consistency: Consistency) -> Ledger {
    let options = Options {
        consistency,
        own: vec![("own".to_owned(), Kind::Counter)],
        ..Options::default()
    };
    Ledger::load(Box::new(Fickle), &options, Arc::default()).unwrap()
}

/// Keeps nothing and fails while `BROKEN` says so.
struct Fickle;

impl Store for Fickle {
    fn load(&mut self, _: &mut Visit<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self, _: &[Op], _: Sync) -> Result<(), StoreError> {
        if BROKEN.get() {
            Err(StoreError::Write("broken".to_owned()))
        } else {
            Ok(())
        }
    }
}

fn page(view: &View) -> String {
    match view.page(READY, &[]) {
        Ok(parts) => String::from_utf8(parts.concat()).unwrap(),
        Err(error) => error.to_string(),
    }
}

/// Index and view, built anew.
fn check(ledger: &Ledger) {
    let mut index = ledger.index.emptied();
    let mut view = View::default();
    let mut linked = Vec::new();
    for group in ledger.view.groups() {
        view.put_group(group.key().clone(), group.families().to_vec());
        linked.extend(
            group
                .families()
                .iter()
                .filter(|family| !is_parked(ledger, family)),
        );
    }
    for family in linked {
        assert_eq!(index.link(family), Ok(()), "{}", family.name());
    }
    assert_eq!(index.counts(), ledger.index.counts());
    for (family, _) in ledger.index.parked() {
        assert!(
            index.link(family).is_err(),
            "{} is parked but fits",
            family.name()
        );
        assert!(
            ledger
                .view
                .group(family.key())
                .and_then(|group| group.family(family.name()))
                .is_some()
        );
    }
    refusal::check_problems(ledger);
    assert_eq!(view.expiries, ledger.view.expiries);
    view.problems = Arc::clone(&ledger.view.problems);
    assert_eq!(page(&view), page(&ledger.view));
}

fn is_parked(ledger: &Ledger, family: &PushedFamily) -> bool {
    ledger
        .index
        .parked()
        .any(|(parked, _)| parked.key() == family.key() && parked.name() == family.name())
}

fn run(consistency: Consistency, batches: &[(bool, Vec<Wish>)]) {
    let mut ledger = ledger(consistency);
    let mut second = 0;
    for (broken, wishes) in batches {
        BROKEN.set(*broken);
        let before = (page(&ledger.view), ledger.index.counts());
        let (mut batch, mut answers) = (Vec::new(), Vec::new());
        for wish in wishes {
            second += 1;
            let (reply, answer) = oneshot::channel();
            batch.push(Request {
                action: action(wish, second, ledger.published.load_full()),
                reply,
            });
            answers.push(answer);
        }
        let now = at(second);
        ledger.commit(&mut batch, now, Sync::Now);
        let failed = answers
            .into_iter()
            .map(|mut answer| answer.try_recv().expect("everyone is answered"))
            .any(|answer| matches!(answer, Err(ChangeError::Store(_))));
        if failed {
            assert_eq!(
                (page(&ledger.view), ledger.index.counts()),
                before,
                "a failed batch leaves no trace"
            );
        }
        let due = ledger.next_expiry().is_some_and(|at| at <= now);
        assert!(failed || *broken || !due, "what has expired is gone");
        check(&ledger);
        assert_eq!(page(&ledger.published.load()), page(&ledger.view));
        if consistency == Consistency::Checked {
            assert!(
                ledger.view.problems.is_empty(),
                "{:?}",
                ledger.view.problems
            );
        }
    }
}

fn batches() -> impl Strategy<Value = Vec<(bool, Vec<Wish>)>> {
    prop::collection::vec(
        (
            prop::bool::weighted(0.2),
            prop::collection::vec(wish(), 1..6),
        ),
        1..12,
    )
}

proptest! {
    #[test]
    fn checked_ledger_is_what_its_groups_make_it(batches in batches()) {
        run(Consistency::Checked, &batches);
    }

    #[test]
    fn unchecked_ledger_is_what_its_groups_make_it(batches in batches()) {
        run(Consistency::Unchecked, &batches);
    }
}

fn at(second: u64) -> UnixNanos {
    UnixNanos::from_system(SystemTime::UNIX_EPOCH + Duration::from_secs(second))
}
