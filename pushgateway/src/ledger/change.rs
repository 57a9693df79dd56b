//! What a push, a delete and a wipe do to index, working view and the list of store changes.

use std::sync::Arc;

use super::Ledger;
use super::link::Step;
use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::ingest::{Change, PUSH_EXPIRY_TIME, PUSH_FAILURE_TIME, PUSH_TIME, Push, time_family};
use crate::options::Consistency;
use crate::record;
use crate::refusal::Refusal;
use crate::store::Op;
use crate::time::UnixNanos;
use crate::view::Group;

impl Ledger {
    /// A refused push changes nothing but the time of the group's last failure.
    /// `group` is the one it is for, if that is held.
    pub(super) fn push(&mut self, mut push: Push, group: Option<&Group>) -> Result<(), Refusal> {
        let (key, at) = (push.key.clone(), push.at);
        let room = push.room.take();
        let result = self.try_push(push, group);
        // It is held now, or it is gone.
        drop(room);
        if result.is_err() {
            self.note_failure(&key, group, at);
        }
        match self.consistency {
            Consistency::Checked => result,
            Consistency::Unchecked => Ok(()),
        }
    }

    fn try_push(&mut self, push: Push, group: Option<&Group>) -> Result<(), Refusal> {
        if let Some(refusal) = push.refusal {
            return Err(refusal);
        }
        let mut new = push.families;
        // Upstream's rule: the first push of a group sets the time of its last failure to never, even over a
        // pushed family of that name; later ones leave what is there, or take what is pushed.
        if group.is_none_or(|group| group.family(PUSH_FAILURE_TIME).is_none()) {
            new.retain(|family| family.name() != PUSH_FAILURE_TIME);
            let never = UnixNanos::default();
            new.extend(time_family(&push.key, PUSH_FAILURE_TIME, never, push.at));
        }
        new.extend(push.push_time);
        new.extend(push.expiry_time);
        new.sort_by(|a, b| a.name().cmp(b.name()));
        let replaced = |family: &Arc<PushedFamily>| {
            let kept = match family.name() {
                PUSH_TIME | PUSH_FAILURE_TIME => true,
                // The last accepted push decides whether a group expires.
                PUSH_EXPIRY_TIME => false,
                _ => push.change == Change::Merge,
            };
            !kept || of_name(&new, family.name()).is_some()
        };
        let held = group.map_or(&[][..], Group::families);
        let gone = held
            .iter()
            .filter(|family| replaced(family))
            .cloned()
            .collect();
        self.exchange(&push.key, group, gone, new)
    }

    /// Sets the time of the last failure; the group is made if need be. Where even that would spoil a scrape (the
    /// group's own time series are another group's), it is left alone: upstream then fails every scrape.
    fn note_failure(&mut self, key: &GroupingKey, group: Option<&Group>, at: UnixNanos) {
        let held = |name| group.and_then(|group| group.family(name)).cloned();
        let mut new: Vec<Arc<PushedFamily>> = time_family(key, PUSH_FAILURE_TIME, at, at)
            .into_iter()
            .collect();
        if held(PUSH_TIME).is_none() {
            new.extend(time_family(key, PUSH_TIME, UnixNanos::default(), at));
        }
        let gone = held(PUSH_FAILURE_TIME).into_iter().collect();
        // A refusal here has nobody to tell: the push itself was refused already.
        let _ = self.exchange(key, group, gone, new);
    }

    /// Puts families in the place of others of a group, or changes nothing. Both are sorted by name.
    fn exchange(
        &mut self,
        key: &GroupingKey,
        group: Option<&Group>,
        gone: Vec<Arc<PushedFamily>>,
        new: Vec<Arc<PushedFamily>>,
    ) -> Result<(), Refusal> {
        let mark = self.steps.len();
        let stays = self.stays(&gone, &new);
        for (family, stays) in gone.iter().zip(&stays) {
            if !stays {
                self.unlink(family);
            }
        }
        for family in &new {
            if of_name(&gone, family.name()).is_some_and(|at| stays[at]) {
                continue;
            }
            let Err(clash) = self.link(family) else {
                continue;
            };
            if self.consistency == Consistency::Checked {
                let refusal = self.refusal(family, clash);
                self.take_back(mark);
                return Err(refusal);
            }
            self.park(family, clash);
        }
        self.unpark_what_fits(mark);
        for family in &gone {
            if of_name(&new, family.name()).is_none() {
                self.forget(family);
            }
        }
        if group.is_none() {
            self.forms.note(key);
        }
        let held = group.map_or(&[][..], Group::families);
        let mut families: Vec<_> = held
            .iter()
            .filter(|family| of_name(&gone, family.name()).is_none())
            .cloned()
            .collect();
        families.extend(new.iter().cloned());
        self.view.put_group(key.clone(), families);
        new.iter().for_each(|family| self.keep(family));
        Ok(())
    }

    /// For each family that goes, whether the index need not be touched: a new one of its name has the same type
    /// and series, as with nearly every push of a running job.
    fn stays(&self, gone: &[Arc<PushedFamily>], new: &[Arc<PushedFamily>]) -> Vec<bool> {
        let mut stays = vec![false; gone.len()];
        for family in new {
            if let Some(at) = of_name(gone, family.name()) {
                stays[at] = self.index.links_alike(&gone[at], family);
            }
        }
        stays
    }

    /// Deletes groups, those of them that are there.
    pub(super) fn delete(&mut self, keys: &[GroupingKey]) {
        let mark = self.steps.len();
        for key in keys {
            let group = self.view.remove_group(key);
            for family in group.as_deref().map_or(&[][..], Group::families) {
                self.unlink(family);
                self.forget(family);
            }
        }
        self.unpark_what_fits(mark);
    }

    pub(super) fn wipe(&mut self) {
        let emptied = self.index.emptied();
        let before = std::mem::replace(&mut self.index, emptied);
        self.steps.push(Step::Emptied(Box::new(before)));
        self.view.clear();
        self.unsynced.wiped = true;
        self.ops.push(Op::Clear);
    }

    fn keep(&mut self, family: &PushedFamily) {
        if self.store.keeps() {
            let key = self.touch(family);
            let value = record::value(family);
            self.ops.push(Op::Put { key, value });
        }
    }

    fn forget(&mut self, family: &PushedFamily) {
        if self.store.keeps() {
            let key = self.touch(family);
            self.ops.push(Op::Delete { key });
        }
    }

    /// Notes that a family's record changes; returns its key.
    fn touch(&mut self, family: &PushedFamily) -> Vec<u8> {
        let record = (family.key().clone(), family.name().into());
        self.unsynced.records.insert(record);
        record::key(family.key(), family.name())
    }
}

/// Where a name is among families that are sorted by it.
fn of_name(families: &[Arc<PushedFamily>], name: &str) -> Option<usize> {
    families
        .binary_search_by(|family| family.name().cmp(name))
        .ok()
}
