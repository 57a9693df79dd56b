//! Which groups expire, soonest first.
//!
//! It is part of the snapshot, so that it is published, taken back and emptied with the groups it speaks of.

use imbl::OrdSet;

use super::Group;
use crate::group::GroupingKey;
use crate::time::UnixNanos;

/// The groups of a view that expire; the others are not in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Expiries(OrdSet<(UnixNanos, GroupingKey)>);

impl Expiries {
    /// A group came.
    pub(super) fn add(&mut self, group: &Group) {
        if let Some(at) = group.expires_at() {
            self.0.insert((at, group.key().clone()));
        }
    }

    /// A group went.
    pub(super) fn remove(&mut self, group: &Group) {
        if let Some(at) = group.expires_at() {
            self.0.remove(&(at, group.key().clone()));
        }
    }

    /// When the first group expires.
    pub(crate) fn next(&self) -> Option<UnixNanos> {
        self.0.get_min().map(|(at, _)| *at)
    }

    /// The groups whose time has come, longest expired first.
    pub(crate) fn due(&self, now: UnixNanos) -> impl Iterator<Item = &GroupingKey> {
        let due = self.0.iter().take_while(move |(at, _)| *at <= now);
        due.map(|(_, key)| key)
    }
}
