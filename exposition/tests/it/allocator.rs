//! Counts what the current thread allocates, so that tests can put a bound on it.

#![expect(
    unsafe_code,
    reason = "a global allocator is an unsafe trait; this one only counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn grow(bytes: isize) {
    let live = LIVE.get() + bytes;
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: every call is passed on unchanged to the system's allocator; counting neither allocates nor
// unwinds, for the cells are initialised at compile time and have no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        grow(layout.size().cast_signed());
        // SAFETY: as the caller promised us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        grow(-layout.size().cast_signed());
        // SAFETY: as the caller promised us.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // Both are there while the bytes move.
        grow(size.cast_signed());
        grow(-layout.size().cast_signed());
        // SAFETY: as the caller promised us.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What a piece of work took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Calls that asked for memory.
    pub(crate) allocations: usize,
    /// The most that was held at once beyond what was held before, in bytes.
    pub(crate) peak_bytes: usize,
}

/// Runs `work` on this thread and says what it took.
pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (T, Usage) {
    let (allocations, live) = (ALLOCATIONS.get(), LIVE.get());
    PEAK.set(live);
    let done = work();
    let usage = Usage {
        allocations: ALLOCATIONS.get() - allocations,
        peak_bytes: (PEAK.get() - live).cast_unsigned(),
    };
    (done, usage)
}

#[test]
fn what_is_allocated_is_counted() {
    let (kept, usage) = measure(|| {
        drop(vec![0u8; 1000]);
        vec![0u8; 300]
    });
    assert_eq!((usage.allocations, usage.peak_bytes), (2, 1000));
    drop(kept);
}
