//! What one connection is doing right now, and when it has done nothing for too long.
//!
//! hyper has one timer for "no request head yet", which cannot tell an idle keep-alive connection (fine for
//! minutes) from a head that trickles in (an attack within seconds). Here the socket reports bytes, the service
//! reports requests, and [`Activity::overdue`] tells the two apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::limits::Limits;

/// No head is being read.
const NONE: u64 = u64::MAX;
/// The first head is awaited, nothing of it has arrived.
const AWAITED: u64 = 0;
/// The earliest time at which a head can have begun to arrive.
const STARTED: u64 = 1;

/// Shared by a connection's socket, its requests and its watchdog. Times are microseconds since `opened`: fine enough to tell who has been idle longest.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    in_flight: AtomicUsize,
    head_since: AtomicU64,
    idle_since: AtomicU64,
    multiplexed: AtomicBool,
    gives_way: AtomicBool,
    told: Notify,
}

impl Activity {
    /// A connection just accepted: its first head is awaited from now on.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            in_flight: AtomicUsize::new(0),
            head_since: AtomicU64::new(AWAITED),
            idle_since: AtomicU64::new(0),
            multiplexed: AtomicBool::new(false),
            gives_way: AtomicBool::new(false),
            told: Notify::new(),
        })
    }

    /// HTTP/2 frames come at any time (PING, WINDOW_UPDATE): bytes say nothing about heads from now on.
    pub(super) fn set_multiplexed(&self) {
        self.multiplexed.store(true, Relaxed);
    }

    /// The socket gave bytes. Between requests they are the beginning of a head.
    pub(super) fn bytes_read(&self) {
        if self.in_flight.load(Relaxed) > 0 || self.multiplexed.load(Relaxed) {
            return;
        }
        match self.head_since.load(Relaxed) {
            NONE => self.head_since.store(self.now().max(STARTED), Relaxed),
            AWAITED => self.head_since.store(STARTED, Relaxed),
            _ => {}
        }
    }

    /// A request has begun; it ends when the guard is dropped, after the last byte of the answer's body.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        let in_flight = self.busy();
        self.head_since.store(NONE, Relaxed);
        in_flight
    }

    /// Something goes on that is no request, a handshake; its first head is still awaited when the guard is dropped.
    pub(super) fn busy(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Nothing is being answered and nothing of a next request has arrived.
    pub(super) fn is_quiet(&self) -> bool {
        let nothing_read = matches!(self.head_since.load(Relaxed), NONE | AWAITED);
        self.in_flight.load(Relaxed) == 0 && nothing_read
    }

    /// Since when the connection has been idle; `None` while it is busy, and once it was told to give way.
    pub(super) fn idle_from(&self) -> Option<Instant> {
        let idle = self.is_quiet() && !self.gives_way.load(Relaxed);
        idle.then(|| self.opened + Duration::from_micros(self.idle_since.load(Relaxed)))
    }

    /// Tells the connection to close for another one.
    pub(super) fn give_way(&self) {
        self.gives_way.store(true, Relaxed);
        self.told.notify_one();
    }

    /// Returns when the connection is told to give way, at once if that has happened before.
    pub(super) async fn told_to_give_way(&self) {
        self.told.notified().await;
    }

    /// Returns when a head takes longer than `header_timeout`, or nothing happens for `idle_timeout`.
    pub(super) async fn overdue(&self, limits: &Limits) {
        loop {
            let now = self.now();
            let due = self.due(now, limits);
            if due <= now {
                return;
            }
            // A head that begins while we sleep is due after a whole header_timeout, so we never wake too late.
            let next = due.min(
                now.saturating_add(micros(limits.header_timeout))
                    .max(now + 1),
            );
            sleep_until(self.opened + Duration::from_micros(next)).await;
        }
    }

    fn due(&self, now: u64, limits: &Limits) -> u64 {
        if self.in_flight.load(Relaxed) > 0 {
            return now.saturating_add(micros(limits.idle_timeout).max(1));
        }
        match self.head_since.load(Relaxed) {
            NONE => self
                .idle_since
                .load(Relaxed)
                .saturating_add(micros(limits.idle_timeout)),
            since => since.saturating_add(micros(limits.header_timeout)),
        }
    }

    fn now(&self) -> u64 {
        micros(self.opened.elapsed())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(NONE - 1)
}

/// A request in flight, or a handshake.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
