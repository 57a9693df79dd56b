//! Why nothing can be scraped, in words: what is parked.

use std::collections::HashSet;

use super::Ledger;
use super::link::Step;

/// At most this many reasons are told.
const PROBLEMS: usize = 100;

impl Ledger {
    /// Says anew why nothing can be scraped, where the steps since the view was published may have changed it.
    pub(super) fn tell_problems(&mut self) {
        if !self.changes_problems() {
            return;
        }
        let parked = self.index.parked().take(PROBLEMS);
        self.view.problems = parked
            .map(|(family, clash)| self.refusal(family, clash.clone()).to_string())
            .collect();
    }

    /// Whether something was parked or is so no more, or one went beside which a parked family does not fit: its group may be
    /// the one that is named.
    fn changes_problems(&self) -> bool {
        let parked = self.index.parked().take(PROBLEMS);
        let names: HashSet<_> = parked.map(|(family, _)| family.spelled()).collect();
        self.steps.iter().any(|step| match step {
            Step::Linked(_) => false,
            Step::Unlinked(family) => names.contains(&family.spelled()),
            Step::Parked(_) | Step::Unparked(..) | Step::Emptied(_) => true,
        })
    }
}
