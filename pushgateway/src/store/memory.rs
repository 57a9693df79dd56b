//! Keeps nothing beyond the process: what `--persistence.file=` (empty) means.

use std::collections::BTreeMap;

use super::{Op, Store, StoreError, Sync, Visit};

/// A store without a disk. The gateway holds everything in its view anyway, so by default not even the
/// records are kept; [`MemoryStore::keeping`] is for tests.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Option<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl MemoryStore {
    /// A store that accepts everything and keeps nothing.
    pub fn forgetful() -> Self {
        Self { records: None }
    }

    /// A store that shows what was committed for as long as it lives.
    pub fn keeping() -> Self {
        Self {
            records: Some(BTreeMap::new()),
        }
    }
}

impl Store for MemoryStore {
    fn load(&mut self, each: &mut Visit<'_>) -> Result<(), StoreError> {
        self.records
            .iter()
            .flatten()
            .try_for_each(|(key, value)| each(key, value))
    }

    fn keeps(&self) -> bool {
        self.records.is_some()
    }

    fn commit(&mut self, batch: &[Op], _: Sync) -> Result<(), StoreError> {
        let Some(records) = &mut self.records else {
            return Ok(());
        };
        for op in batch {
            match op {
                Op::Put { key, value } => {
                    records.insert(key.clone(), value.clone());
                }
                Op::Delete { key } => {
                    records.remove(key);
                }
                Op::Clear => records.clear(),
            }
        }
        Ok(())
    }
}
