//! Which metric stands where on a page, whatever its numbers are.
//!
//! `order` finds the order of a family's metrics, `part` cuts them into parts.

use std::collections::HashMap;
use std::sync::OnceLock;

use promontory_exposition::Kind;

use super::openmetrics::Adoptions;
use super::order::{Sorting, order};
use super::part::{Part, cut};
use super::sheet::{Place, Sheet};
use crate::family::{Origin, PushedFamily};
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

/// The families of one name, of all groups.
#[derive(Debug)]
pub(super) struct PlannedFamily {
    pub(super) name: Box<str>,
    /// In the order of the groups.
    pub(super) members: Vec<Place>,
    /// The type; a gauge, where some are gauges and others what the text format has no word for.
    pub(super) kind: Kind,
    /// Whether all names in it are classic.
    pub(super) classic: bool,
    /// Whether all have their lines ready as text.
    pub(super) has_lines: bool,
    /// Whether all were pushed as OpenMetrics.
    pub(super) native: bool,
    /// The metrics in page order.
    pub(super) parts: Vec<Part>,
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

impl PlannedFamily {
    /// Orders and cuts what is at some places. `hash` is of the groups.
    pub(super) fn of(
        name: &str,
        members: Vec<Place>,
        sheet: &Sheet<'_>,
        sorting: Sorting<'_>,
        hash: impl Fn(Place) -> u64,
    ) -> Self {
        let pushed: Vec<&PushedFamily> = members.iter().map(|at| sheet.family(*at)).collect();
        let mut parts = Vec::new();
        for run in order(&pushed, sorting) {
            cut(run, &pushed, |member| hash(members[member]), &mut parts);
        }
        let first = pushed.first().map_or(Kind::Untyped, |first| first.kind());
        let all = |is: fn(&PushedFamily) -> bool| pushed.iter().all(|member| is(member));
        let same_kind = pushed.iter().all(|member| member.kind() == first);
        Self {
            name: name.into(),
            // Info and gauge may stand together (see `index`); what both are is a gauge.
            kind: if same_kind { first } else { Kind::Gauge },
            classic: all(|member| member.shape.classic),
            has_lines: all(|member| member.shape.template.is_some()),
            native: all(|member| member.origin == Origin::OpenMetrics),
            members,
            parts,
        }
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
