//! The conformance suite that every store passes, and what only the log must withstand.

use super::log::disk::Disk;
use super::{LogStore, MemoryStore, Op, Store, StoreError, Sync};
use std::collections::BTreeMap;

mod damage;
mod faults;
mod files;
mod gateway;

mod model;

type Records = BTreeMap<String, String>;

fn put(key: &str, value: &str) -> Op {
    Op::Put {
        key: key.into(),
        value: value.into(),
    }
}

fn delete(key: &str) -> Op {
    Op::Delete { key: key.into() }
}

fn records(store: &mut dyn Store) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    store
        .load(&mut |key, value| {
            seen.push((
                String::from_utf8_lossy(key).into(),
                String::from_utf8_lossy(value).into(),
            ));
            Ok(())
        })
        .unwrap();
    seen.sort();
    seen
}

/// What a batch does to a map.
fn apply(held: &mut Records, batch: &[Op]) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for op in batch {
        match op {
            Op::Put { key, value } => drop(held.insert(text(key), text(value))),
            Op::Delete { key } => drop(held.remove(&text(key))),
            Op::Clear => held.clear(),
        }
    }
}

/// Runs batches on a store, reopening it before each look, and compares with a map.
fn check(mut open: impl FnMut(Option<Box<dyn Store>>) -> Box<dyn Store>) {
    let batches: &[&[Op]] = &[
        &[],
        &[put("b", "1"), put("a", "2")],
        &[put("a", "3"), delete("b"), put("c", ""), delete("absent")],
        &[put("d", "1"), put("d", "2"), delete("d"), put("d", "3")],
        &[delete("a"), put("e\u{0}", &"x".repeat(100_000))],
        &[put("f", "1"), Op::Clear, put("g", "1")],
        &[Op::Clear],
    ];
    let mut expected = Records::new();
    let mut store = open(None);
    for (i, batch) in batches.iter().enumerate() {
        // Every second commit leaves syncing to the next one; the last look is after a `Sync::Now`.
        let sync = if i % 2 == 0 { Sync::Now } else { Sync::Later };
        store.commit(batch, sync).unwrap();
        apply(&mut expected, batch);
        assert_eq!(
            records(&mut *store),
            expected.clone().into_iter().collect::<Vec<_>>(),
            "batch {i}"
        );
        if sync == Sync::Now {
            store = open(Some(store));
            assert_eq!(
                records(&mut *store),
                expected.clone().into_iter().collect::<Vec<_>>(),
                "batch {i}, reopened"
            );
        }
    }
}

#[test]
fn memory_store_conforms() {
    // Reopening a memory store is keeping it: it promises nothing beyond the process.
    check(|old| old.unwrap_or_else(|| Box::new(MemoryStore::keeping())));
}

#[test]
fn log_store_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    check(|old| {
        drop(old);
        Box::new(LogStore::open(&path).unwrap())
    });
}

/// Rewritten after every commit.
#[test]
fn compacting_log_store_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    check(|old| {
        drop(old);
        Box::new(LogStore::on(Disk::Real, &path, 0).unwrap())
    });
}

#[test]
fn forgetful_store_shows_nothing() {
    let mut store = MemoryStore::forgetful();
    store.commit(&[put("a", "1")], Sync::Now).unwrap();
    assert_eq!(records(&mut store), []);
}
