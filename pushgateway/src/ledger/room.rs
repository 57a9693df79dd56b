//! Whether there is room for a push, before anything of it is applied.

use std::collections::BTreeSet;

use super::Ledger;
use crate::ingest::{Change, PUSH_EXPIRY_TIME, PUSH_FAILURE_TIME, PUSH_TIME, Push};
use crate::limits::Full;
use crate::view::Group;

impl Ledger {
    /// A push that adds nothing always has room, also where more is held than is allowed now. `group` is the one it is for, if
    /// that is held.
    pub(super) fn check_room(&self, push: &Push, group: Option<&Group>) -> Result<(), Full> {
        let (held, max) = (self.view.group_count(), self.limits.groups_max);
        if group.is_none() && held >= max {
            return Err(Full::Groups {
                group: push.key.clone(),
                held,
                max,
            });
        }
        let (held, max) = (self.view.series_count(), self.limits.series_max);
        let room = max.saturating_sub(held);
        let mut more = added(push, group);
        // Mostly there is room for a push even if nothing made way for it.
        if more > room {
            more = more.saturating_sub(group.map_or(0, |group| removed(push, group)));
        }
        if more > room {
            return Err(Full::Series {
                group: push.key.clone(),
                held,
                max,
                more,
            });
        }
        Ok(())
    }
}

/// Series that come with a push: its own, and the times that say when the group was pushed, never failed, expires.
fn added(push: &Push, group: Option<&Group>) -> usize {
    let families = push.families.iter();
    let times = if group.is_none() { 2 } else { 1 };
    let expiry = usize::from(push.expiry_time.is_some());
    families.map(|family| family.metrics()).sum::<usize>() + times + expiry
}

/// Series of the group that make way for it; see `change`.
fn removed(push: &Push, group: &Group) -> usize {
    let names = push.families.iter().map(|family| family.name());
    let pushed: BTreeSet<&str> = names.collect();
    let replaces = push.refusal.is_none() && push.change == Change::Replace;
    let goes = |name: &str| {
        matches!(name, PUSH_TIME | PUSH_EXPIRY_TIME)
            || pushed.contains(name)
            || (replaces && name != PUSH_FAILURE_TIME)
    };
    let families = group.families().iter();
    let gone = families.filter(|family| goes(family.name()));
    gone.map(|family| family.metrics()).sum()
}
