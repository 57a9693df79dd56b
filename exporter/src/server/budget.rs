//! The bytes of all bodies of a site that are in flight, of which there are so many and no more.
//!
//! Nobody waits for room: clients that hold half a body each would wait for each other. The beginning of a body is
//! free, so that small ones are taken whatever large ones there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::limits::Limits;

/// Bytes of each body that take no room.
const FREE: u64 = 16 << 10;

/// All room of a site.
#[derive(Debug)]
pub(super) struct Budget {
    max: u64,
    taken: AtomicU64,
}

/// What one body takes of it; dropped, the room is free again.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    bytes: AtomicU64,
}

impl Budget {
    /// As much room as the limits allow, and for one body in any case.
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            max: limits.bodies_bytes_max.max(limits.body_bytes_max),
            taken: AtomicU64::new(0),
        })
    }

    /// The share of a body that has not begun.
    pub(super) fn share(self: &Arc<Self>) -> Arc<Share> {
        Arc::new(Share {
            budget: Arc::clone(self),
            bytes: AtomicU64::new(0),
        })
    }
}

impl Share {
    /// Takes room for more bytes, or none if there is not enough.
    pub(super) fn grow(&self, bytes: u64) -> bool {
        let before = self.bytes.load(Relaxed);
        let after = before.saturating_add(bytes);
        let more = room(after) - room(before);
        let with_more = |taken: u64| {
            let taken = taken.saturating_add(more);
            (taken <= self.budget.max).then_some(taken)
        };
        let taken = &self.budget.taken;
        let grown = more == 0 || taken.fetch_update(Relaxed, Relaxed, with_more).is_ok();
        if grown {
            self.bytes.store(after, Relaxed);
        }
        grown
    }

    /// The room there is in all.
    pub(super) fn bytes_max(&self) -> u64 {
        self.budget.max
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Relaxed);
        self.budget.taken.fetch_sub(room(bytes), Relaxed);
    }
}

/// The room that so many bytes of a body take.
fn room(bytes: u64) -> u64 {
    bytes.saturating_sub(FREE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bodies_are_taken_whatever_large_ones_there_are() {
        let budget = Budget::new(&Limits {
            body_bytes_max: 1 << 20,
            bodies_bytes_max: 2 << 20,
            ..Limits::default()
        });
        let large: Vec<_> = (0..2).map(|_| budget.share()).collect();
        assert!(large.iter().all(|share| share.grow(1 << 20)));
        let third = budget.share();
        assert!(third.grow(FREE));
        assert!(
            third.grow(2 * FREE),
            "the free beginnings of the others are room"
        );
        assert!(!third.grow(1), "all room is taken");
        let small = budget.share();
        assert!(small.grow(FREE));
        assert!(!small.grow(1));
        drop(third);
        assert!(small.grow(2 * FREE));
        drop((large, small));
        assert_eq!(budget.taken.load(Relaxed), 0, "all room is given back");
    }

    #[test]
    fn there_is_room_for_the_largest_body() {
        let budget = Budget::new(&Limits {
            body_bytes_max: u64::MAX,
            bodies_bytes_max: 1,
            ..Limits::default()
        });
        let share = budget.share();
        assert!(share.grow(u64::MAX / 2) && share.grow(u64::MAX / 2));
    }
}
