//! The conformance suite that every store passes, and what only the redb store must withstand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{MemoryStore, Op, RedbStore, Store, StoreError, Sync};

mod faults;

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
    seen
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
        for op in *batch {
            match op {
                Op::Put { key, value } => {
                    expected.insert(
                        String::from_utf8_lossy(key).into(),
                        String::from_utf8_lossy(value).into(),
                    );
                }
                Op::Delete { key } => {
                    expected.remove(&*String::from_utf8_lossy(key));
                }
                Op::Clear => expected.clear(),
            }
        }
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
fn redb_store_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    check(|old| {
        drop(old);
        Box::new(RedbStore::open(&path).unwrap())
    });
}

#[test]
fn forgetful_store_shows_nothing() {
    let mut store = MemoryStore::forgetful();
    store.commit(&[put("a", "1")], Sync::Now).unwrap();
    assert_eq!(records(&mut store), []);
}

/// The error of a file that cannot be opened, and a proof that it was left alone.
fn refused(path: &Path) -> String {
    let before = fs::read(path).unwrap();
    let error = RedbStore::open(path).map(drop).unwrap_err();
    assert_eq!(
        fs::read(path).unwrap(),
        before,
        "a refused file must stay as it is"
    );
    error
        .to_string()
        .replace(&path.display().to_string(), "FILE")
}

#[test]
fn foreign_files_are_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    fs::write(&path, "not a database").unwrap();
    insta::assert_snapshot!(
        refused(&path),
        @"cannot open FILE: it does not begin as a store of this program does (Not a redb database: magic number mismatch); it was left as it is. A file of prometheus/pushgateway cannot be read: name another file"
    );
}

#[test]
fn redb_files_of_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let database = redb::Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(redb::TableDefinition::<u8, u8>::new("theirs"))
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = RedbStore::open(&path).map(drop).unwrap_err().to_string();
    assert!(
        error.ends_with("it is a redb file of another program"),
        "{error}"
    );
}

#[test]
fn another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    drop(RedbStore::open(&path).unwrap());
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let table = redb::TableDefinition::<&str, u32>::new("promontory_pushgateway");
    transaction
        .open_table(table)
        .unwrap()
        .insert("version", 7)
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = RedbStore::open(&path).map(drop).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Version {
                found: 7,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let _held = RedbStore::open(&path).unwrap();
    let error = RedbStore::open(&path).map(drop).unwrap_err().to_string();
    assert!(error.contains("already open"), "{error}");
}

#[test]
fn a_missing_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = RedbStore::open(&folder.path().join("absent/store"))
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }), "{error}");
}

/// One changed byte anywhere: the file opens with the right records (the byte mattered to nothing), or is refused.
#[test]
fn damage_is_never_loaded_as_truth() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = RedbStore::open(&path).unwrap();
    let batch: Vec<Op> = (0..200)
        .map(|i| put(&format!("key{i:04}"), &"v".repeat(300)))
        .collect();
    store.commit(&batch, Sync::Now).unwrap();
    let expected = records(&mut store);
    drop(store);
    let whole = fs::read(&path).unwrap();
    let spoiled = folder.path().join("spoiled");
    let (mut refusals, mut harmless) = (0, 0);
    for offset in (0..whole.len()).step_by(whole.len() / 150) {
        let mut bytes = whole.clone();
        bytes[offset] ^= 0x10;
        fs::write(&spoiled, &bytes).unwrap();
        match RedbStore::open(&spoiled) {
            Ok(mut store) => {
                assert_eq!(records(&mut store), expected, "byte {offset}");
                harmless += 1;
            }
            Err(_) => refusals += 1,
        }
    }
    assert!(
        refusals > 0 && harmless > 0,
        "{refusals} refused, {harmless} harmless"
    );
}
