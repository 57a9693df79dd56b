//! The thread: what it waits for, and when it syncs and looks for groups that have expired.

use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::QUEUE;
use crate::ledger::Ledger;
use crate::options::Durability;
use crate::request::{ChangeError, Request};
use crate::store::Sync;
use crate::time::UnixNanos;

/// The timer knows nothing of a wall clock that was set or a machine that slept, so look again this often while
/// any group can expire.
const LOOK: Duration = Duration::from_secs(5);

/// How long a disk that refused is left alone before it is tried again, unless a push comes first.
const RETRY: Duration = Duration::from_secs(1);

/// Owns the committing thread and the store. Dropping it ends the thread too, without waiting.
#[derive(Debug)]
pub struct Committer {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), ChangeError>>,
}

impl Committer {
    /// Starts the thread.
    pub(super) fn start(
        ledger: Ledger,
        requests: mpsc::Receiver<Request>,
        durability: Durability,
    ) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        // The runtime only waits: for the queue, for the time of the next sync or expiry, for the end.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || runtime.block_on(run(ledger, requests, stopped, durability)))?;
        Ok(Self { stop, thread })
    }

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

/// What the thread does.
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
