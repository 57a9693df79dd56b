//! A whole gateway on a disk that fails now and then, while the power is cut again and again.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use promontory_exposition::format::{Limits, read};
use promontory_exposition::name::NameRules;
use promontory_exposition::{Format, Value};

use super::super::log::disk::fake::FakeDisk;
use super::model::Dice;
use super::{Disk, LogStore};
use crate::commit::{Committer, Gateway, Options, open_with};
use crate::group::{GroupingKey, JobSpelling};
use crate::ingest::{Change, prepare};

const GROUPS: usize = 6;
const FAMILIES: usize = 3;
const CUTS: usize = 100;

/// What is known of a group: numbers of pushes, which only grow.
#[derive(Default)]
struct Known {
    acknowledged: AtomicU64,
    sent: AtomicU64,
}

fn open(disk: &FakeDisk) -> (Gateway, Committer) {
    let store = LogStore::on(Disk::Fake(disk.clone()), Path::new("/store"), 20_000).unwrap();
    open_with(Box::new(store), &Options::default()).unwrap()
}

fn key(group: usize) -> GroupingKey {
    let labels = format!("/group/{group}");
    GroupingKey::parse(
        b"j",
        JobSpelling::Plain,
        labels.as_bytes(),
        NameRules::Classic,
    )
    .unwrap()
}

/// Pushes rising numbers to one group; every family of a push has the same.
async fn push_for_ever(gateway: Gateway, group: usize, known: &Known, stop: &AtomicBool) {
    for number in 1.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let body: String = (0..FAMILIES)
            .map(|family| format!("f{family} {number}\n"))
            .collect();
        let families = read(Format::Text, body.as_bytes(), &Limits::default()).unwrap();
        let push = prepare(key(group), Change::Replace, families, SystemTime::now());
        known.sent.store(number, Ordering::SeqCst);
        // A disk that fails refuses it; the next one may succeed.
        if gateway.push(push).await.is_ok() {
            known.acknowledged.store(number, Ordering::SeqCst);
        }
    }
}

/// The number a group holds; 0 where it is not there.
#[track_caller]
fn held(gateway: &Gateway, group: usize) -> u64 {
    let view = gateway.view();
    let Some(group) = view.group(&key(group)) else {
        return 0;
    };
    let number = |family: usize| {
        let family = group
            .family(&format!("f{family}"))
            .unwrap()
            .decode()
            .unwrap();
        match family.metrics[0].value {
            Value::Untyped(number) => number as u64,
            ref other => panic!("{other:?}"),
        }
    };
    let numbers: Vec<u64> = (0..FAMILIES).map(number).collect();
    assert!(
        numbers.iter().all(|number| *number == numbers[0]),
        "torn: {numbers:?}"
    );
    numbers[0]
}

fn cut_power(disk: &FakeDisk, known: &[Known], cut: usize) {
    let read = |of: fn(&Known) -> &AtomicU64| -> Vec<u64> {
        known
            .iter()
            .map(|known| of(known).load(Ordering::SeqCst))
            .collect()
    };
    let acknowledged = read(|known| &known.acknowledged);
    let after = disk.after_power_cut();
    let sent = read(|known| &known.sent);
    let (gateway, committer) = open(&after);
    for group in 0..known.len() {
        let held = held(&gateway, group);
        assert!(
            (acknowledged[group]..=sent[group]).contains(&held),
            "cut {cut}, group {group}: holds {held}, acknowledged {}, sent {}",
            acknowledged[group],
            sent[group]
        );
    }
    committer.shutdown().unwrap();
}

#[test]
fn a_power_cut_at_any_moment_loses_nothing_acknowledged() {
    let disk = FakeDisk::seeded(11);
    let mut dice = Dice(11);
    let (gateway, committer) = open(&disk);
    let known: Vec<Known> = (0..GROUPS).map(|_| Known::default()).collect();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (group, known) in known.iter().enumerate() {
            let (gateway, stop) = (gateway.clone(), &stop);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                runtime.block_on(push_for_ever(gateway, group, known, stop));
            });
        }
        let cuts = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for cut in 0..CUTS {
                if dice.roll(3) == 0 {
                    disk.fail_once_after(dice.roll(8));
                }
                let goal = disk.changes() + 1 + dice.roll(30);
                while disk.changes() < goal {
                    std::thread::yield_now();
                }
                cut_power(&disk, &known, cut);
            }
        }));
        stop.store(true, Ordering::SeqCst);
        if let Err(panic) = cuts {
            std::panic::resume_unwind(panic);
        }
    });
    disk.heal();
    let figures = gateway.persistence().unwrap();
    assert!(figures.failures() > 5, "{} failures", figures.failures());
    assert!(
        figures.compactions() > 5,
        "{} compactions",
        figures.compactions()
    );
    committer.shutdown().unwrap();
}
