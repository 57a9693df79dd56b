//! Where pushed families outlive the process.
//!
//! A [`Store`] keeps bytes under keys and knows nothing of metrics. One thread uses it at a time. What a
//! commit that asked for [`Sync::Now`] returned `Ok` for is there after any crash.
//!
//! Our records (`record.rs` makes them): one per family of a group. One per group would be fewer, but a
//! POST that replaces one family of a hundred would then have to encode and write the other ninety-nine.
//! - key: the grouping key's canonical bytes (each name and value ended by `0xFF`), then `0xFF`, then the family's name;
//! - value: one version byte (2), when it was pushed (nanoseconds since the epoch), the length of what follows (4 bytes), the
//!   family without its numbers as a length-delimited `io.prometheus.client.MetricFamily`, then its numbers (8 bytes each,
//!   in the order of `shape/numbers.rs`). All little endian. Version 1, which is still read, has the whole family
//!   behind the time. Versions 3 to 5 are laid out like 2 and say that the family was pushed as OpenMetrics: 4 as an
//!   info, 5 as a state set, for which protobuf has no types.
//!
//! [`LogStore`] says how a file of them looks. A file of the program we replace is read by `gob`, once.
//!
//! To add a store: implement the trait in a file of its own, add it to the conformance suite in `tests.rs`, and say in
//! [`crate::commit::open`] when it is taken.

mod figures;
pub(crate) mod gob;
mod log;
mod memory;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use figures::Figures;
pub use log::LogStore;
pub use memory::MemoryStore;

/// One change to what is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Op {
    /// Keep `value` under `key`, in place of what was there.
    Put {
        /// The key.
        key: Vec<u8>,
        /// The value.
        value: Vec<u8>,
    },
    /// Forget a key; it need not be there.
    Delete {
        /// The key.
        key: Vec<u8>,
    },
    /// Forget everything.
    Clear,
}

/// Whether a commit must survive a crash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sync {
    /// On return it is on the disk, with everything committed before.
    Now,
    /// It is kept in order, and on the disk after the next commit that asks for [`Sync::Now`].
    Later,
}

/// Why a store cannot do what it should.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is not a store of ours, or another process holds it, or it cannot be made. It was not changed.
    #[error("cannot open {path}: {reason}")]
    Open {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file was written by another version of this program.
    #[error(
        "cannot open {path}: its layout has version {found}, this program knows version {known}"
    )]
    Version {
        /// The file.
        path: String,
        /// The version in the file.
        found: u32,
        /// The version we write.
        known: u32,
    },
    /// Reading failed.
    #[error("cannot read the store: {0}")]
    Read(String),
    /// Writing or syncing failed. What was committed since the last [`Sync::Now`] that succeeded must be committed
    /// again; until then it may be there or not. The next commit may succeed.
    #[error("cannot write to the store: {0}")]
    Write(String),
}

/// What a store shows its records to: key, value.
pub type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError> + 'v;

/// Keeps bytes under keys, durably.
pub trait Store: Send {
    /// Shows every record once, in any order.
    ///
    /// # Errors
    /// [`StoreError::Read`], or the first error of `each`.
    fn load(&mut self, each: &mut Visit<'_>) -> Result<(), StoreError>;

    /// Applies all changes in order, or none that a later [`Store::load`] of this process would show.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    fn commit(&mut self, batch: &[Op], sync: Sync) -> Result<(), StoreError>;

    /// Whether anything is kept at all; where not, nobody need make records.
    fn keeps(&self) -> bool {
        true
    }

    /// What a store on a disk tells about itself.
    fn figures(&self) -> Option<Arc<Figures>> {
        None
    }
}
