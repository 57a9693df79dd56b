//! Handing changes to the store, and making up for those it may have lost.

use super::Ledger;
use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::record;
use crate::store::{Op, StoreError, Sync};
use crate::view::Group;
use std::collections::BTreeSet;

/// Which records were touched since the last sync.
#[derive(Default)]
pub(super) struct Unsynced {
    pub(super) records: BTreeSet<(GroupingKey, Box<str>)>,
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
                .chain(families.map(|family| put(family)))
                .collect();
        }
        let op = |(key, name): &(GroupingKey, Box<str>)| match self
            .view
            .group(key)
            .and_then(|group| group.family(name))
        {
            Some(family) => put(family),
            None => Op::Delete {
                key: record::key(key, name),
            },
        };
        self.unsynced.records.iter().map(op).collect()
    }
}

/// The record of a family that is held.
fn put(family: &PushedFamily) -> Op {
    Op::Put {
        key: record::key(family.key(), family.name()),
        value: record::value(family),
    }
}
