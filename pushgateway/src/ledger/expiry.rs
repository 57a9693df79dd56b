//! Groups that expire: a deletion that the clock asks for, in the place of a client.

use promontory_exposition::Kind;

use super::Ledger;
use crate::group::GroupingKey;
use crate::ingest::PUSH_EXPIRY_TIME;
use crate::options::Options;
use crate::store::Sync;
use crate::time::UnixNanos;

/// So many groups go with one commit at most; the others with the next.
pub(super) const GROUPS: usize = 1000;

/// The names that are the program's own: the family that says when a group expires is one of them also while no group
/// does. Else somebody could push a name that is spelled alike, and every push of a group that expires would clash.
pub(super) fn own_names(options: &Options) -> Vec<(String, Kind)> {
    let mut own = options.own.clone();
    own.push((PUSH_EXPIRY_TIME.to_owned(), Kind::Gauge));
    own
}

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
