//! Which metric stands where on a page, whatever its numbers are.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::adoption::Adoptions;
use super::order::Sorting;
use super::part::Part;
use super::planned::PlannedFamily;
use super::sheet::{Place, Sheet};
use crate::series::keyed_hash;
use crate::view::View;

/// The order of all metrics of a view, and of all with the same groups and shapes.
#[derive(Debug)]
pub(super) struct Plan {
    /// See [`View::reshaped`].
    reshaped: u64,
    /// Sorted by name.
    pub(super) families: Vec<PlannedFamily>,
    /// Which gauges hold created times; found when first asked for.
    adoptions: OnceLock<Adoptions>,
}

impl Plan {
    /// The plan of a view. Compressed parts are taken over from an older plan where their metrics are the same.
    pub(super) fn of(view: &View, sheet: &Sheet<'_>, older: Option<&Self>) -> Self {
        let groups = sheet.groups().iter();
        let hashes: Vec<u64> = groups.map(|group| keyed_hash(group.key())).collect();
        let hash = |place: Place| hashes[place.group as usize];
        let gathered = gather(sheet).into_iter();
        let mut families: Vec<PlannedFamily> = gathered
            .map(|(name, members)| PlannedFamily::of(name, members, sheet, Sorting::Usual, hash))
            .collect();
        families.sort_by(|a, b| a.name.cmp(&b.name));
        let plan = Self {
            reshaped: view.reshaped,
            families,
            adoptions: OnceLock::new(),
        };
        if let Some(older) = older {
            plan.take_over(older);
        }
        plan
    }

    /// Whether it is the plan of a view.
    pub(super) fn suits(&self, view: &View) -> bool {
        self.reshaped == view.reshaped
    }

    /// Which gauges hold created times.
    pub(super) fn adoptions(&self, sheet: &Sheet<'_>) -> &Adoptions {
        self.adoptions
            .get_or_init(|| Adoptions::of(&self.families, sheet))
    }

    fn take_over(&self, older: &Self) {
        let older: HashMap<u64, &Part> =
            older.parts().map(|part| (part.fingerprint, part)).collect();
        for part in self.parts() {
            if let Some(older) = older.get(&part.fingerprint) {
                part.take_over(older);
            }
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.families.iter().flat_map(|family| &family.parts)
    }
}

/// The families of all groups by name, those that have metrics.
fn gather<'v>(sheet: &Sheet<'v>) -> Vec<(&'v str, Vec<Place>)> {
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    let mut families: Vec<(&str, Vec<Place>)> = Vec::new();
    // Groups next to each other mostly have the same families: where those of the last group went.
    let mut last: Vec<usize> = Vec::new();
    for (group, held) in (0..).zip(sheet.groups()) {
        for (at, family) in held.families().iter().enumerate() {
            if family.metrics() == 0 {
                continue;
            }
            let name = family.name();
            let guess = last.get(at).copied();
            let guess = guess.filter(|&guess| families[guess].0 == name);
            let found = guess.unwrap_or_else(|| {
                *by_name.entry(name).or_insert_with(|| {
                    families.push((name, Vec::new()));
                    families.len() - 1
                })
            });
            last.resize(last.len().max(at + 1), found);
            last[at] = found;
            families[found].1.push(Place {
                group,
                family: u32::try_from(at).unwrap_or(u32::MAX),
            });
        }
    }
    families
}
