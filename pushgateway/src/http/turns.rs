//! Turns at work that keeps a processor busy: only so much of it at once, away from the threads that answer others.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinError;

/// So many turns at a time. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Turns(Arc<Semaphore>);

/// One of them; dropped, it is the next one's.
#[derive(Debug)]
pub(super) struct Turn {
    // The semaphore is never closed; were it, one piece of work more would be no harm.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Default for Turns {
    /// As many at once as there are processors: such work waits for nothing else.
    fn default() -> Self {
        Self::at_once(std::thread::available_parallelism().map_or(2, usize::from))
    }
}

impl Turns {
    /// So many at once.
    pub(super) fn at_once(turns: usize) -> Self {
        Self(Arc::new(Semaphore::new(turns)))
    }

    /// Waits for a turn.
    pub(super) async fn next(&self) -> Turn {
        Turn {
            _permit: Arc::clone(&self.0).acquire_owned().await.ok(),
        }
    }
}

impl Turn {
    /// Does the work on a thread that may block. The work has the turn, not who waits for it: that one may be gone long before.
    ///
    /// # Errors
    /// The work panicked.
    pub(super) async fn take<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let working = tokio::task::spawn_blocking(move || {
            let _turn = self;
            work()
        });
        working.await
    }
}
