//! The open connections of a site, of which there are so many and no more.
//!
//! When all seats are taken, a newcomer gets the seat of whoever has been idle longest: clients that only hold
//! connections open must not lock out those with a request. A connection with a request, or the beginning of one,
//! keeps its seat, and so does one whose TLS handshake has begun; the timeouts see to those that dawdle.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::timeout;

use super::activity::Activity;

/// How soon a newcomer looks again for a connection that has become idle: nothing tells it.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The pause between two log lines that say that all seats are taken.
const QUIET: Duration = Duration::from_secs(60);

/// All seats of a site.
#[derive(Debug)]
pub(super) struct Seats {
    site: &'static str,
    max: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    by: HashMap<u64, Arc<Activity>>,
    next: u64,
    said_full: Option<Instant>,
}

/// The seat of one open connection; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Seat {
    /// What the connection is doing.
    pub(super) activity: Arc<Activity>,
    number: u64,
    seats: Arc<Seats>,
}

impl Seats {
    /// `max` free seats, at least one.
    pub(super) fn new(site: &'static str, max: usize) -> Arc<Self> {
        Arc::new(Self {
            site,
            max: max.max(1),
            taken: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// A seat for a connection just accepted; waits while all others are busy.
    pub(super) async fn take(self: &Arc<Self>) -> Seat {
        let activity = Activity::new();
        loop {
            if let Some(number) = self.try_take(&activity) {
                let seats = Arc::clone(self);
                return Seat {
                    activity,
                    number,
                    seats,
                };
            }
            self.make_room();
            // Whether a seat was freed or not, the next round finds out.
            let _ = timeout(LOOK_AGAIN, self.freed.notified()).await;
        }
    }

    /// Asks the connection that has been idle longest to close; does nothing when all are busy.
    pub(super) fn make_room(&self) {
        let taken = self.lock();
        let idle = taken
            .by
            .values()
            .filter_map(|activity| Some((activity.idle_from()?, activity)));
        if let Some((_, longest)) = idle.min_by_key(|(from, _)| *from) {
            longest.give_way();
        }
    }

    fn try_take(&self, activity: &Arc<Activity>) -> Option<u64> {
        let mut taken = self.lock();
        if taken.by.len() >= self.max {
            taken.say_full(self.site, self.max);
            return None;
        }
        let number = taken.next;
        taken.next += 1;
        taken.by.insert(number, Arc::clone(activity));
        Some(number)
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Says that the limit is reached, but not for every newcomer.
    fn say_full(&mut self, site: &str, limit: usize) {
        if self.said_full.is_none_or(|said| said.elapsed() >= QUIET) {
            self.said_full = Some(Instant::now());
            tracing::warn!(
                site,
                limit,
                "All connections are in use, the idle ones are closed for new clients"
            );
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().by.remove(&self.number);
        self.seats.freed.notify_one();
    }
}
