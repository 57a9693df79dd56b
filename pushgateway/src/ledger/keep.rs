//! Handing changes to the store, and making up for those it may have lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use tracing::error;

use super::Ledger;
use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::record;
use crate::store::{Op, StoreError, Sync};
use crate::view::Group;

/// Which records were touched since the last sync.
#[derive(Default)]
pub(super) struct Unsynced {
    pub(super) records: BTreeSet<(GroupingKey, Arc<str>)>,
    /// A wipe was among it: then all records count.
    pub(super) wiped: bool,
}

impl Unsynced {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty() && !self.wiped
    }
}

impl Ledger {
    /// Hands the collected changes to the store, after those it may have lost.
    pub(super) fn write(&mut self, sync: Sync) -> Result<(), StoreError> {
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
}

/// The record of a family that is held. `None` would mean that we cannot read what we wrote.
fn put(family: &Arc<PushedFamily>) -> Option<Op> {
    let encoded = family
        .encode()
        .inspect_err(|error| error!(%error, group = %family.key, "A family cannot be encoded."))
        .ok()?;
    Some(Op::Put {
        key: record::key(&family.key, &family.name),
        value: record::value(family, &encoded),
    })
}
