//! What a push costs, in counts that do not depend on the machine's mood: allocations, bytes, instructions.
//!
//! A binary of its own, because its allocator counts for the whole process. Its tests take turns.
#![expect(
    clippy::unwrap_used,
    reason = "a failed assumption in a test is the finding"
)]

mod allocator;
mod instructions;
mod load;
mod memory;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by the test that counts now.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A test that failed has left nothing behind that others would see.
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
