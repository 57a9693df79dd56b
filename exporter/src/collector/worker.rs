//! One collector on its own thread, which lives as long as the registry.
//!
//! One thread a collector means: it is never run twice at a time, and one that hangs holds exactly one
//! thread. While it is late for a scrape, further scrapes do not wait for it at all.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use promontory_exposition::batch::Batch;
use tracing::error;

use super::{CollectError, Collector, Filter};

/// Scrapes that may queue for one collector; more are told that it is busy.
const QUEUE_MAX: usize = 64;

/// A collector, and the way to its thread.
pub(super) struct Worker {
    collector: Arc<dyn Collector>,
    /// Whether filters apply to it, and it has series about its scrapes.
    pub(super) filtered: bool,
    jobs: SyncSender<Job>,
    progress: Arc<Mutex<Progress>>,
}

/// The numbers of jobs: asked for, done, and the last one that somebody waited for in vain.
#[derive(Default)]
struct Progress {
    asked: u64,
    done: u64,
    late: u64,
}

/// One run of the collector for one scrape.
struct Job {
    number: u64,
    index: usize,
    deadline: Instant,
    reply: Sender<(usize, Outcome)>,
}

/// How a run went.
pub(super) struct Outcome {
    pub(super) batch: Batch,
    pub(super) result: Result<(), CollectError>,
    pub(super) duration: Duration,
}

impl Outcome {
    /// Nothing in time.
    pub(super) fn late(duration: Duration) -> Self {
        let message = "did not finish before the scrape's deadline".to_owned();
        Self {
            batch: Batch::default(),
            result: Err(CollectError::Failed(message)),
            duration,
        }
    }

    /// Not started.
    pub(super) fn refused(reason: &str) -> Self {
        let result = Err(CollectError::Failed(reason.to_owned()));
        Self {
            batch: Batch::default(),
            result,
            duration: Duration::ZERO,
        }
    }
}

impl Worker {
    /// Starts the thread.
    pub(super) fn start(collector: Arc<dyn Collector>, filtered: bool) -> Self {
        let (jobs, queue) = sync_channel(QUEUE_MAX);
        let progress = Arc::<Mutex<Progress>>::default();
        let (theirs, counter) = (Arc::clone(&collector), Arc::clone(&progress));
        let thread = thread::Builder::new().name(format!("collect {}", collector.name()));
        if let Err(err) = thread.spawn(move || work(&*theirs, &queue, &counter)) {
            // The queue went with the closure: every scrape will say that the thread is gone.
            error!(name = collector.name(), %err, "no thread for a collector");
        }
        Self {
            collector,
            filtered,
            jobs,
            progress,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.collector.name()
    }

    /// Whether a filter lets it run.
    pub(super) fn is_asked(&self, filter: &Filter) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == self.name());
        match filter {
            Filter::Only(names) if self.filtered => named(names),
            Filter::Without(names) if self.filtered => !named(names),
            _ => true,
        }
    }

    /// Asks for one run, whose outcome goes to `reply` under `index`; returns the job's number.
    pub(super) fn ask(
        &self,
        index: usize,
        deadline: Instant,
        reply: Sender<(usize, Outcome)>,
    ) -> Result<u64, &'static str> {
        let mut progress = lock(&self.progress);
        if progress.late > progress.done {
            return Err("is still busy with an earlier scrape, whose deadline has passed");
        }
        let number = progress.asked + 1;
        let job = Job {
            number,
            index,
            deadline,
            reply,
        };
        self.jobs
            .try_send(job)
            .map_err(|_| "has too many scrapes waiting, or its thread is gone")?;
        progress.asked = number;
        Ok(number)
    }

    /// Notes that nobody waits for this job any more.
    pub(super) fn mark_late(&self, job: u64) {
        let mut progress = lock(&self.progress);
        progress.late = progress.late.max(job);
    }
}

/// The thread: runs job after job until the registry is dropped.
fn work(collector: &dyn Collector, queue: &Receiver<Job>, progress: &Mutex<Progress>) {
    for job in queue {
        let begin = Instant::now();
        // A job that waited past its deadline is not worth running.
        if begin < job.deadline {
            let outcome = run(collector, begin);
            // The scrape may have given up in the meantime.
            let _ = job.reply.send((job.index, outcome));
        }
        lock(progress).done = job.number;
    }
}

/// Runs the collector once, behind the fence.
fn run(collector: &dyn Collector, begin: Instant) -> Outcome {
    let mut batch = Batch::default();
    // The batch of a run that panicked may be half written and is thrown away; a collector that keeps
    // state behind a lock sees the poison itself.
    let result = catch_unwind(AssertUnwindSafe(|| collector.collect(&mut batch)));
    let result = result.unwrap_or_else(|payload| {
        batch = Batch::default();
        Err(CollectError::Failed(format!(
            "panicked: {}",
            panic_words(&*payload)
        )))
    });
    Outcome {
        batch,
        result,
        duration: begin.elapsed(),
    }
}

/// What a panic said.
pub(crate) fn panic_words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}

/// The numbers stay true whatever thread died holding them.
fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}
