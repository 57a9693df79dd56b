//! What happened while a resource was listed and watched, for the program's own metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A number that only `watch` changes and everybody reads.
#[derive(Debug, Default)]
pub struct Number(AtomicU64);

impl Number {
    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

/// What happened to one resource, in all its namespaces together. Whether it is whole, its lines say.
#[derive(Debug, Default)]
pub struct Stats {
    /// Lists that were whole, whichever way they came.
    pub lists_ok: Number,
    /// Lists that failed: refused, cut, late.
    pub lists_failed: Number,
    /// Lists made again beside the lines of an earlier one, because the watch could not go on.
    pub relists: Number,
    /// Watches that the API server opened; a streaming list is one.
    pub watches_ok: Number,
    /// Watches that it refused, or that broke.
    pub watches_failed: Number,
    /// Objects that came new or changed, listed or watched; those of other shards do not count.
    pub puts: Number,
    /// Objects that went, as the watch told.
    pub removes: Number,
    /// Bookmarks.
    pub bookmarks: Number,
    /// Objects that could not be read and are not shown.
    pub unreadable: Number,
    last_contact: Number,
}

impl Stats {
    /// Milliseconds since 1970 when the API server last sent anything of this resource; 0 before that.
    pub fn last_contact_millis(&self) -> u64 {
        self.last_contact.get()
    }

    pub(crate) fn contact(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        self.last_contact
            .set(now.map_or(0, |since| since.as_millis() as u64));
    }
}
