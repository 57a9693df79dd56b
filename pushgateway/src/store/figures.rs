//! What a store on a disk tells about itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::time::UnixNanos;

/// Counts and sizes, written by the committing thread and read by scrapes.
#[derive(Debug, Default)]
pub struct Figures {
    /// When the disk last had everything, in nanoseconds since the epoch; 0 for never.
    synced: AtomicU64,
    /// Commits and syncs that failed.
    failures: Figure,
    /// What the disk said when it last failed, until everything is on it again.
    trouble: Mutex<Option<String>>,
    /// Bytes of the file.
    pub(super) file_bytes: Figure,
    /// Bytes written to it and to those that took its place.
    pub(super) written_bytes: Figure,
    /// Records held.
    pub(super) records: Figure,
    /// Times the file was rewritten without what no longer counts.
    pub(super) compactions: Figure,
    /// Times that failed; the file then goes on growing for a while.
    pub(super) compaction_failures: Figure,
    /// Bytes that were damaged at the start.
    pub(super) damaged_bytes: Figure,
    /// Bytes of a last write that was never finished, at the start.
    pub(super) torn_bytes: Figure,
}

/// One number.
#[derive(Debug, Default)]
pub(super) struct Figure(AtomicU64);

impl Figure {
    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(super) fn add(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Figures {
    pub(super) fn synced_now(&self) {
        let now = UnixNanos::from_system(SystemTime::now()).0;
        self.synced.store(now.unsigned_abs(), Ordering::Relaxed);
        self.set_trouble(None);
    }

    /// Notes a commit or sync that failed, and why.
    pub(super) fn failed(&self, why: String) {
        self.failures.add(1);
        self.set_trouble(Some(why));
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Why the last commit or sync failed; `None` once everything is on the disk again.
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When everything was last on the disk; never for not since the start.
    pub fn last_sync(&self) -> UnixNanos {
        let synced = self.synced.load(Ordering::Relaxed);
        UnixNanos(i64::try_from(synced).unwrap_or(i64::MAX))
    }

    /// [`Self::last_sync`] in seconds since the epoch; 0 for none since the start.
    pub fn last_sync_seconds(&self) -> f64 {
        self.last_sync().as_seconds()
    }

    /// Commits and syncs that failed.
    pub fn failures(&self) -> u64 {
        self.failures.get()
    }

    /// Bytes of the file.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes.get()
    }

    /// Bytes written since the start, those of compactions among them.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes.get()
    }

    /// Records held: one for each family of each group.
    pub fn records(&self) -> u64 {
        self.records.get()
    }

    /// Compactions that succeeded.
    pub fn compactions(&self) -> u64 {
        self.compactions.get()
    }

    /// Compactions that failed.
    pub fn compaction_failures(&self) -> u64 {
        self.compaction_failures.get()
    }

    /// Bytes found damaged at the start and set aside.
    pub fn damaged_bytes(&self) -> u64 {
        self.damaged_bytes.get()
    }

    /// Bytes of an unfinished write found at the start and set aside.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes.get()
    }
}
