//! How many bytes of request bodies a site holds at a time, over all its connections.
//!
//! A body takes of the site's budget as its bytes come, and never waits for it: among bodies that are half sent, each
//! would wait for all the others. Before that it takes [`FREE_BYTES`] that its connection has to itself, so small bodies
//! are read however much others hold. So no more is held than the budget and these bytes of each connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the bodies of one connection may hold outside the site's budget: 256 MiB with 16,384 connections.
pub(super) const FREE_BYTES: u64 = 16 << 10;

/// So many bytes, of which some are taken.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicU64,
}

impl Budget {
    pub(super) fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicU64::new(bytes),
        })
    }

    /// What is left right now.
    fn left(&self) -> u64 {
        self.left.load(Relaxed)
    }

    /// Takes as many bytes as there are, and no more than are wanted; how many.
    fn take_up_to(&self, wanted: u64) -> u64 {
        let rest = |left: u64| Some(left.saturating_sub(wanted));
        match self.left.fetch_update(Relaxed, Relaxed, rest) {
            Ok(left) | Err(left) => left.min(wanted),
        }
    }

    /// Takes all of the bytes, or none; whether it did.
    fn take(&self, bytes: u64) -> bool {
        let rest = |left: u64| left.checked_sub(bytes);
        self.left.fetch_update(Relaxed, Relaxed, rest).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.left.fetch_add(bytes, Relaxed);
    }
}

/// What one body has taken; dropped, it is given back.
#[derive(Debug)]
pub(super) struct Share {
    connection: Arc<Budget>,
    site: Arc<Budget>,
    of_connection: AtomicU64,
    of_site: AtomicU64,
}

impl Share {
    /// Nothing yet.
    pub(super) fn new(connection: &Arc<Budget>, site: &Arc<Budget>) -> Arc<Self> {
        Arc::new(Self {
            connection: Arc::clone(connection),
            site: Arc::clone(site),
            of_connection: AtomicU64::new(0),
            of_site: AtomicU64::new(0),
        })
    }

    /// Whether so many bytes could be taken now. Nothing is set aside: whoever only announces bytes must not hold any.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        bytes.saturating_sub(self.connection.left()) <= self.site.left()
    }

    /// Takes bytes that have come; whether there was room for them.
    pub(super) fn take(&self, bytes: u64) -> bool {
        let free = self.connection.take_up_to(bytes);
        self.of_connection.fetch_add(free, Relaxed);
        let rest = bytes - free;
        let taken = self.site.take(rest);
        if taken {
            self.of_site.fetch_add(rest, Relaxed);
        }
        taken
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.connection.give_back(*self.of_connection.get_mut());
        self.site.give_back(*self.of_site.get_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_taken_of_the_connection_first_and_given_back() {
        let (connection, site) = (Budget::new(10), Budget::new(20));
        let left = || (connection.left(), site.left());
        let share = Share::new(&connection, &site);
        assert!(share.take(4));
        assert_eq!(left(), (6, 20));
        assert!(share.take(8));
        assert_eq!(left(), (0, 18));
        let other = Share::new(&connection, &site);
        assert!(other.has_room(18) && !other.has_room(19));
        assert!(!other.take(19));
        assert_eq!(left(), (0, 18));
        assert!(other.take(18) && other.take(0) && !other.take(1));
        assert_eq!(left(), (0, 0));
        drop(other);
        assert_eq!(left(), (0, 18));
        drop(share);
        assert_eq!(left(), (10, 20));
    }
}
