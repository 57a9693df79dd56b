//! Writing a log anew without what no longer counts.
//!
//! [`rewrite`] copies the last put of every key into a new file. At a start, to get rid of damage, it does so at once.
//! While pushes go on, [`Compaction`] does it on a thread of its own, which only reads what is in the old file already:
//! no push waits for it. What is appended meanwhile is copied as it is, the last bit of it by the committing
//! thread, which then gives the new file the old one's name. A crash leaves either the old file or the new one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use super::batch::{Change, changes};
use super::disk::{Disk, File};
use super::frame::head;
use super::index::Index;
use super::scan::{Each, Found, scan};
use super::write::{Place, Writer};

/// Bytes of one batch of the new file: large enough to pack well, small enough to lose little to a damaged one.
const BATCH: usize = 256 << 10;
/// The new file is synced this often, so that the disk never has much of it to write while a push waits.
const SYNC: u64 = 4 << 20;
/// What may be left for the committing thread to copy.
const REST: u64 = 256 << 10;
/// How often the thread copies what was appended meanwhile, at most.
const ROUNDS: usize = 16;

/// A file to read: where its frames begin, and how far they go.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) file: Arc<File>,
    pub(super) id: u64,
    pub(super) start: Place,
}

impl Source {
    /// Shows every change up to an offset, with `false` for batches that hold none.
    pub(super) fn changes(
        &self,
        from: Place,
        end: u64,
        each: &mut dyn FnMut(&[Change<'_>]) -> io::Result<()>,
    ) -> io::Result<Found> {
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
    pub(super) fn records(
        &self,
        end: u64,
        index: &Index,
        each: &mut dyn FnMut(&[u8], &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
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
    waiting: Vec<super::Op>,
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
        self.waiting.push(super::Op::Put {
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

/// A rewrite under way.
pub(super) struct Compaction {
    job: Job,
    shared: Arc<Shared>,
    path: PathBuf,
    disk: Disk,
}

/// What a compaction hands over: the new file, and the place in the old one up to which it has everything.
type Handover = io::Result<(Fresh, Place)>;

/// Who does it.
enum Job {
    /// A thread of its own.
    Thread(JoinHandle<Handover>),
    /// Whoever started it, so that a test knows what comes after what.
    #[cfg(test)]
    Done(Box<Handover>),
}

/// What the committing thread tells the other.
#[derive(Default)]
struct Shared {
    /// How far the old file is written, in whole batches.
    written: AtomicU64,
    stop: AtomicBool,
}

impl Compaction {
    /// Starts it.
    pub(super) fn start(disk: &Disk, path: PathBuf, source: Source, end: u64) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        shared.written.store(end, Ordering::Release);
        let work = {
            let (disk, path, shared) = (disk.clone(), path.clone(), Arc::clone(&shared));
            move || run(&disk, &path, &source, end, &shared)
        };
        let job = match disk {
            Disk::Real => {
                let thread = std::thread::Builder::new().name("compact".to_owned());
                Job::Thread(thread.spawn(work)?)
            }
            #[cfg(test)]
            Disk::Fake(_) => Job::Done(Box::new(work())),
        };
        Ok(Self {
            job,
            shared,
            path,
            disk: disk.clone(),
        })
    }

    /// Tells how far the old file is written now.
    pub(super) fn written(&self, end: u64) {
        self.shared.written.store(end, Ordering::Release);
    }

    /// Whether the committing thread should take over.
    pub(super) fn is_ready(&self) -> bool {
        match &self.job {
            Job::Thread(thread) => thread.is_finished(),
            #[cfg(test)]
            Job::Done(_) => true,
        }
    }

    /// Waits for the thread and takes what it made.
    pub(super) fn join(self) -> Handover {
        match self.job {
            Job::Thread(thread) => thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the compacting thread panicked"))),
            #[cfg(test)]
            Job::Done(result) => *result,
        }
    }

    /// Gives it up.
    pub(super) fn cancel(self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        let (disk, path) = (self.disk.clone(), self.path.clone());
        drop(self.join());
        // What stays behind is removed by the next attempt, or the next start.
        let _ = disk.remove(&path);
    }
}

/// The thread.
fn run(disk: &Disk, path: &Path, source: &Source, end: u64, shared: &Shared) -> Handover {
    let (mut fresh, found) = rewrite(disk, path, source, end, &shared.stop)?;
    if found.end.at != end {
        return Err(io::Error::other("the file was damaged while it was open"));
    }
    let mut place = found.end;
    for _ in 0..ROUNDS {
        let written = shared.written.load(Ordering::Acquire);
        if written - place.at <= REST || shared.stop.load(Ordering::Relaxed) {
            break;
        }
        place = fresh.catch_up(source, place, written)?;
    }
    fresh.sync()?;
    Ok((fresh, place))
}
