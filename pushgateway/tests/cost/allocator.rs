//! Counts what the whole process allocates: a push is made ready on one thread and committed on another.

#![expect(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; this one only counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[global_allocator]
static COUNTING: Counting = Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);
static FREED: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn count(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    ALLOCATED.fetch_add(bytes, Relaxed);
}

// SAFETY: every call is passed on unchanged to the system's allocator; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as the caller promised us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        FREED.fetch_add(layout.size(), Relaxed);
        // SAFETY: as the caller promised us.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        FREED.fetch_add(layout.size(), Relaxed);
        // SAFETY: as the caller promised us.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What a piece of work has asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Calls that asked for memory.
    pub(crate) allocations: usize,
    /// Bytes asked for, those given back included.
    pub(crate) bytes: usize,
}

/// What the process has asked for since it started.
pub(crate) fn so_far() -> Usage {
    Usage {
        allocations: ALLOCATIONS.load(Relaxed),
        bytes: ALLOCATED.load(Relaxed),
    }
}

/// Bytes not given back yet.
pub(crate) fn live_bytes() -> usize {
    ALLOCATED.load(Relaxed).saturating_sub(FREED.load(Relaxed))
}
