//! Which changes of a file still count: for each key the number of its last put, and how many bytes all of them take.
//!
//! Changes of a file are numbered in the order they stand in. Of a key only a hash of 96 bits is kept, under a secret
//! of the process: a million keys meet by chance once in 10^16 files, and nobody can make them meet. With five
//! series a family this costs some five bytes a series.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::batch::Change;

/// The last put of a key; packed, because there is one for every family held.
#[derive(Debug)]
struct Entry {
    hash: [u32; 3],
    number: u32,
    bytes: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Index {
    secrets: [RandomState; 2],
    table: HashTable<Entry>,
    /// Bytes of the puts that count.
    live: u64,
    /// Bytes of all changes.
    total: u64,
    changes: u32,
}

/// Where more changes could no longer be numbered; a file is rewritten long before.
const CHANGES_MAX: u32 = u32::MAX / 2;

impl Index {
    /// Takes the next change of the file in.
    pub(super) fn apply(&mut self, change: Change<'_>) {
        let number = self.changes;
        self.changes = self.changes.saturating_add(1);
        self.total += change.bytes() as u64;
        match change {
            Change::Put(key, _) => self.put(key, number, change.bytes()),
            Change::Delete(key) => {
                let hash = self.hash(key);
                if let Ok(found) = self
                    .table
                    .find_entry(first(&hash), |entry| entry.hash == hash)
                {
                    self.live -= u64::from(found.get().bytes);
                    found.remove();
                }
            }
            Change::Clear => {
                self.table = HashTable::new();
                self.live = 0;
            }
        }
    }

    fn put(&mut self, key: &[u8], number: u32, bytes: usize) {
        let hash = self.hash(key);
        // Only reckoned with, so a family of 4 GiB may count as a byte less.
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let entry = Entry {
            hash,
            number,
            bytes,
        };
        self.live += u64::from(bytes);
        match self
            .table
            .find_mut(first(&hash), |entry| entry.hash == hash)
        {
            Some(held) => {
                self.live -= u64::from(held.bytes);
                *held = entry;
            }
            None => {
                self.table
                    .insert_unique(first(&hash), entry, |entry| first(&entry.hash));
            }
        }
    }

    /// Whether the change with this number is the last put of its key.
    pub(super) fn counts(&self, key: &[u8], number: u32) -> bool {
        let hash = self.hash(key);
        let found = self.table.find(first(&hash), |entry| entry.hash == hash);
        found.is_some_and(|entry| entry.number == number)
    }

    /// How many keys are held.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes of the changes that count.
    pub(super) fn live(&self) -> u64 {
        self.live
    }

    /// Bytes of the changes that no longer do.
    pub(super) fn dead(&self) -> u64 {
        self.total - self.live
    }

    /// Whether the file must be rewritten before its changes can no longer be numbered.
    pub(super) fn is_full(&self) -> bool {
        self.changes > CHANGES_MAX
    }

    fn hash(&self, key: &[u8]) -> [u32; 3] {
        let [one, two] = [0, 1].map(|secret| self.secrets[secret].hash_one(key));
        [one as u32, (one >> 32) as u32, two as u32]
    }
}

fn first(hash: &[u32; 3]) -> u64 {
    u64::from(hash[0]) | u64::from(hash[1]) << 32
}
