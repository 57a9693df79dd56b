//! The families of a page: those that are pushed, as the plan has them, and the program's own.
//!
//! Where several are one for the reader (the program has one of that name too, or several names are spelled alike), they
//! are joined for this page; so are the states of sets, which OpenMetrics sorts in its own way.

use std::collections::{BTreeMap, HashSet};
use std::ops::Deref;

use promontory_exposition::name::escape;
use promontory_exposition::{Escaping, Format, Kind, Target};

use super::order::Sorting;
use super::plan::Plan;
use super::planned::PlannedFamily;
use super::sheet::{Place, Sheet};
use crate::series::keyed_hash;

/// A family of a page.
pub(super) enum Chosen<'p> {
    /// As planned; its parts are kept.
    Planned(&'p PlannedFamily),
    /// For this page only.
    Joined(Box<PlannedFamily>),
}

impl Deref for Chosen<'_> {
    type Target = PlannedFamily;

    fn deref(&self) -> &PlannedFamily {
        match self {
            Self::Planned(family) => family,
            Self::Joined(family) => family,
        }
    }
}

/// The families of a page in the order of their names; joined ones stand in the place of the first.
pub(super) fn choose<'p>(plan: &'p Plan, sheet: &Sheet<'_>, target: Target) -> Vec<Chosen<'p>> {
    let mut own: BTreeMap<&str, Place> = (0..)
        .zip(sheet.own)
        .filter(|(_, family)| family.metrics() > 0)
        .map(|(at, family)| (family.name(), own_place(at)))
        .collect();
    let alike = SpelledAlike::new(plan, target.escaping);
    let mut joined: HashSet<&str> = HashSet::new();
    let mut chosen = Vec::with_capacity(plan.families.len() + own.len());
    for family in &plan.families {
        while let Some(first) = own
            .first_entry()
            .filter(|first| **first.key() < *family.name)
        {
            chosen.push(join(first.key(), vec![*first.get()], sheet, Sorting::Usual));
            first.remove();
        }
        if joined.contains(&*family.name) {
            continue;
        }
        // The program's own comes first: its help wins.
        let mut members: Vec<Place> = own.remove(&*family.name).into_iter().collect();
        members.extend(&family.members);
        for other in alike.of(family) {
            joined.insert(&*other.name);
            members.extend(&other.members);
        }
        let sorting = match (target.format, family.kind) {
            (Format::OpenMetrics, Kind::StateSet) => Sorting::States(&family.name),
            _ => Sorting::Usual,
        };
        let as_planned = members.len() == family.members.len();
        chosen.push(match sorting {
            Sorting::Usual if as_planned => Chosen::Planned(family),
            _ => join(&family.name, members, sheet, sorting),
        });
    }
    let left = own.into_iter();
    chosen.extend(left.map(|(name, place)| join(name, vec![place], sheet, Sorting::Usual)));
    chosen
}

fn own_place(family: u32) -> Place {
    Place {
        group: Place::OWN,
        family,
    }
}

fn join<'p>(
    name: &str,
    members: Vec<Place>,
    sheet: &Sheet<'_>,
    sorting: Sorting<'_>,
) -> Chosen<'p> {
    let hash = |place| keyed_hash(sheet.family(place).key());
    let joined = PlannedFamily::of(name, members, sheet, sorting, hash);
    Chosen::Joined(Box::new(joined))
}

/// Families that a reader sees under one name.
struct SpelledAlike<'p> {
    escaping: Escaping,
    by_spelling: BTreeMap<String, Vec<&'p PlannedFamily>>,
}

impl<'p> SpelledAlike<'p> {
    fn new(plan: &'p Plan, escaping: Escaping) -> Self {
        let mut by_spelling: BTreeMap<String, Vec<&PlannedFamily>> = BTreeMap::new();
        let all_differ = plan.families.iter().all(|family| family.classic);
        if !all_differ && escaping != Escaping::AllowUtf8 {
            for family in &plan.families {
                let spelled = escape(&family.name, escaping).into_owned();
                by_spelling.entry(spelled).or_default().push(family);
            }
        }
        Self {
            escaping,
            by_spelling,
        }
    }

    /// The others that are spelled like a family.
    fn of(&self, family: &'p PlannedFamily) -> impl Iterator<Item = &'p PlannedFamily> {
        let alike = if self.by_spelling.is_empty() {
            None
        } else {
            self.by_spelling.get(&*escape(&family.name, self.escaping))
        };
        let others = alike.into_iter().flatten().copied();
        others.filter(|other| other.name != family.name)
    }
}
