//! One thread for everyone: check → make durable together → publish → acknowledge.
//!
//! [`Gateway`] is the handle the HTTP side holds: it submits pushes and deletes into one bounded queue,
//! whose order is kept, and reads the published [`View`]. [`Committer`] owns the [`thread`]; shut it down
//! to drain the queue and close the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};

use crate::group::GroupingKey;
use crate::ingest::Push;
use crate::ledger::Ledger;
use crate::migrate;
use crate::page::Pages;
use crate::request::{Action, Request};
use crate::selector::Found;
use crate::store::{Figures, LogStore, MemoryStore, Store, StoreError};
use crate::time::UnixNanos;
use crate::view::View;

mod thread;

pub use crate::options::{Consistency, Durability, Options};
pub use crate::request::ChangeError;
pub use thread::Committer;

/// How many changes may wait for the committing thread, as upstream.
pub const QUEUE: usize = 1000;

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
    let figures = store.figures();
    let mut ledger = Ledger::load(store, options, Arc::clone(&published))?;
    ledger.expire_all(UnixNanos::now());
    let expired = ledger.expired();
    let committer = Committer::start(ledger, requests, options.durability)?;
    let gateway = Gateway {
        queue,
        published,
        pages: Arc::default(),
        consistency: options.consistency,
        figures,
        expired,
    };
    Ok((gateway, committer))
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
