//! Groups that expire: a deletion that the clock asks for, in the place of a client.

use super::Ledger;
use crate::group::GroupingKey;
use crate::store::Sync;
use crate::time::UnixNanos;

/// So many groups go with one commit at most; the others with the next.
pub(super) const GROUPS: usize = 1000;

impl Ledger {
    /// When the next group expires; in the past where it could not be deleted yet.
    pub(crate) fn next_expiry(&self) -> Option<UnixNanos> {
        self.view.expiries.next()
    }

    /// Deletes groups whose time has come, a bounded number, and tells how many.
    pub(super) fn expire(&mut self, now: UnixNanos) -> u64 {
        let due = self.view.expiries.due(now).take(GROUPS);
        let due: Vec<GroupingKey> = due.cloned().collect();
        self.delete(&due);
        due.len() as u64
    }

    /// Deletes all groups whose time has come, unless the disk refuses: before anyone sees them after a start.
    pub(crate) fn expire_all(&mut self, now: UnixNanos) {
        while self.next_expiry().is_some_and(|at| at <= now) {
            self.commit(&mut Vec::new(), now, Sync::Now);
            if self.has_failed() {
                return;
            }
        }
    }
}
