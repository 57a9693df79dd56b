//! What the committing thread works on: index, working view and store, and how they stay of one mind.
//!
//! A batch of changes is applied to index and working view in order, while a list of inverse [`Step`]s and of
//! store [`Op`]s grows. When the store has the batch, the view is published and everyone gets an answer.
//! When it has not, the steps are taken back and nothing of the batch was ever visible.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing::{error, info};

use crate::commit::{Action, ChangeError, Consistency, Options, Request};
use crate::family::{PushedFamily, UnixNanos};
use crate::group::GroupingKey;
use crate::index::{Clash, Index};
use crate::ingest::{
    Change, PUSH_FAILURE_TIME, PUSH_TIME, Push, Ready, Refusal, metric_of, time_family,
};
use crate::record;
use crate::store::{Op, Store, StoreError, Sync};
use crate::view::{Group, View};

#[cfg(test)]
mod tests;

/// At most this many reasons are told when nothing can be scraped.
const PROBLEMS: usize = 100;

/// One change of the index; each has an exact inverse.
enum Step {
    Linked(Arc<PushedFamily>),
    Unlinked(Arc<PushedFamily>),
    Parked(Arc<PushedFamily>),
    Unparked(Arc<PushedFamily>, Clash),
    /// Everything went; the index as it was.
    Emptied(Box<Index>),
}

/// The state behind the queue.
pub(crate) struct Ledger {
    store: Box<dyn Store>,
    consistency: Consistency,
    index: Index,
    view: View,
    published: Arc<ArcSwap<View>>,
    steps: Vec<Step>,
    ops: Vec<Op>,
    /// What the disk may not hold as we do: everything since the last sync that succeeded. Written again before
    /// the next commit once one has failed.
    unsynced: Unsynced,
    failed: bool,
}

/// Which records were touched since the last sync.
#[derive(Default)]
struct Unsynced {
    records: BTreeSet<(GroupingKey, Arc<str>)>,
    /// A wipe was among it: then all records count.
    wiped: bool,
}

impl Ledger {
    /// Links and publishes everything a store holds.
    pub(crate) fn load(
        mut store: Box<dyn Store>,
        options: &Options,
        published: Arc<ArcSwap<View>>,
    ) -> Result<Self, StoreError> {
        let mut groups: Vec<(GroupingKey, Vec<Arc<PushedFamily>>)> = Vec::new();
        store.load(&mut |key, value| {
            let family = record::read_record(key, value)?.family;
            // Records are ordered, so those of one group follow each other.
            match groups.last_mut() {
                Some((last, families)) if last == family.key() => families.push(family),
                _ => groups.push((family.key().clone(), vec![family])),
            }
            Ok(())
        })?;
        let mut ledger = Self {
            store,
            consistency: options.consistency,
            index: Index::new(&options.own),
            view: View::default(),
            published,
            steps: Vec::new(),
            ops: Vec::new(),
            unsynced: Unsynced::default(),
            failed: false,
        };
        for (key, families) in groups {
            families
                .iter()
                .for_each(|family| ledger.link_or_park(family));
            ledger
                .view
                .put_group(Group::new(key, families.clone()), &[], &families);
        }
        ledger.steps.clear();
        info!(
            groups = ledger.view.group_count(),
            "Loaded what was pushed."
        );
        ledger.publish();
        Ok(ledger)
    }

    /// Applies a batch in order, makes it durable, publishes it and answers everyone. Empties `batch`.
    pub(crate) fn commit(&mut self, batch: &mut Vec<Request>, sync: Sync) {
        let mut answers = Vec::with_capacity(batch.len());
        for Request { action, reply } in batch.drain(..) {
            answers.push((reply, self.apply(action)));
        }
        let stored = self.write(sync);
        match &stored {
            Ok(()) => self.publish(),
            Err(error) => {
                error!(%error, changes = answers.len(), "Changes could not be stored; they are refused.");
                self.take_back(0);
                self.view = View::clone(&self.published.load());
            }
        }
        self.steps.clear();
        for (reply, result) in answers {
            let answer = match &stored {
                Ok(()) => result.map_err(ChangeError::Refused),
                Err(error) => Err(ChangeError::Store(error.to_string().into())),
            };
            // Whoever no longer waits has closed the connection; the change stands.
            let _ = reply.send(answer);
        }
    }

    /// Syncs what was committed with [`Sync::Later`]. A failure is only logged: the next commit or sync tries again.
    pub(crate) fn sync(&mut self) {
        if let Err(error) = self.write(Sync::Now) {
            error!(%error, "Acknowledged changes could not be synced; the next sync tries again.");
        }
    }

    /// Whether something waits for a sync.
    pub(crate) fn is_unsynced(&self) -> bool {
        !self.unsynced.is_empty()
    }

    /// The last sync, and the end of the store.
    pub(crate) fn finish(mut self) -> Result<(), ChangeError> {
        if self.unsynced.is_empty() {
            return Ok(());
        }
        self.write(Sync::Now)
            .map_err(|error| ChangeError::Store(error.to_string().into()))
    }

    /// Hands the collected changes to the store, after those it may have lost.
    fn write(&mut self, sync: Sync) -> Result<(), StoreError> {
        let ops = std::mem::take(&mut self.ops);
        if ops.is_empty() && self.unsynced.is_empty() {
            return Ok(());
        }
        let result = if self.failed {
            let repair = self.repair();
            self.store.commit(&repair, sync)
        } else {
            self.store.commit(&ops, sync)
        };
        match (&result, sync) {
            (Ok(()), Sync::Now) => {
                self.unsynced = Unsynced::default();
                self.failed = false;
            }
            (Ok(()), Sync::Later) => self.failed = false,
            (Err(_), _) => self.failed = true,
        }
        result
    }

    /// Everything that the disk may not hold as the working view does. The batch at hand is among it.
    fn repair(&self) -> Vec<Op> {
        if self.unsynced.wiped {
            let families = self.view.groups().flat_map(Group::families);
            return std::iter::once(Op::Clear)
                .chain(families.filter_map(put))
                .collect();
        }
        let op = |(key, name): &(GroupingKey, Arc<str>)| match self
            .view
            .group(key)
            .and_then(|group| group.family(name))
        {
            Some(family) => put(family),
            None => Some(Op::Delete {
                key: record::key(key, name),
            }),
        };
        self.unsynced.records.iter().filter_map(op).collect()
    }

    fn publish(&mut self) {
        let parked = self.index.parked().take(PROBLEMS);
        self.view.problems = parked
            .map(|(family, clash)| self.refusal(family, clash.clone()).to_string())
            .collect();
        self.published.store(Arc::new(self.view.clone()));
    }

    fn apply(&mut self, action: Action) -> Result<(), Refusal> {
        match action {
            Action::Push(push) => self.push(*push),
            Action::Delete(key) => {
                self.delete(&key);
                Ok(())
            }
            Action::Wipe => {
                self.wipe();
                Ok(())
            }
        }
    }

    /// A refused push changes nothing but the time of the group's last failure.
    fn push(&mut self, push: Push) -> Result<(), Refusal> {
        let (key, at) = (push.key.clone(), push.at);
        let result = self.try_push(push);
        if result.is_err() {
            self.note_failure(&key, at);
        }
        match self.consistency {
            Consistency::Checked => result,
            Consistency::Unchecked => Ok(()),
        }
    }

    fn try_push(&mut self, push: Push) -> Result<(), Refusal> {
        if let Some(refusal) = push.refusal {
            return Err(refusal);
        }
        let group = self.view.group(&push.key);
        let mut new = push.families;
        // Upstream's rule: the first push of a group sets the time of its last failure to never, even over a
        // pushed family of that name; later ones leave what is there, or take what is pushed.
        if group.is_none_or(|group| group.family(PUSH_FAILURE_TIME).is_none()) {
            new.retain(|ready| &*ready.family.name != PUSH_FAILURE_TIME);
            new.extend(push.never_failed);
        }
        new.extend(push.push_time);
        let replaced = |family: &Arc<PushedFamily>| {
            let kept = push.change == Change::Merge
                || matches!(&*family.name, PUSH_TIME | PUSH_FAILURE_TIME);
            !kept || new.iter().any(|ready| ready.family.name == family.name)
        };
        let held = group.map_or(&[][..], Group::families);
        let gone = held
            .iter()
            .filter(|family| replaced(family))
            .cloned()
            .collect();
        self.exchange(&push.key, gone, new)
    }

    /// Sets the time of the last failure; the group is made if need be. Where even that would spoil a scrape (the
    /// group's own time series are another group's), it is left alone: upstream then fails every scrape.
    fn note_failure(&mut self, key: &GroupingKey, at: UnixNanos) {
        let group = self.view.group(key);
        let held = |name| group.and_then(|group| group.family(name)).cloned();
        let mut new: Vec<Ready> = time_family(key, PUSH_FAILURE_TIME, at, at)
            .into_iter()
            .collect();
        if held(PUSH_TIME).is_none() {
            new.extend(time_family(key, PUSH_TIME, UnixNanos::default(), at));
        }
        let gone = held(PUSH_FAILURE_TIME).into_iter().collect();
        // A refusal here has nobody to tell: the push itself was refused already.
        let _ = self.exchange(key, gone, new);
    }

    /// Puts families in the place of others of the same group, or changes nothing.
    fn exchange(
        &mut self,
        key: &GroupingKey,
        gone: Vec<Arc<PushedFamily>>,
        new: Vec<Ready>,
    ) -> Result<(), Refusal> {
        let mark = self.steps.len();
        gone.iter().for_each(|family| self.unlink(family));
        for ready in &new {
            let Err(clash) = self.link(&ready.family) else {
                continue;
            };
            if self.consistency == Consistency::Checked {
                let refusal = self.refusal(&ready.family, clash);
                self.take_back(mark);
                return Err(refusal);
            }
            self.index.park(&ready.family, clash);
            self.steps.push(Step::Parked(Arc::clone(&ready.family)));
        }
        self.unpark_what_fits();
        let names: BTreeSet<&str> = new.iter().map(|ready| &*ready.family.name).collect();
        for family in gone.iter().filter(|family| !names.contains(&*family.name)) {
            self.forget(family);
        }
        let held = self.view.group(key).map_or(&[][..], Group::families);
        let gone_names: BTreeSet<&str> = gone.iter().map(|family| &*family.name).collect();
        let mut families: Vec<_> = held
            .iter()
            .filter(|family| !gone_names.contains(&*family.name))
            .cloned()
            .collect();
        let new_families: Vec<_> = new.iter().map(|ready| Arc::clone(&ready.family)).collect();
        families.extend(new_families.iter().cloned());
        self.view
            .put_group(Group::new(key.clone(), families), &gone, &new_families);
        for ready in new {
            self.unsynced
                .records
                .insert((key.clone(), Arc::clone(&ready.family.name)));
            self.ops.push(Op::Put {
                key: record::key(key, &ready.family.name),
                value: ready.into_value(),
            });
        }
        Ok(())
    }

    fn delete(&mut self, key: &GroupingKey) {
        let families = self
            .view
            .group(key)
            .map_or(&[][..], Group::families)
            .to_vec();
        for family in &families {
            self.unlink(family);
            self.forget(family);
        }
        self.unpark_what_fits();
        self.view.remove_group(key);
    }

    fn wipe(&mut self) {
        let emptied = self.index.emptied();
        let before = std::mem::replace(&mut self.index, emptied);
        self.steps.push(Step::Emptied(Box::new(before)));
        self.view = View::default();
        self.unsynced.wiped = true;
        self.ops.push(Op::Clear);
    }

    fn forget(&mut self, family: &PushedFamily) {
        self.unsynced
            .records
            .insert((family.key.clone(), Arc::clone(&family.name)));
        self.ops.push(Op::Delete {
            key: record::key(&family.key, &family.name),
        });
    }

    fn link(&mut self, family: &Arc<PushedFamily>) -> Result<(), Clash> {
        self.index.link(family)?;
        self.steps.push(Step::Linked(Arc::clone(family)));
        Ok(())
    }

    fn link_or_park(&mut self, family: &Arc<PushedFamily>) {
        if let Err(clash) = self.link(family) {
            let refusal = self.refusal(family, clash.clone());
            error!(group = %family.key, %refusal, "What is stored does not fit together; scrapes fail until it is gone.");
            self.index.park(family, clash);
        }
    }

    fn unlink(&mut self, family: &Arc<PushedFamily>) {
        let family = Arc::clone(family);
        self.steps.push(match self.index.unpark(&family) {
            Some(clash) => Step::Unparked(family, clash),
            None => {
                self.index.unlink(&family);
                Step::Unlinked(family)
            }
        });
    }

    /// Links parked families whose opponents are gone.
    fn unpark_what_fits(&mut self) {
        let parked: Vec<_> = self
            .index
            .parked()
            .map(|(family, _)| Arc::clone(family))
            .collect();
        for family in parked {
            if self.index.link(&family).is_ok()
                && let Some(clash) = self.index.unpark(&family)
            {
                self.steps.push(Step::Unparked(Arc::clone(&family), clash));
                self.steps.push(Step::Linked(family));
            }
        }
    }

    /// Takes back all steps after a mark, last first.
    fn take_back(&mut self, mark: usize) {
        while self.steps.len() > mark {
            match self.steps.pop() {
                Some(Step::Linked(family)) => self.index.unlink(&family),
                // It was linked in just this state before, so it fits.
                Some(Step::Unlinked(family)) => {
                    let linked = self.index.link(&family);
                    debug_assert!(linked.is_ok(), "a step has no exact inverse");
                }
                Some(Step::Parked(family)) => {
                    self.index.unpark(&family);
                }
                Some(Step::Unparked(family, clash)) => self.index.park(&family, clash),
                Some(Step::Emptied(before)) => self.index = *before,
                None => return,
            }
        }
    }

    /// Says who the other one is.
    fn refusal(&self, family: &PushedFamily, clash: Clash) -> Refusal {
        let name = || family.name.to_string();
        let others = |key: &GroupingKey| *key != family.key;
        match clash {
            Clash::Unsound(refusal) => refusal,
            Clash::Type { held, own } => {
                let holder = if own {
                    None
                } else {
                    self.view.holder(family).filter(others)
                };
                Refusal::TypeClash {
                    family: name(),
                    kind: family.kind,
                    held,
                    holder,
                }
            }
            Clash::SpelledLikeOwn => Refusal::SpelledLikeOwn {
                family: name(),
                spelled: family.spelled().into_owned(),
            },
            Clash::Suffix { sample, of, kind } => Refusal::SuffixClash {
                family: sample,
                other: of,
                kind,
            },
            Clash::Series(series) => Refusal::SeriesTwice {
                family: name(),
                series: family
                    .decode()
                    .map_or_else(|_| String::new(), |family| metric_of(&family, series)),
                holder: self.view.holder_of_series(family, series).filter(others),
            },
        }
    }
}

impl Unsynced {
    fn is_empty(&self) -> bool {
        self.records.is_empty() && !self.wiped
    }
}

/// The record of a family that is held. `None` would mean that we cannot read what we wrote.
fn put(family: &Arc<PushedFamily>) -> Option<Op> {
    let encoded = family
        .encode()
        .inspect_err(|error| error!(%error, group = %family.key, "A family cannot be encoded."))
        .ok()?;
    Some(Op::Put {
        key: record::key(&family.key, &family.name),
        value: record::value(family.pushed_at(), &encoded),
    })
}
