//! A disk that fails at a chosen moment, and one that forgets what was not synced.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use super::super::redb::builder;
use super::{Op, RedbStore, Store, Sync, put, records};

/// What the platter holds, and what the page cache does.
#[derive(Debug, Default)]
struct Disk {
    cached: Mutex<Vec<u8>>,
    durable: Mutex<Vec<u8>>,
    /// How many more writes and syncs succeed; negative: all.
    healthy: AtomicI64,
}

impl Disk {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            healthy: AtomicI64::new(-1),
            ..Self::default()
        })
    }

    fn fail_after(&self, operations: i64) {
        self.healthy.store(operations, Ordering::SeqCst);
    }

    fn heal(&self) {
        self.fail_after(-1);
    }

    /// The power fails: what was not synced is gone.
    fn lose_power(&self) {
        *self.cached.lock().unwrap() = self.durable.lock().unwrap().clone();
        self.heal();
    }

    /// Fails this operation once the healthy ones are used up, and every one after it.
    fn step(&self) -> Result<(), io::Error> {
        match self.healthy.load(Ordering::SeqCst) {
            0 => Err(io::Error::from(io::ErrorKind::StorageFull)),
            left if left > 0 => {
                self.fail_after(left - 1);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn store(self: &Arc<Self>) -> RedbStore {
        let disk = Arc::clone(self);
        let open = move |_| builder().create_with_backend(Handle(Arc::clone(&disk)));
        RedbStore::opened_by(Path::new("disk"), Box::new(open)).unwrap()
    }
}

#[derive(Debug)]
struct Handle(Arc<Disk>);

impl StorageBackend for Handle {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.0.cached.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let start = usize::try_from(offset).unwrap();
        out.copy_from_slice(&self.0.cached.lock().unwrap()[start..start + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.0.step()?;
        self.0
            .cached
            .lock()
            .unwrap()
            .resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.0.step()?;
        *self.0.durable.lock().unwrap() = self.0.cached.lock().unwrap().clone();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.0.step()?;
        let start = usize::try_from(offset).unwrap();
        self.0.cached.lock().unwrap()[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }
}

fn numbered(prefix: &str) -> Vec<Op> {
    (0..20)
        .map(|i| put(&format!("{prefix}{i:02}"), &"v".repeat(500)))
        .collect()
}

/// How many records of each batch are there; whole batches only.
fn batches(store: &mut dyn Store) -> [usize; 3] {
    let seen = records(store);
    ["a", "b", "c"].map(|prefix| {
        seen.iter()
            .filter(|(key, _)| key.starts_with(prefix))
            .count()
    })
}

#[test]
fn a_failed_commit_is_whole_or_absent_and_the_next_one_succeeds() {
    let mut failures = 0;
    for healthy in 0..200 {
        let disk = Disk::new();
        let mut store = disk.store();
        store.commit(&numbered("a"), Sync::Now).unwrap();
        disk.fail_after(healthy);
        let result = store.commit(&numbered("b"), Sync::Now);
        disk.heal();
        store.commit(&numbered("c"), Sync::Now).unwrap();
        let [a, b, c] = batches(&mut store);
        assert_eq!((a, c), (20, 20), "fault after {healthy} operations");
        match result {
            Ok(()) => {
                assert_eq!(b, 20, "fault after {healthy} operations");
                break;
            }
            Err(_) => {
                assert!(b == 0 || b == 20, "fault after {healthy} operations");
                failures += 1;
            }
        }
    }
    assert!(failures > 0, "no fault was hit");
}

#[test]
fn power_loss_keeps_what_was_synced() {
    let mut failures = 0;
    for healthy in 0..200 {
        let disk = Disk::new();
        let mut store = disk.store();
        store.commit(&numbered("a"), Sync::Now).unwrap();
        store.commit(&numbered("c"), Sync::Later).unwrap();
        disk.fail_after(healthy);
        let result = store.commit(&numbered("b"), Sync::Now);
        disk.fail_after(0);
        drop(store);
        disk.lose_power();
        let [a, b, c] = batches(&mut disk.store());
        assert_eq!(a, 20, "fault after {healthy} operations");
        match result {
            Ok(()) => {
                assert_eq!((b, c), (20, 20), "fault after {healthy} operations");
                break;
            }
            Err(_) => {
                assert!(
                    (b, c) == (0, 0) || (b, c) == (20, 20),
                    "fault after {healthy} operations: {b} {c}"
                );
                failures += 1;
            }
        }
    }
    assert!(failures > 0, "no fault was hit");
}
