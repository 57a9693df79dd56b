//! What the committing thread works on: index, working view and store, and how they stay of one mind.
//!
//! A batch of changes is applied to index and working view in order, while a list of inverse [`Step`]s and of
//! store [`Op`]s grows. When the store has the batch, the view is published and everyone gets an answer.
//! When it has not, the steps are taken back and nothing of the batch was ever visible.
//!
//! [`room`] says whether there is room for a push, [`change`] what it does, [`expiry`] what time does, [`link`] keeps the
//! index, [`keep`] the store, [`problems`] says why nothing can be scraped, [`refusal`] why a family is refused.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use tracing::{debug, error, info};

use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::index::Index;
use crate::limits::StoreLimits;
use crate::options::{Consistency, Options};
use crate::record::Reader;
use crate::request::{Action, ChangeError, Request};
use crate::store::{Op, Store, StoreError, Sync};
use crate::time::UnixNanos;
use crate::view::View;
use keep::Unsynced;
use link::Step;
use refusal::Forms;

mod change;
mod expiry;
mod keep;
mod link;
mod problems;
mod refusal;
mod room;
#[cfg(test)]
mod tests;

/// The state behind the queue.
pub(crate) struct Ledger {
    store: Box<dyn Store>,
    consistency: Consistency,
    limits: StoreLimits,
    index: Index,
    view: View,
    published: Arc<ArcSwap<View>>,
    /// The changes of the index since the view was published.
    steps: Vec<Step>,
    ops: Vec<Op>,
    forms: Forms,
    /// What the disk may not hold as we do: everything since the last sync that succeeded. Written again before
    /// the next commit once one has failed.
    unsynced: Unsynced,
    failed: bool,
    /// How many groups expired since the start.
    expired: Arc<AtomicU64>,
}

impl Ledger {
    /// Links and publishes everything a store holds.
    pub(crate) fn load(
        mut store: Box<dyn Store>,
        options: &Options,
        published: Arc<ArcSwap<View>>,
    ) -> Result<Self, StoreError> {
        let groups = read_groups(&mut *store)?;
        let mut ledger = Self {
            store,
            consistency: options.consistency,
            limits: options.limits,
            index: Index::new(&expiry::own_names(options)),
            view: View::default(),
            published,
            steps: Vec::new(),
            ops: Vec::new(),
            forms: Forms::default(),
            unsynced: Unsynced::default(),
            failed: false,
            expired: Arc::default(),
        };
        for families in groups {
            for family in &families {
                ledger.link_or_park(family);
            }
            if let Some(first) = families.first() {
                ledger.forms.note(first.key());
                ledger.view.put_group(first.key().clone(), families.clone());
            }
        }
        info!(
            groups = ledger.view.group_count(),
            "Loaded what was pushed."
        );
        ledger.publish();
        Ok(ledger)
    }

    /// Applies a batch in order, then what has expired `now`; makes it durable, publishes it and answers everyone.
    /// Empties `batch`.
    pub(crate) fn commit(&mut self, batch: &mut Vec<Request>, now: UnixNanos, sync: Sync) {
        let mut answers = Vec::with_capacity(batch.len());
        for Request { action, reply } in batch.drain(..) {
            answers.push((reply, self.apply(action)));
        }
        // Last, so that a push that came in time has prolonged its group.
        let expired = self.expire(now);
        if answers.is_empty() && expired == 0 {
            return;
        }
        let stored = self.write(sync);
        match &stored {
            Ok(()) => {
                self.publish();
                self.note_expired(expired);
            }
            Err(error) => {
                error!(%error, changes = answers.len(), expired, "Changes could not be stored; they are refused, and what has expired stays for now.");
                self.take_back(0);
                self.view = View::clone(&self.published.load());
            }
        }
        for (reply, result) in answers {
            let answer = match &stored {
                Ok(()) => result,
                Err(error) => Err(ChangeError::Store(error.to_string().into())),
            };
            // Whoever no longer waits has closed the connection; the change stands.
            let _ = reply.send(answer);
        }
    }

    /// Syncs what was committed with [`Sync::Later`]. A failure is only logged: the next commit or sync tries again.
    pub(crate) fn sync(&mut self) {
        if let Err(error) = self.write(Sync::Now) {
            error!(%error, "Changes could not be synced; the next sync tries again.");
        }
    }

    /// Whether the disk refused the last commit or sync.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// How many groups expired since the start, for others to read.
    pub(crate) fn expired(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.expired)
    }

    fn note_expired(&self, groups: u64) {
        if groups > 0 {
            debug!(groups, "Groups expired.");
            self.expired.fetch_add(groups, Ordering::Relaxed);
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

    fn publish(&mut self) {
        self.tell_problems();
        self.steps.clear();
        self.published.store(Arc::new(self.view.clone()));
    }

    /// The groups that selectors or a wipe deleted.
    fn apply(&mut self, action: Action) -> Result<Vec<GroupingKey>, ChangeError> {
        match action {
            Action::Push(push) => {
                let group = self.view.shared_group(&push.key);
                self.check_room(&push, group.as_deref())?;
                self.push(*push, group.as_deref())?;
            }
            Action::Delete(key) => self.delete(&[key]),
            Action::DeleteMatching(found) => {
                let keys = found.in_later(&self.view);
                self.delete(&keys);
                return Ok(keys);
            }
            Action::Wipe => {
                let keys = self.view.groups().map(|group| group.key().clone());
                let keys = keys.collect();
                self.wipe();
                return Ok(keys);
            }
        }
        Ok(Vec::new())
    }
}

/// The families of each group in a store, ordered by key and name.
fn read_groups(store: &mut dyn Store) -> Result<Vec<Vec<Arc<PushedFamily>>>, StoreError> {
    let mut groups: HashMap<GroupingKey, Vec<Arc<PushedFamily>>> = HashMap::new();
    let mut records = Reader::default();
    store.load(&mut |key, value| {
        let family = records.read(key, value)?;
        match groups.get_mut(family.key()) {
            Some(group) => group.push(Arc::new(family)),
            None => {
                groups.insert(family.key().clone(), vec![Arc::new(family)]);
            }
        }
        Ok(())
    })?;
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_by(|a, b| a.name().cmp(b.name()));
    }
    groups.sort_by(|a, b| a[0].key().cmp(b[0].key()));
    Ok(groups)
}
