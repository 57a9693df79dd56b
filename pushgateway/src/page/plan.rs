//! Which line stands where on a page, whatever its numbers are.
//!
//! `order` finds the order of a family's lines, `part` cuts them into parts.

use std::collections::HashMap;
use std::sync::Arc;

use promontory_exposition::gzip::Block;

use super::lines::Sheet;
use super::order::order;
use super::part::{Kept, Part, Slice, cut};
use crate::family::PushedFamily;
use crate::series::group_fingerprint;
use crate::view::{Group, View};

/// The order of all lines of a view, and of all with the same groups and shapes.
#[derive(Debug)]
pub(super) struct Plan {
    /// See [`View::reshaped`].
    reshaped: u64,
    /// Sorted by name.
    pub(super) families: Vec<PlannedFamily>,
}

/// The families of one name, of all groups.
#[derive(Debug)]
pub(super) struct PlannedFamily {
    pub(super) name: Box<str>,
    /// In the order of the groups.
    pub(super) members: Vec<Place>,
    /// Whether all names in it are classic.
    pub(super) classic: bool,
    /// The lines in page order; `None` where some member has no template, so that they must be rendered to be known.
    pub(super) parts: Option<Vec<Part>>,
}

/// Where a pushed family is in a view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Which group.
    pub(super) group: u32,
    /// Which of its families.
    pub(super) family: u32,
}

impl Plan {
    /// The plan of a view. Compressed parts are taken over from an older plan where their lines are the same.
    pub(super) fn of(view: &View, older: Option<&Self>) -> Self {
        let mut families: Vec<PlannedFamily> = gather(view);
        families.sort_by(|a, b| a.name.cmp(&b.name));
        let groups: Vec<&Group> = view.groups().collect();
        let hashes: Vec<u64> = groups
            .iter()
            .map(|group| group_fingerprint(group.key()))
            .collect();
        let kept = older.map(Self::kept).unwrap_or_default();
        for family in &mut families {
            let members = family.pushed(&groups);
            family.classic = members.iter().all(|member| member.shape.classic);
            let Some(runs) = order(&members) else {
                continue;
            };
            let mut parts = Vec::new();
            for run in runs {
                cut(
                    run,
                    &members,
                    |member| hashes[family.members[member].group as usize],
                    &mut parts,
                );
            }
            for part in &parts {
                if let Some(kept) = kept.get(&part.fingerprint) {
                    part.keep(kept.clone());
                }
            }
            family.parts = Some(parts);
        }
        Self {
            reshaped: view.reshaped,
            families,
        }
    }

    /// Whether it is the plan of a view.
    pub(super) fn suits(&self, view: &View) -> bool {
        self.reshaped == view.reshaped
    }

    /// All compressed parts.
    fn kept(&self) -> HashMap<u64, Kept> {
        let parts = self
            .families
            .iter()
            .filter_map(|family| family.parts.as_ref())
            .flatten();
        parts
            .filter_map(|part| Some((part.fingerprint, part.kept()?)))
            .collect()
    }
}

impl PlannedFamily {
    /// Its members in a view.
    fn pushed<'v>(&self, groups: &[&'v Group]) -> Vec<&'v PushedFamily> {
        let pushed =
            |place: &Place| &*groups[place.group as usize].families()[place.family as usize];
        self.members.iter().map(pushed).collect()
    }

    /// The compressed form of a part, if it was kept and nothing has changed since.
    pub(super) fn kept(&self, part: &Part, sheet: &Sheet<'_>) -> Option<Arc<Block>> {
        let kept = part.kept()?;
        let as_it_was =
            |slice: &Slice| sheet.change(self.members[slice.member as usize]) <= kept.changes;
        let holds = kept.changes <= sheet.changes() && part.slices.iter().all(as_it_was);
        holds.then_some(kept.block)
    }
}

/// The families of all groups by name.
fn gather(view: &View) -> Vec<PlannedFamily> {
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    let mut families: Vec<PlannedFamily> = Vec::new();
    // Groups next to each other mostly have the same families: where those of the last group went.
    let mut last: Vec<usize> = Vec::new();
    for (group, held) in (0..).zip(view.groups()) {
        for (at, family) in held.families().iter().enumerate() {
            if family.metrics() == 0 {
                continue;
            }
            let name = family.name();
            let guess = last
                .get(at)
                .copied()
                .filter(|&guess| *families[guess].name == *name);
            let found = guess.unwrap_or_else(|| {
                *by_name.entry(name).or_insert_with(|| {
                    families.push(PlannedFamily {
                        name: name.into(),
                        members: Vec::new(),
                        classic: true,
                        parts: None,
                    });
                    families.len() - 1
                })
            });
            last.resize(last.len().max(at + 1), found);
            last[at] = found;
            families[found].members.push(Place {
                group,
                family: u32::try_from(at).unwrap_or(u32::MAX),
            });
        }
    }
    families
}
