//! A log to read: its changes, what of them counts, and the records that are left.

use std::io;
use std::sync::Arc;

use super::batch::{Change, changes};
use super::disk::File;
use super::index::Index;
use super::scan::{Each, Found, scan};
use super::write::Place;

/// What the changes of a batch are shown to.
pub(super) type Batch<'b> = dyn FnMut(&[Change<'_>]) -> io::Result<()> + 'b;
/// What a record is shown to: key, value.
pub(super) type Record<'r> = dyn FnMut(&[u8], &[u8]) -> io::Result<()> + 'r;

/// A file to read: where its frames begin, and how far they go.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) file: Arc<File>,
    pub(super) id: u64,
    pub(super) start: Place,
}

impl Source {
    /// Shows every change up to an offset, with `false` for batches that hold none.
    pub(super) fn changes(&self, from: Place, end: u64, each: &mut Batch<'_>) -> io::Result<Found> {
        let each: &mut Each<'_> = &mut |batch| match changes(batch) {
            Some(changes) => each(&changes).map(|()| true),
            None => Ok(false),
        };
        scan(&self.file, self.id, from, end, each)
    }

    /// What counts in it.
    pub(super) fn index(&self, end: u64) -> io::Result<(Index, Found)> {
        let mut index = Index::default();
        let found = self.changes(self.start, end, &mut |changes| {
            changes.iter().for_each(|change| index.apply(*change));
            Ok(())
        })?;
        Ok((index, found))
    }

    /// Shows the last put of every key, in the order they were made.
    pub(super) fn records(&self, end: u64, index: &Index, each: &mut Record<'_>) -> io::Result<()> {
        let mut number = 0;
        self.changes(self.start, end, &mut |changes| {
            for change in changes {
                if let Change::Put(key, value) = change
                    && index.counts(key, number)
                {
                    each(key, value)?;
                }
                number += 1;
            }
            Ok(())
        })
        .map(drop)
    }
}
