//! One family of a page: what is pushed under its name (or names), and the program's own.

use std::collections::{BTreeMap, HashSet};

use promontory_exposition::format::Writer;
use promontory_exposition::model::Header;
use promontory_exposition::name::escape;
use promontory_exposition::{Escaping, Family, Metric, Target, WriteError};

use super::lines::Sheet;
use super::part::Part;
use super::plan::{Plan, PlannedFamily};
use crate::family::PushedFamily;
use crate::shape::{compare, suits};

/// See the module.
pub(super) struct Entry<'p> {
    pushed: Vec<&'p PlannedFamily>,
    pub(super) own: Option<&'p Family<'p>>,
}

/// The families of a page in order.
pub(super) fn entries<'p>(plan: &'p Plan, target: Target, own: &'p [Family<'p>]) -> Vec<Entry<'p>> {
    let mut own: BTreeMap<&str, &Family<'_>> =
        own.iter().map(|family| (&*family.name, family)).collect();
    let alike = SpelledAlike::new(plan, target.escaping);
    let mut joined = HashSet::new();
    let mut entries = Vec::with_capacity(plan.families.len() + own.len());
    for family in &plan.families {
        while let Some(first) = own
            .first_entry()
            .filter(|first| **first.key() < *family.name)
        {
            entries.push(Entry {
                pushed: Vec::new(),
                own: Some(first.remove()),
            });
        }
        if joined.contains(&*family.name) {
            continue;
        }
        let mut pushed = vec![family];
        for other in alike.of(family) {
            joined.insert(&*other.name);
            pushed.push(other);
        }
        entries.push(Entry {
            pushed,
            own: own.remove(&*family.name),
        });
    }
    entries.extend(own.into_values().map(|family| Entry {
        pushed: Vec::new(),
        own: Some(family),
    }));
    entries
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

impl<'p> Entry<'p> {
    /// The one pushed family that is all there is, and its parts, if they suit the target.
    pub(super) fn ready(&self, target: Target) -> Option<(&'p PlannedFamily, &'p [Part])> {
        match (&*self.pushed, self.own) {
            ([family], None) if suits(target) => Some((family, family.parts.as_deref()?)),
            _ => None,
        }
    }

    /// Writes the family from its values.
    pub(super) fn write(
        &self,
        sheet: &Sheet<'_>,
        target: Target,
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        let Some(header) = self.header(sheet) else {
            return Ok(());
        };
        let mut metrics: Vec<Metric<'_>> =
            self.own.map_or_else(Vec::new, |own| own.metrics.clone());
        for member in self.members(sheet) {
            metrics.extend(decode(member)?.metrics);
        }
        if metrics.is_empty() {
            return Ok(());
        }
        metrics.sort_by(compare);
        let mut writer = Writer::new(target, out);
        writer.begin(header);
        for metric in &metrics {
            writer.metric(&metric.labels, &metric.value, metric.timestamp_ms)?;
        }
        writer.end();
        Ok(())
    }

    /// What stands above the metrics: the program's own header, else that of the first member.
    pub(super) fn header<'v>(&self, sheet: &Sheet<'v>) -> Option<Header<'v>>
    where
        'p: 'v,
    {
        let first = || {
            Some(
                sheet
                    .family(*self.pushed.first()?.members.first()?)
                    .header(),
            )
        };
        self.own.map(Family::header).or_else(first)
    }

    pub(super) fn members<'v>(&self, sheet: &Sheet<'v>) -> impl Iterator<Item = &'v PushedFamily> {
        let places = self.pushed.iter().flat_map(|family| &family.members);
        places.map(|place| sheet.family(*place))
    }
}

/// Reads a kept family back. What we wrote is readable; if not, the page fails naming the family.
pub(super) fn decode(family: &PushedFamily) -> Result<Family<'_>, WriteError> {
    family.decode().map_err(|_| WriteError::KindMismatch {
        family: family.name().to_owned(),
        kind: family.kind(),
    })
}
