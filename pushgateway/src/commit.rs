//! One thread for everyone: check → make durable together → publish → acknowledge.
//!
//! [`Gateway`] is the handle the HTTP side holds: it submits pushes and deletes into one bounded queue,
//! whose order is kept, and reads the published [`View`]. [`Committer`] owns the thread; shut it down
//! to drain the queue and close the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::group::GroupingKey;
use crate::ingest::Push;
use crate::ledger::Ledger;
use crate::migrate;
use crate::page::Pages;
use crate::request::{Action, Request};
use crate::selector::Found;
use crate::store::{Figures, LogStore, MemoryStore, Store, StoreError, Sync};
use crate::time::UnixNanos;
use crate::view::View;

pub use crate::options::{Consistency, Durability, Options};
pub use crate::request::ChangeError;

/// How many changes may wait for the committing thread, as upstream.
pub const QUEUE: usize = 1000;

/// The timer knows nothing of a wall clock that was set or a machine that slept, so look again this often while
/// any group can expire.
const LOOK: Duration = Duration::from_secs(5);

/// How long a disk that refused is left alone before it is tried again, unless a push comes first.
const RETRY: Duration = Duration::from_secs(1);

/// Why a gateway could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store is not usable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread could not be started.
    #[error("cannot start the committing thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// The queue is full, so the program is not healthy.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("write queue is full")]
pub struct QueueFull;

/// The handle of everyone who pushes, deletes or reads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway {
    queue: mpsc::Sender<Request>,
    published: Arc<ArcSwap<View>>,
    pages: Arc<Pages>,
    consistency: Consistency,
    figures: Option<Arc<Figures>>,
    expired: Arc<AtomicU64>,
}

/// Opens the store, loads what it holds and starts the committing thread. A file of the program we replace is taken over.
///
/// # Errors
/// See [`OpenError`]: a file that is not ours, or held by another process, is never touched.
pub fn open(options: &Options) -> Result<(Gateway, Committer), OpenError> {
    let store: Box<dyn Store> = match &options.persistence_file {
        Some(path) => {
            migrate::take_over(path)?;
            Box::new(LogStore::open(path)?)
        }
        None => Box::new(MemoryStore::forgetful()),
    };
    open_with(store, options)
}

/// [`open`] on a store of the caller's; for tests.
///
/// # Errors
/// See [`OpenError`].
pub fn open_with(
    store: Box<dyn Store>,
    options: &Options,
) -> Result<(Gateway, Committer), OpenError> {
    let published = Arc::new(ArcSwap::from_pointee(View::default()));
    let (queue, requests) = mpsc::channel(QUEUE);
    let (stop, stopped) = oneshot::channel();
    let figures = store.figures();
    let mut ledger = Ledger::load(store, options, Arc::clone(&published))?;
    ledger.expire_all(UnixNanos::now());
    let expired = ledger.expired();
    let durability = options.durability;
    // The runtime only waits: for the queue, for the time of the next sync or expiry, for the end.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let thread = std::thread::Builder::new()
        .name("commit".to_owned())
        .spawn(move || runtime.block_on(run(ledger, requests, stopped, durability)))?;
    let gateway = Gateway {
        queue,
        published,
        pages: Arc::default(),
        consistency: options.consistency,
        figures,
        expired,
    };
    Ok((gateway, Committer { stop, thread }))
}

impl Gateway {
    /// Whether pushes are checked: 200, else 202.
    pub fn consistency(&self) -> Consistency {
        self.consistency
    }

    /// Submits a push made by [`crate::ingest::prepare`] and waits until it is acknowledged. Without the
    /// consistency check a refused push is `Ok` too: upstream answers 202 and only records the failure.
    ///
    /// # Errors
    /// See [`ChangeError`].
    pub async fn push(&self, push: Push) -> Result<(), ChangeError> {
        self.submit(Action::Push(Box::new(push))).await.map(drop)
    }

    /// Deletes one group; deleting what is not there is fine.
    ///
    /// # Errors
    /// Never [`ChangeError::Refused`].
    pub async fn delete(&self, key: GroupingKey) -> Result<(), ChangeError> {
        self.submit(Action::Delete(key)).await.map(drop)
    }

    /// Deletes all groups that selectors take by their grouping labels, at one moment, and tells which they were. They
    /// were found in a [`view`](Self::view); what came and went since is considered.
    ///
    /// # Errors
    /// Never [`ChangeError::Refused`]; after an error none is deleted.
    pub async fn delete_matching(&self, found: Found) -> Result<Vec<GroupingKey>, ChangeError> {
        self.submit(Action::DeleteMatching(found)).await
    }

    /// Deletes all groups, and tells how many there were.
    ///
    /// # Errors
    /// Never [`ChangeError::Refused`].
    pub async fn wipe(&self) -> Result<usize, ChangeError> {
        let deleted = self.submit(Action::Wipe).await?;
        Ok(deleted.len())
    }

    async fn submit(&self, action: Action) -> Result<Vec<GroupingKey>, ChangeError> {
        let (reply, answer) = oneshot::channel();
        let request = Request { action, reply };
        self.queue
            .send(request)
            .await
            .map_err(|_| ChangeError::Closed)?;
        answer.await.map_err(|_| ChangeError::Closed)?
    }

    /// What is published now.
    pub fn view(&self) -> Arc<View> {
        self.published.load_full()
    }

    /// What is kept from scrape to scrape.
    pub fn pages(&self) -> Arc<Pages> {
        Arc::clone(&self.pages)
    }

    /// What the persistence file tells about itself; `None` where there is none.
    pub fn persistence(&self) -> Option<Arc<Figures>> {
        self.figures.clone()
    }

    /// How many changes wait for the committing thread; it may have taken some up already.
    pub fn waiting(&self) -> usize {
        QUEUE - self.queue.capacity()
    }

    /// How many groups expired since the start.
    pub fn expired_groups(&self) -> u64 {
        self.expired.load(Ordering::Relaxed)
    }

    /// Whether the queue still takes changes.
    ///
    /// # Errors
    /// [`QueueFull`]: upstream answers 500 to health and readiness checks then.
    pub fn healthy(&self) -> Result<(), QueueFull> {
        if self.queue.capacity() == 0 {
            Err(QueueFull)
        } else {
            Ok(())
        }
    }
}

/// Owns the committing thread and the store. Dropping it ends the thread too, without waiting.
#[derive(Debug)]
pub struct Committer {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), ChangeError>>,
}

impl Committer {
    /// Commits what is queued, syncs and closes the store; waits for the disk. Later changes get
    /// [`ChangeError::Closed`].
    ///
    /// # Errors
    /// The final sync failed.
    pub fn shutdown(self) -> Result<(), ChangeError> {
        // The thread may have ended already; then joining says how.
        let _ = self.stop.send(());
        self.thread.join().unwrap_or(Err(ChangeError::Closed))
    }
}

/// The committing thread.
async fn run(
    mut ledger: Ledger,
    mut requests: mpsc::Receiver<Request>,
    mut stopped: oneshot::Receiver<()>,
    durability: Durability,
) -> Result<(), ChangeError> {
    let mut batch = Vec::with_capacity(QUEUE);
    // When the disk is to be synced; `None` while nothing waits for it.
    let mut due: Option<Instant> = None;
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            () = until(due) => {
                ledger.sync();
                due = if ledger.is_unsynced() { next_sync(&ledger, durability) } else { None };
                continue;
            }
            // Everyone who held a handle may be gone as well.
            taken = requests.recv_many(&mut batch, QUEUE) => if taken == 0 { break },
            () = until(next_look(&ledger)) => {}
        }
        let sync = match durability {
            Durability::Acknowledged => Sync::Now,
            Durability::Every(_) => Sync::Later,
        };
        ledger.commit(&mut batch, UnixNanos::now(), sync);
        // A refusal is tried again soon, however far the next sync is.
        due = match (due, next_sync(&ledger, durability)) {
            (Some(due), Some(next)) if ledger.has_failed() => Some(due.min(next)),
            (due, next) => due.or(next),
        };
    }
    requests.close();
    while requests.recv_many(&mut batch, QUEUE).await > 0 {
        ledger.commit(&mut batch, UnixNanos::now(), Sync::Now);
    }
    ledger.finish()
}

/// When a change made now must be synced by. What the disk refused is tried again by itself: while it refuses, nobody may be
/// sent here who would find out that it no longer does.
fn next_sync(ledger: &Ledger, durability: Durability) -> Option<Instant> {
    let wait = match durability {
        _ if ledger.has_failed() => RETRY,
        Durability::Acknowledged => return None,
        Durability::Every(interval) => interval,
    };
    Some(Instant::now() + wait)
}

/// When to look for groups that have expired; `None` while none can.
fn next_look(ledger: &Ledger) -> Option<Instant> {
    let left = ledger.next_expiry()?.since(UnixNanos::now()).min(LOOK);
    let wait = if ledger.has_failed() { RETRY } else { left };
    Some(Instant::now() + wait)
}

/// Waits until a moment, or for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
