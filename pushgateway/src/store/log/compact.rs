//! Writing a log anew without what no longer counts, while pushes go on.
//!
//! A thread of its own only reads what is in the old file already, so no push waits for it. What is appended meanwhile is
//! copied as it is, the last bit of it by the committing thread, which then gives the new file the old one's name.
//! A crash leaves either the old file or the new one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use tracing::{error, info};

use super::disk::Disk;
use super::fresh::{Fresh, rewrite};
use super::source::Source;
use super::write::Place;
use super::{LogStore, beside};

/// What may be left for the committing thread to copy.
const REST: u64 = 256 << 10;
/// How often the thread copies what was appended meanwhile, at most.
const ROUNDS: usize = 16;

/// Where so many times more is dead than counts, a start waits for the rewrite, which reads the file twice more. A program
/// that is killed each time before a rewrite ends would have ever more to read.
const OVERDUE: u64 = 3;

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

impl LogStore {
    /// Begins a rewrite where it is worth it. Failing to is no reason to fail a commit that succeeded.
    pub(super) fn consider_compaction(&mut self) {
        if let Some(compaction) = &self.compaction {
            compaction.written(self.end.at);
            return;
        }
        let dead = self.index.dead();
        let worth = dead >= self.dead_next && dead > self.index.live();
        if !worth && !self.index.is_full() {
            return;
        }
        let started = Compaction::start(
            &self.disk,
            beside(&self.path, ".new"),
            self.source.clone(),
            self.end.at,
        );
        match started {
            Ok(compaction) => self.compaction = Some(compaction),
            Err(error) => self.compaction_failed(&error),
        }
    }

    /// Goes on in the new file, if one is ready.
    pub(super) fn take_over(&mut self) {
        if let Some(compaction) = self.compaction.take_if(|compaction| compaction.is_ready()) {
            self.conclude(compaction);
        }
    }

    /// A rewrite at the start, where it is overdue; else the first commit may begin one.
    pub(super) fn compact_at_start(&mut self) {
        if self.index.dead() < self.index.live().saturating_mul(OVERDUE) {
            return;
        }
        self.consider_compaction();
        if let Some(compaction) = self.compaction.take() {
            self.conclude(compaction);
            self.tell();
        }
    }

    /// Waits for a new file and goes on in it.
    fn conclude(&mut self, compaction: Compaction) {
        let made = compaction
            .join()
            .and_then(|(fresh, place)| self.adopt(fresh, place));
        match made {
            Ok(()) => {
                self.figures.compactions.add(1);
                self.dead_next = self.dead_min;
                info!(
                    bytes = self.end.at,
                    "Rewrote the persistence file without what no longer counts."
                );
            }
            Err(error) => {
                self.compaction_failed(&error);
                // What stays behind is removed by the next attempt, or the next start.
                let _ = self.disk.remove(&beside(&self.path, ".new"));
            }
        }
    }

    /// Brings a new file up to date and gives it the name of the old one.
    fn adopt(&mut self, mut fresh: Fresh, place: Place) -> io::Result<()> {
        fresh.catch_up(&self.source, place, self.end.at)?;
        fresh.sync()?;
        self.disk.rename(&beside(&self.path, ".new"), &self.path)?;
        // From here on the new file is the one; nothing is acknowledged before its name is durable.
        self.folder_unsynced = true;
        self.figures.written_bytes.add(fresh.end.at);
        self.source = Source {
            file: fresh.file,
            id: fresh.id,
            start: fresh.start,
        };
        (self.index, self.end, self.synced) = (fresh.index, fresh.end, fresh.end);
        self.room = Some(self.end.at);
        Ok(())
    }

    /// Waits for twice as much to die before the next attempt.
    fn compaction_failed(&mut self, error: &io::Error) {
        self.dead_next = self.index.dead().max(self.dead_min) * 2;
        self.figures.compaction_failures.add(1);
        error!(%error, "The persistence file could not be rewritten; it goes on growing.");
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
