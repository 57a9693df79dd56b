//! Linking families into the index and out of it, each step with its exact inverse.

use std::collections::HashSet;
use std::sync::Arc;

use tracing::error;

use super::Ledger;
use crate::family::PushedFamily;
use crate::index::{Clash, Index};

/// One change of the index; each has an exact inverse.
pub(super) enum Step {
    Linked(Arc<PushedFamily>),
    Unlinked(Arc<PushedFamily>),
    Parked(Arc<PushedFamily>),
    Unparked(Arc<PushedFamily>, Clash),
    /// Everything went; the index as it was.
    Emptied(Box<Index>),
}

impl Ledger {
    pub(super) fn link(&mut self, family: &Arc<PushedFamily>) -> Result<(), Clash> {
        self.index.link(family)?;
        self.steps.push(Step::Linked(Arc::clone(family)));
        Ok(())
    }

    pub(super) fn link_or_park(&mut self, family: &Arc<PushedFamily>) {
        if let Err(clash) = self.link(family) {
            let refusal = self.refusal(family, clash.clone());
            error!(group = %family.key(), %refusal, "What is stored does not fit together; scrapes fail until it is gone.");
            self.park(family, clash);
        }
    }

    pub(super) fn park(&mut self, family: &Arc<PushedFamily>, clash: Clash) {
        self.index.park(family, clash);
        self.steps.push(Step::Parked(Arc::clone(family)));
    }

    pub(super) fn unlink(&mut self, family: &Arc<PushedFamily>) {
        let family = Arc::clone(family);
        self.steps.push(match self.index.unpark(&family) {
            Some(clash) => Step::Unparked(family, clash),
            None => {
                self.index.unlink(&family);
                Step::Unlinked(family)
            }
        });
    }

    /// Links parked families whose opponents went since a mark.
    pub(super) fn unpark_what_fits(&mut self, mark: usize) {
        let freed: HashSet<String> = self.steps[mark..]
            .iter()
            .filter_map(|step| match step {
                Step::Unlinked(family) => Some(family.spelled().into_owned()),
                _ => None,
            })
            .collect();
        if freed.is_empty() {
            return;
        }
        // An opponent has the same name, except where a suffix is what clashes.
        let may_fit = |(family, clash): &&(Arc<PushedFamily>, Clash)| {
            matches!(clash, Clash::Suffix { .. }) || freed.contains(&*family.spelled())
        };
        let parked: Vec<_> = self.index.parked().filter(may_fit).cloned().collect();
        for (family, before) in parked {
            let linked = self.index.link(&family);
            if linked.as_ref().is_err_and(|clash| *clash == before) {
                continue;
            }
            self.index.unpark(&family);
            self.steps.push(Step::Unparked(Arc::clone(&family), before));
            match linked {
                Ok(()) => self.steps.push(Step::Linked(family)),
                Err(clash) => self.park(&family, clash),
            }
        }
    }

    /// Takes back all steps after a mark, last first.
    pub(super) fn take_back(&mut self, mark: usize) {
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
}
