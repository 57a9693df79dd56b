//! Files of all kinds under the store's name: what is refused is left as it is.

use std::fs;
use std::path::Path;

use super::{LogStore, Op, Store, StoreError, Sync, put, records};

/// The error of a file that cannot be opened, and a proof that it was left alone.
fn refused(path: &Path) -> String {
    let before = fs::read(path).unwrap();
    let error = LogStore::open(path).map(drop).unwrap_err();
    assert_eq!(
        fs::read(path).unwrap(),
        before,
        "a refused file must stay as it is"
    );
    let folder = path.parent().unwrap();
    assert_eq!(
        fs::read_dir(folder).unwrap().count(),
        1,
        "nothing beside it"
    );
    error
        .to_string()
        .replace(&path.display().to_string(), "FILE")
}

fn refused_bytes(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    fs::write(&path, bytes).unwrap();
    refused(&path)
}

#[test]
fn foreign_files_are_refused_and_kept() {
    let foreign = "cannot open FILE: it is not a file of this program; it was left as it is. Name another file";
    assert_eq!(refused_bytes(b"not a store"), foreign);
    assert_eq!(
        refused_bytes(&[0; 65]),
        foreign,
        "zeros, but more than a head"
    );
    assert_eq!(refused_bytes(b"x"), foreign);
}

#[test]
fn a_file_of_the_layout_before_is_refused_and_kept() {
    let mut file = b"redb\x1A\x0A\xA9\x0D\x0A".to_vec();
    file.resize(4096, 7);
    insta::assert_snapshot!(
        refused_bytes(&file),
        @"cannot open FILE: it was written by an earlier build of this program, in another layout; it was left as it is. Start that build to read it, or name another file"
    );
}

#[test]
fn another_version_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut head = b"pgwstore\x07\0\0\0".to_vec();
    head.resize(28, 0);
    head.extend(crc32fast::hash(&head).to_le_bytes());
    head.resize(500, 1);
    fs::write(&path, head).unwrap();
    let error = LogStore::open(&path).map(drop).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Version {
                found: 7,
                known: 2,
                ..
            }
        ),
        "{error}"
    );
    refused(&path);
}

#[test]
fn a_file_without_a_head_is_refused_and_kept() {
    let mut file = b"pgwstore".to_vec();
    file.resize(500, 1);
    insta::assert_snapshot!(
        refused_bytes(&file),
        @"cannot open FILE: both copies of its head are damaged; it was left as it is"
    );
}

#[test]
fn an_empty_file_is_a_new_one() {
    for bytes in [0, 1, 64] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        fs::write(&path, vec![0; bytes]).unwrap();
        let mut store = LogStore::open(&path).unwrap();
        store.commit(&[put("a", "1")], Sync::Now).unwrap();
        drop(store);
        let mut store = LogStore::open(&path).unwrap();
        assert_eq!(records(&mut store), [("a".to_owned(), "1".to_owned())]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let held = LogStore::open(&path).unwrap();
    assert_eq!(
        refused(&path),
        "cannot open FILE: another process has it open"
    );
    drop(held);
    LogStore::open(&path).unwrap();
}

/// The lock goes with the name, not with the file that had it first.
#[test]
fn a_second_process_is_refused_after_a_compaction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut held = LogStore::on(super::Disk::Real, &path, 1).unwrap();
    while held.figures().unwrap().compactions() < 3 {
        held.commit(&[put("a", "1")], Sync::Now).unwrap();
    }
    let error = LogStore::open(&path).map(drop).unwrap_err().to_string();
    assert!(error.ends_with("another process has it open"), "{error}");
    drop(held);
    let mut store = LogStore::open(&path).unwrap();
    assert_eq!(records(&mut store), [("a".to_owned(), "1".to_owned())]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_a_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("absent/store"), folder.path().to_owned()] {
        let error = LogStore::open(&path).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = LogStore::on(super::Disk::Real, &path, 1).unwrap();
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    while store.figures().unwrap().compactions() < 1 {
        store.commit(&[put("a", "1")], Sync::Now).unwrap();
    }
    assert_eq!(mode(), 0o600);
}

/// One batch of many chunks, with a change larger than one.
#[test]
fn large_batches_survive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut batch: Vec<Op> = (0..100)
        .map(|i| put(&format!("key{i:04}"), &format!("{i}").repeat(20_000)))
        .collect();
    batch.push(put("large", &"0123456789".repeat(500_000)));
    let mut store = LogStore::open(&path).unwrap();
    store.commit(&batch, Sync::Now).unwrap();
    let before = records(&mut store);
    assert_eq!(before.len(), 101);
    drop(store);
    assert_eq!(records(&mut LogStore::open(&path).unwrap()), before);
}

/// A file stays within a few times of what counts in it, however long one pushes; nothing lies beside it in the end.
#[test]
fn a_file_does_not_grow_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = LogStore::on(super::Disk::Real, &path, 64 << 10).unwrap();
    let mut dice = super::model::Dice(1);
    let mut expected = super::Records::new();
    let figures = store.figures().unwrap();
    while figures.compactions() < 5 {
        let batch: Vec<Op> = (0..10)
            .map(|_| put(&format!("{}", dice.roll(100)), &dice.text(200)))
            .collect();
        store.commit(&batch, Sync::Later).unwrap();
        super::apply(&mut expected, &batch);
    }
    store.commit(&[], Sync::Now).unwrap();
    drop(store);
    let mut store = LogStore::open(&path).unwrap();
    assert_eq!(
        records(&mut store),
        expected.into_iter().collect::<Vec<_>>()
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(figures.compaction_failures(), 0);
}
