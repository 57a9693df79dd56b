//! Whether there is room for a push, before anything of it is applied.

use super::Ledger;
use crate::ingest::{Change, PUSH_FAILURE_TIME, PUSH_TIME, Push};
use crate::limits::Full;
use crate::view::Group;

impl Ledger {
    /// A push that adds nothing always has room, also where more is held than is allowed now.
    pub(super) fn check_room(&self, push: &Push) -> Result<(), Full> {
        let group = self.view.group(&push.key);
        let (held, max) = (self.view.group_count(), self.limits.groups_max);
        if group.is_none() && held >= max {
            return Err(Full::Groups {
                group: push.key.clone(),
                held,
                max,
            });
        }
        let (held, max) = (self.view.series_count(), self.limits.series_max);
        let more = added(push).saturating_sub(group.map_or(0, |group| removed(push, group)));
        if more > 0 && more > max.saturating_sub(held) {
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

/// Series that the push brings, with the two times that every group has.
fn added(push: &Push) -> usize {
    let families = push.families.iter().map(|ready| &ready.family);
    let pushed = families.filter(|family| &*family.name != PUSH_FAILURE_TIME);
    pushed.map(|family| family.metrics()).sum::<usize>() + 2
}

/// Series of the group that go, or are among those that come.
fn removed(push: &Push, group: &Group) -> usize {
    let pushed = |name: &str| {
        push.families
            .iter()
            .any(|ready| &*ready.family.name == name)
    };
    let goes = |name: &str| {
        matches!(name, PUSH_TIME | PUSH_FAILURE_TIME)
            || (push.refusal.is_none() && (push.change == Change::Replace || pushed(name)))
    };
    let families = group.families().iter();
    let gone = families.filter(|family| goes(&family.name));
    gone.map(|family| family.metrics()).sum()
}
