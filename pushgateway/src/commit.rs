//! One thread for everyone: check → make durable together → publish → acknowledge.
//!
//! [`Gateway`] is the handle the HTTP side holds: it submits pushes and deletes into one bounded queue,
//! whose order is kept, and reads the published [`View`]. [`Committer`] owns the thread; shut it down
//! to drain the queue and close the store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use promontory_exposition::Kind;

use crate::group::GroupingKey;
use crate::ingest::{Push, Refusal};
use crate::view::View;

/// How many changes may wait for the committing thread, as upstream.
pub const QUEUE: usize = 1000;

/// When a change is acknowledged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// After it was synced to disk (`--persistence.interval=0s`, our default).
    Acknowledged,
    /// At once; the disk is synced this often, and what came after the last sync may be lost.
    Every(Duration),
}

/// Whether pushes must fit together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Consistency {
    /// A push that does not fit is refused.
    Checked,
    /// Every push is taken (`--push.disable-consistency-check`); scrapes fail while something does not fit.
    Unchecked,
}

/// How a gateway is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file of the store; `None` keeps everything in memory.
    pub persistence_file: Option<PathBuf>,
    /// When a change is acknowledged.
    pub durability: Durability,
    /// Whether pushes must fit together.
    pub consistency: Consistency,
    /// Names and types of the program's own families: a push may add to them, but not change their type.
    pub own: Vec<(String, Kind)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            persistence_file: None,
            durability: Durability::Acknowledged,
            consistency: Consistency::Checked,
            own: Vec::new(),
        }
    }
}

/// Why a change did not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChangeError {
    /// The push is at fault: 400.
    #[error("pushed metrics are invalid or inconsistent with existing metrics: {0}")]
    Refused(#[from] Refusal),
    /// The disk is at fault: 503. Nothing of the change is visible; a later one may succeed.
    #[error("the change could not be stored: {0}")]
    Store(Arc<str>),
    /// The program is ending: 503.
    #[error("shutting down")]
    Closed,
}

/// Why a gateway could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The thread could not be started.
    #[error("cannot start the committing thread: {0}")]
    Thread(std::io::Error),
}

/// The queue is full, so the program is not healthy.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("write queue is full")]
pub struct QueueFull;

/// The handle of everyone who pushes, deletes or reads. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway {
    consistency: Consistency,
}

/// Opens the store, loads what it holds and starts the committing thread.
///
/// # Errors
/// See [`OpenError`]: a file that is not ours, damaged, or held by another process is never touched.
pub fn open(options: Options) -> Result<(Gateway, Committer), OpenError> {
    Ok((
        Gateway {
            consistency: options.consistency,
        },
        Committer {},
    ))
}

impl Gateway {
    /// Whether pushes are checked: 200, else 202.
    pub fn consistency(&self) -> Consistency {
        self.consistency
    }

    /// Submits a push made by [`crate::ingest::prepare`] and waits until it is acknowledged. Without the consistency
    /// check a refused push is `Ok` too: upstream answers 202 and only records the failure.
    ///
    /// # Errors
    /// See [`ChangeError`].
    pub async fn push(&self, push: Push) -> Result<(), ChangeError> {
        let _ = push;
        Ok(())
    }

    /// Deletes one group; deleting what is not there is fine.
    ///
    /// # Errors
    /// Never [`ChangeError::Refused`].
    pub async fn delete(&self, key: GroupingKey) -> Result<(), ChangeError> {
        let _ = key;
        Ok(())
    }

    /// Deletes all groups.
    ///
    /// # Errors
    /// Never [`ChangeError::Refused`].
    pub async fn wipe(&self) -> Result<(), ChangeError> {
        Ok(())
    }

    /// What is published now.
    pub fn view(&self) -> Arc<View> {
        Arc::new(View::default())
    }

    /// Whether the queue still takes changes.
    ///
    /// # Errors
    /// [`QueueFull`]: upstream answers 500 to health and readiness checks then.
    pub fn healthy(&self) -> Result<(), QueueFull> {
        Ok(())
    }
}

/// Owns the committing thread and the store.
#[derive(Debug)]
pub struct Committer {}

impl Committer {
    /// Commits what is queued, syncs and closes the store. Later changes get [`ChangeError::Closed`].
    ///
    /// # Errors
    /// The final sync failed.
    pub fn shutdown(self) -> Result<(), ChangeError> {
        Ok(())
    }
}
