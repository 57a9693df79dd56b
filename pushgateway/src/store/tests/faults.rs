//! A disk that fails, writes by halves and forgets, at every moment and at random ones.

use std::path::{Path, PathBuf};

use super::super::log::disk::fake::FakeDisk;
use super::model::{Dice, Model};
use super::{Disk, LogStore, Op, Store, Sync, put, records};

const FILE: &str = "/store";
/// Small, so that files are rewritten all the time.
const DEAD: u64 = 600;

fn open(disk: &FakeDisk) -> LogStore {
    LogStore::on(Disk::Fake(disk.clone()), Path::new(FILE), DEAD).unwrap()
}

/// Nothing lies beside the store but what was set aside.
fn check_names(disk: &FakeDisk) {
    for name in disk.names() {
        let name = name.display().to_string();
        let expected = name == FILE || name.contains(".damaged-") || name.contains(".torn-");
        assert!(expected, "{name}");
    }
}

/// Commits as the ledger does: after a failure with all that may be lost.
fn commit(store: &mut LogStore, model: &mut Model, batch: &[Op], sync: Sync) -> bool {
    let all = model.attempt(batch);
    let done = store.commit(&all, sync).is_ok();
    model.done(batch, done, sync == Sync::Now);
    done
}

/// Random commits, failures, kills and power cuts: what was promised is there after each.
#[test]
fn nothing_promised_is_lost_whatever_fails() {
    let (mut failures, mut compactions, mut cuts) = (0, 0, 0);
    for seed in 0..100 {
        let mut dice = Dice(seed);
        let mut disk = FakeDisk::seeded(seed);
        let mut store = open(&disk);
        let mut model = Model::default();
        for step in 0..60 {
            let batch = dice.batch();
            match dice.roll(12) {
                0 => disk.fail_once_after(dice.roll(6)),
                1 => disk.fail_after(dice.roll(6)),
                2..5 => disk.heal(),
                _ => {}
            }
            let sync = if dice.roll(3) == 0 {
                Sync::Later
            } else {
                Sync::Now
            };
            let done = commit(&mut store, &mut model, &batch, sync);
            failures += u32::from(!done);
            let crash = dice.roll(12);
            if crash < 2 {
                compactions += store.figures().unwrap().compactions();
                drop(store);
                disk = if crash == 0 {
                    disk.after_power_cut()
                } else {
                    disk.after_kill()
                };
                store = open(&disk);
                model.crashed(records(&mut store), &format!("seed {seed}, step {step}"));
                check_names(&disk);
                cuts += 1;
            }
        }
    }
    assert!(
        failures > 200 && compactions > 200 && cuts > 200,
        "{failures} {compactions} {cuts}"
    );
}

/// A fixed life of a store, with rewrites in it, that ends at every possible change of the disk.
#[test]
fn a_crash_at_every_step_of_commits_and_compactions() {
    let life = |disk: &FakeDisk, model: &mut Model| {
        let Ok(mut store) = LogStore::on(Disk::Fake(disk.clone()), Path::new(FILE), DEAD) else {
            return 0;
        };
        let mut dice = Dice(7);
        for _ in 0..40 {
            // Once the disk fails for good, nobody commits any more: the process is gone.
            if !commit(&mut store, model, &dice.batch(), Sync::Now) {
                break;
            }
        }
        store.figures().unwrap().compactions()
    };
    let whole = FakeDisk::seeded(1);
    // The head is there before: a store that cannot be begun cannot be opened.
    drop(open(&whole));
    let before = whole.changes();
    let compactions = life(&whole, &mut Model::default());
    assert!(compactions > 3, "{compactions} compactions");
    for last in 0..whole.changes() - before {
        for power in [false, true] {
            let disk = FakeDisk::seeded(last);
            drop(open(&disk));
            disk.fail_after(last);
            let mut model = Model::default();
            life(&disk, &mut model);
            let disk = if power {
                disk.after_power_cut()
            } else {
                disk.after_kill()
            };
            let mut store = open(&disk);
            model.crashed(records(&mut store), &format!("change {last}"));
            check_names(&disk);
        }
    }
}

/// A single fault at every possible moment: the store goes on, and no compaction that failed is in its way.
#[test]
fn a_single_fault_at_every_step_is_survived() {
    let mut failed = 0;
    for at in 0..150 {
        let disk = FakeDisk::seeded(at);
        let mut store = open(&disk);
        let mut model = Model::default();
        let mut dice = Dice(3);
        disk.fail_once_after(at);
        for _ in 0..30 {
            failed += u32::from(!commit(&mut store, &mut model, &dice.batch(), Sync::Now));
        }
        disk.heal();
        assert!(commit(
            &mut store,
            &mut model,
            &[put("last", "1")],
            Sync::Now
        ));
        let expected: Vec<_> = model.now.clone().into_iter().collect();
        assert_eq!(records(&mut store), expected, "fault {at}");
        drop(store);
        assert_eq!(
            records(&mut open(&disk.after_power_cut())),
            expected,
            "fault {at}"
        );
    }
    assert!(failed > 30, "{failed} commits failed");
}

/// A disk that stays full refuses every commit, and takes them again when there is room, without a restart.
#[test]
fn a_full_disk_recovers() {
    let disk = FakeDisk::seeded(0);
    let mut store = open(&disk);
    store.commit(&[put("a", "1")], Sync::Now).unwrap();
    disk.fail_after(0);
    for i in 0..10 {
        let error = store.commit(&[put("b", &i.to_string())], Sync::Now);
        assert!(error.is_err(), "commit {i}");
    }
    let figures = store.figures().unwrap();
    assert_eq!(figures.failures(), 10);
    assert!(figures.trouble().is_some());
    disk.heal();
    store.commit(&[], Sync::Later).unwrap();
    assert!(figures.trouble().is_some(), "nothing was synced yet");
    store.commit(&[put("c", "1")], Sync::Now).unwrap();
    assert_eq!(figures.trouble(), None);
    let expected = [("a", "1"), ("c", "1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(records(&mut store), expected);
    drop(store);
    assert_eq!(records(&mut open(&disk.after_power_cut())), expected);
    assert_eq!(disk.names(), [PathBuf::from(FILE)]);
}

/// After a failed sync, pages are not on the disk that the system takes for written: they must be written again.
#[test]
fn what_a_failed_sync_dropped_is_written_again() {
    for seed in 0..50 {
        let disk = FakeDisk::seeded(seed);
        let mut store = open(&disk);
        let mut model = Model::default();
        assert!(commit(
            &mut store,
            &mut model,
            &[put("a", "1")],
            Sync::Later
        ));
        assert!(commit(
            &mut store,
            &mut model,
            &[put("b", "1")],
            Sync::Later
        ));
        // The write succeeds, its sync does not.
        disk.fail_once_after(1);
        assert!(!commit(&mut store, &mut model, &[put("c", "1")], Sync::Now));
        assert!(commit(&mut store, &mut model, &[put("d", "1")], Sync::Now));
        drop(store);
        let found = records(&mut open(&disk.after_power_cut()));
        assert_eq!(
            found,
            model.now.clone().into_iter().collect::<Vec<_>>(),
            "seed {seed}"
        );
        assert_eq!(found.len(), 3, "a, b and d");
    }
}

/// A program that is killed before each rewrite ends reads ever more at its starts, until one of them rewrites the file. A
/// disk that fails then, at any moment, costs nothing that is held.
#[test]
fn a_start_rewrites_a_file_that_is_mostly_dead() {
    let on = |disk: &FakeDisk, dead_min| {
        LogStore::on(Disk::Fake(disk.clone()), Path::new(FILE), dead_min)
    };
    let (mut compactions, mut failures) = (0, 0);
    for last in 0..20 {
        let disk = FakeDisk::seeded(last);
        let mut store = on(&disk, u64::MAX).unwrap();
        for i in 0..50 {
            let batch = [put("a", &format!("{i:040}")), put("b", "1")];
            store.commit(&batch, Sync::Now).unwrap();
        }
        let expected = records(&mut store);
        drop(store);
        let (disk, before) = (disk.after_kill(), disk.read(Path::new(FILE)).len());
        disk.fail_once_after(last);
        if let Ok(mut store) = on(&disk, DEAD) {
            assert_eq!(records(&mut store), expected);
            let figures = store.figures().unwrap();
            let after = disk.read(Path::new(FILE)).len();
            assert_eq!(figures.compactions() == 1, after * 10 < before);
            compactions += figures.compactions();
            failures += figures.compaction_failures();
        }
        let disk = disk.after_kill();
        assert_eq!(records(&mut open(&disk)), expected);
        check_names(&disk);
    }
    assert!(compactions > 5 && failures > 2, "{compactions} {failures}");
}
