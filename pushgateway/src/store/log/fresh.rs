//! Writing a new log under a passing name: the last put of every key, and what follows.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Op;
use super::batch::Change;
use super::disk::{Disk, File};
use super::frame::head;
use super::index::Index;
use super::scan::Found;
use super::source::Source;
use super::write::{Place, Writer};

/// Bytes of one batch of the new file: large enough to pack well, small enough to lose little to a damaged one.
const BATCH: usize = 256 << 10;
/// The new file is synced this often, so that the disk never has much of it to write while a push waits.
const SYNC: u64 = 4 << 20;

/// A new file under a passing name.
pub(super) struct Fresh {
    pub(super) file: Arc<File>,
    pub(super) id: u64,
    pub(super) start: Place,
    pub(super) end: Place,
    pub(super) index: Index,
    /// How far it was synced.
    synced: u64,
    writer: Writer,
    /// Changes that wait to become a batch.
    waiting: Vec<Op>,
    waiting_bytes: usize,
}

impl Fresh {
    /// Makes it, in place of a leftover of an earlier attempt.
    pub(super) fn create(disk: &Disk, path: &Path) -> io::Result<Self> {
        disk.remove(path)?;
        Self::begin(disk.open(path)?)
    }

    /// Writes the head into an empty file.
    pub(super) fn begin(file: File) -> io::Result<Self> {
        let id = super::random();
        let (head, chain) = head(id);
        file.write_at(&head, 0)?;
        let start = Place::start(chain);
        Ok(Self {
            file: Arc::new(file),
            id,
            start,
            end: start,
            index: Index::default(),
            synced: 0,
            writer: Writer::default(),
            waiting: Vec::new(),
            waiting_bytes: 0,
        })
    }

    /// A file that is in use already, as if it had just been written.
    pub(super) fn resumed(source: Source, end: Place, index: Index) -> Self {
        Self {
            file: source.file,
            id: source.id,
            start: source.start,
            end,
            index,
            synced: end.at,
            writer: Writer::default(),
            waiting: Vec::new(),
            waiting_bytes: 0,
        }
    }

    /// Adds a record; it is written when a batch is full, or by [`Self::flush`].
    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.waiting.push(Op::Put {
            key: key.to_vec(),
            value: value.to_vec(),
        });
        self.waiting_bytes += key.len() + value.len();
        if self.waiting_bytes < BATCH {
            return Ok(());
        }
        self.flush()
    }

    /// Writes the records that wait.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let changes: Vec<Change<'_>> = waiting.iter().map(Change::from).collect();
        self.append(&changes)
    }

    /// Appends a batch.
    fn append(&mut self, changes: &[Change<'_>]) -> io::Result<()> {
        let all = changes.iter().copied();
        self.end = self.writer.append(&self.file, self.id, self.end, all)?;
        changes.iter().for_each(|change| self.index.apply(*change));
        if self.end.at - self.synced >= SYNC {
            self.sync()?;
        }
        Ok(())
    }

    /// Waits for the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()?;
        self.synced = self.end.at;
        Ok(())
    }

    /// Copies batches as they are and gives the place they end at.
    pub(super) fn catch_up(&mut self, source: &Source, from: Place, to: u64) -> io::Result<Place> {
        let found = source.changes(from, to, &mut |changes| self.append(changes))?;
        if found.end.at == to {
            Ok(found.end)
        } else {
            Err(io::Error::other("the file was damaged while it was open"))
        }
    }
}

/// Copies what counts up to an offset into a new file; gives it with what was found in the old one.
pub(super) fn rewrite(
    disk: &Disk,
    path: &Path,
    source: &Source,
    end: u64,
    stop: &AtomicBool,
) -> io::Result<(Fresh, Found)> {
    let (index, found) = source.index(end)?;
    let mut fresh = Fresh::create(disk, path)?;
    source.records(end, &index, &mut |key, value| {
        if stop.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        fresh.put(key, value)
    })?;
    fresh.flush()?;
    Ok((fresh, found))
}
