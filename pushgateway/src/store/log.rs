//! The durable store: one file that only grows, and is rewritten when most of it no longer counts.
//!
//! A commit packs its changes into one batch, appends it and syncs once. So a push costs its own bytes on the disk, packed,
//! and the page they end in. Only an index of what counts is held in memory ([`index`]).
//!
//! # The file
//! All numbers are little endian; checksums are CRC-32 (IEEE). `scan` says which parts count after damage.
//!
//! - **Head**, 64 bytes: two equal copies of `pgwstore` (8 bytes), the layout's version 2 (4), the file's id (8), zeros
//!   (8), the checksum of all that (4). The id is random, so nothing that was pushed can look like a frame of the file.
//! - **Frames**, each: the id (8), the frame's number from 1 (8), length of the payload (4; bit 30: a batch begins here,
//!   bit 31: it goes on in the next frame), checksum of the payload (4), checksum of the frame before or of the head
//!   (4), checksum of these 28 bytes (4), payload.
//! - **Payload**: raw snappy of at most 1 MiB of changes. Those of a batch, joined, are a sequence of: 1, key, value (put); 2,
//!   key (delete); 3 (everything is forgotten); key and value with their length in front as a varint.
//!
//! The payload ends with a byte 0xFF. Behind the last frame there may be zeros, space for the next ones.
//!
//! A batch counts when all its frames are there. Each later change of a key outdoes those before.
//!
//! # Names beside it
//! `FILE.new` is a rewrite under way; one that was left behind is removed at the start. `FILE.torn-TIME` holds the bytes of a
//! last write that never ended (it was never acknowledged). `FILE.damaged-TIME` is a damaged file as it was found.
//!
//! # Failures
//! What a failed write left is cut off before the next commit. After a failed sync the system may believe that
//! pages are on the disk which are not; so all since the last good sync is cut off, and must be committed again.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::{Figures, Op, Store, StoreError, Sync, Visit};
use batch::Change;
use compact::Compaction;
use disk::Disk;
use index::Index;
use source::Source;
use write::{Place, Writer};

mod batch;
mod compact;
pub(super) mod disk;
mod frame;
mod fresh;
mod index;
mod open;
mod scan;
mod source;
mod window;
mod write;

/// The file is made longer by so much at once. Measured: an append whose length was there already is synced in a third to
/// two thirds of the time. Little in tests, which look at every byte.
const ROOM: u64 = if cfg!(test) { 400 } else { 1 << 20 };
/// Where less is left, the next room is made; a batch is seldom larger.
const ROOM_MIN: u64 = ROOM / 16;

/// Bytes of changes that no longer count which are not worth a rewrite. Above it, a file is rewritten when more than half of
/// its changes are dead: so at most once for as much as was pushed since, packed to about a fifth. Waiting longer would
/// save little of that, and cost disk and time at a start.
const DEAD: u64 = 8 << 20;

/// A store in one file, locked for as long as it is open.
pub struct LogStore {
    disk: Disk,
    path: PathBuf,
    source: Source,
    index: Index,
    writer: Writer,
    /// Behind the last batch.
    end: Place,
    /// Behind the last batch that is on the disk.
    synced: Place,
    /// Where the file must be cut off before anything is appended: something failed behind it.
    cut: Option<Place>,
    /// The folder may not yet know the file under its name.
    folder_unsynced: bool,
    compaction: Option<Compaction>,
    /// The length up to which there is room; `None` where none can be made.
    room: Option<u64>,
    /// Bytes of dead changes below which no rewrite is worth it.
    dead_min: u64,
    /// The same for the next one; more, after one that failed.
    dead_next: u64,
    figures: Arc<Figures>,
}

impl LogStore {
    /// Opens or creates the file (mode 0600). An empty file is taken as new. What is damaged is set aside.
    ///
    /// # Errors
    /// [`StoreError::Open`] and [`StoreError::Version`]; the file is left as it is.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        open::open(Disk::Real, path, DEAD)
    }

    /// Puts a file of these records in place of another one, which is kept under its name with `suffix` and the time.
    ///
    /// # Errors
    /// [`StoreError::Open`]; the file is left as it is.
    pub fn replace(
        path: &Path,
        suffix: &str,
        records: &mut dyn Iterator<Item = Op>,
    ) -> Result<PathBuf, StoreError> {
        open::replace(&Disk::Real, path, suffix, records)
    }

    /// Opens a store on a test's disk; it is rewritten as soon as so many bytes are dead.
    #[cfg(test)]
    pub(super) fn on(disk: Disk, path: &Path, dead_min: u64) -> Result<Self, StoreError> {
        open::open(disk, path, dead_min)
    }

    fn write_batch(&mut self, batch: &[Op]) -> io::Result<Place> {
        let changes = batch.iter().map(Change::from);
        let Source { file, id, .. } = &self.source;
        self.writer.append(file, *id, self.end, changes)
    }

    /// Takes back what a failure left. Where changes are lost that a good commit made, the index is read anew.
    fn mend(&mut self) -> io::Result<()> {
        let Some(cut) = self.cut else {
            return Ok(());
        };
        self.source.file.set_length(cut.at)?;
        self.room = self.room.and(Some(cut.at));
        if cut != self.end {
            if let Some(compaction) = self.compaction.take() {
                compaction.cancel();
            }
            (self.index, _) = self.source.index(cut.at)?;
            self.end = cut;
        }
        self.cut = None;
        Ok(())
    }

    fn try_commit(&mut self, batch: &[Op], sync: Sync) -> io::Result<()> {
        self.mend()?;
        self.take_over();
        let (before, mut end) = (self.end, self.end);
        if !batch.is_empty() {
            self.cut = Some(before);
            self.make_room();
            end = self.write_batch(batch)?;
            self.figures.written_bytes.add(end.at - before.at);
        }
        if sync == Sync::Now && (end != self.synced || self.folder_unsynced) {
            self.cut = Some(self.synced);
            self.source.file.sync()?;
            if self.folder_unsynced {
                self.disk.sync_folder(&self.path)?;
                self.folder_unsynced = false;
            }
            self.synced = end;
            self.figures.synced_now();
        }
        self.cut = None;
        self.end = end;
        for op in batch {
            self.index.apply(Change::from(op));
        }
        Ok(())
    }

    /// Where it cannot be made, the file grows with each write.
    fn make_room(&mut self) {
        if let Some(room) = self.room
            && room < self.end.at + ROOM_MIN
        {
            let wanted = self.end.at + ROOM;
            self.room = self.source.file.allocate(wanted).ok().map(|()| wanted);
        }
    }

    fn tell(&self) {
        self.figures.file_bytes.set(self.end.at);
        self.figures.records.set(self.index.len() as u64);
    }
}

impl Store for LogStore {
    fn load(&mut self, each: &mut Visit<'_>) -> Result<(), StoreError> {
        let mut refused = None;
        let shown = self
            .source
            .records(self.end.at, &self.index, &mut |key, value| {
                each(key, value).map_err(|error| {
                    refused = Some(error);
                    io::Error::other("refused")
                })
            });
        match (shown, refused) {
            (_, Some(error)) => Err(error),
            (Err(error), None) => Err(StoreError::Read(error.to_string())),
            (Ok(()), None) => Ok(()),
        }
    }

    fn commit(&mut self, batch: &[Op], sync: Sync) -> Result<(), StoreError> {
        let done = self.try_commit(batch, sync);
        match &done {
            Ok(()) => self.consider_compaction(),
            Err(error) => {
                self.figures.failed(error.to_string());
                // If the disk does not even let go now, the next commit tries again.
                let _ = self.mend();
            }
        }
        self.tell();
        done.map_err(|error| StoreError::Write(error.to_string()))
    }

    fn figures(&self) -> Option<Arc<Figures>> {
        Some(Arc::clone(&self.figures))
    }
}

impl Drop for LogStore {
    fn drop(&mut self) {
        if let Some(compaction) = self.compaction.take() {
            compaction.cancel();
        }
        // Room for more is of no use to anyone; zeros at the end are no damage either.
        let _ = self.source.file.set_length(self.cut.unwrap_or(self.end).at);
    }
}

/// A file's name with something behind it.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A number that nobody can foresee.
fn random() -> u64 {
    RandomState::new().hash_one(SystemTime::now())
}
