//! Which line stands where on a page, whatever its numbers are.
//!
//! The metrics of a family are ordered by how many labels they have, then by the values of the labels in the order of
//! their names. Grouping labels stand somewhere among them, so where a family's shapes agree on their places, the
//! order is known without looking at single lines: first what stands before the grouping labels (a [`Run`]),
//! then the groups in the order of their keys, then the lines of each group as its shape orders them. Where
//! shapes do not agree, metrics are compared one by one.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use promontory_exposition::Metric;
use promontory_exposition::gzip::Block;

use super::lines::Sheet;
use crate::family::PushedFamily;
use crate::series::group_fingerprint;
use crate::shape::{Layout, Run, Shape, Template};
use crate::view::{Group, View};

/// Lines in a part, about: it is rendered and compressed as a whole.
const PART_LINES: usize = 160;

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

/// Lines of one member that stand together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    /// Which member.
    pub(super) member: u32,
    start: u32,
    end: u32,
}

impl Slice {
    fn new(member: usize, lines: Range<usize>) -> Self {
        // Everything held fits in memory, so there are far fewer than 2^32 of each.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            member: number(member),
            start: number(lines.start),
            end: number(lines.end),
        }
    }

    /// Which lines of the member's template.
    pub(super) fn lines(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Some hundred lines of a family, with their compressed form.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) slices: Box<[Slice]>,
    /// Whether the family's header stands before them.
    pub(super) first: bool,
    /// Equal for parts with the same lines, but for numbers, in whatever plan.
    fingerprint: u64,
    kept: Mutex<Option<Kept>>,
}

/// A compressed part, and the last change of the view it was made from.
#[derive(Clone, Debug)]
struct Kept {
    changes: u64,
    block: Arc<Block>,
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
            for part in &mut parts {
                part.kept = Mutex::new(kept.get(&part.fingerprint).cloned());
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

    /// The compressed form of a part: the kept one, else a new one.
    pub(super) fn block(
        &self,
        part: &Part,
        sheet: &Sheet<'_>,
        make: impl FnOnce() -> Block,
    ) -> Arc<Block> {
        if let Some(block) = self.kept(part, sheet) {
            return block;
        }
        let block = Arc::new(make());
        // A scrape that was held up must not put its older block in the place of a newer one.
        if part
            .kept()
            .is_none_or(|kept| kept.changes < sheet.changes())
        {
            part.keep(Kept {
                changes: sheet.changes(),
                block: Arc::clone(&block),
            });
        }
        block
    }
}

impl Part {
    fn kept(&self) -> Option<Kept> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, kept: Kept) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
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

/// The lines of some members in page order, in runs; `None` where one has no template.
fn order(members: &[&PushedFamily]) -> Option<Vec<Vec<Slice>>> {
    let templates: Option<Vec<&Template>> = members
        .iter()
        .map(|member| member.shape.template.as_ref())
        .collect();
    let templates = templates?;
    if agree(members) {
        Some(by_runs(members, &templates))
    } else {
        Some(vec![by_metrics(members, &templates)])
    }
}

/// Whether runs, then groups, then each group's own order is the order of a page.
fn agree(members: &[&PushedFamily]) -> bool {
    let mut layouts: BTreeMap<usize, &Layout> = BTreeMap::new();
    let mut last: Option<&Arc<Shape>> = None;
    for member in members {
        if last.is_some_and(|last| Arc::ptr_eq(last, &member.shape)) {
            continue;
        }
        let alike = last.is_none_or(|last| last.key_names() == member.shape.key_names());
        let Some(own) = member
            .shape
            .template
            .as_ref()
            .and_then(|template| template.layouts.as_ref())
        else {
            return false;
        };
        for layout in own {
            if *layouts.entry(layout.labels).or_insert(layout) != layout {
                return false;
            }
        }
        if !alike {
            return false;
        }
        last = Some(&member.shape);
    }
    // Where other labels stand between the grouping labels, the first of those must tell the groups apart.
    let together = layouts
        .values()
        .map(|layout| layout.together())
        .min()
        .unwrap_or(0);
    let whole = |member: &PushedFamily| member.key().labels().len() == together;
    members.first().is_none_or(|member| whole(member))
        || members.windows(2).all(|pair| {
            let first = |at: usize| pair[at].key().labels().iter().take(together);
            !first(0).eq(first(1))
        })
}

/// The order where members agree.
fn by_runs(members: &[&PushedFamily], templates: &[&Template]) -> Vec<Vec<Slice>> {
    let mut runs: BTreeMap<(usize, &[Box<str>]), Vec<Slice>> = BTreeMap::new();
    let mut by_shape: Vec<(&Run, Vec<Slice>)> = Vec::new();
    for (at, (member, template)) in members.iter().zip(templates).enumerate() {
        // Members next to each other mostly share their shape: the map is asked when it changes.
        let same = at > 0 && Arc::ptr_eq(&members[at - 1].shape, &member.shape);
        if !same {
            settle(&mut by_shape, &mut runs);
            by_shape = template.runs.iter().map(|run| (run, Vec::new())).collect();
        }
        for (run, slices) in &mut by_shape {
            slices.push(Slice::new(at, run.lines.clone()));
        }
    }
    settle(&mut by_shape, &mut runs);
    runs.into_values().collect()
}

fn settle<'s>(
    by_shape: &mut Vec<(&'s Run, Vec<Slice>)>,
    runs: &mut BTreeMap<(usize, &'s [Box<str>]), Vec<Slice>>,
) {
    for (run, mut slices) in by_shape.drain(..) {
        runs.entry((run.labels, &run.leading))
            .or_default()
            .append(&mut slices);
    }
}

/// The order where they do not: metric by metric.
fn by_metrics(members: &[&PushedFamily], templates: &[&Template]) -> Vec<Slice> {
    let mut metrics = Vec::new();
    for (at, (member, template)) in members.iter().zip(templates).enumerate() {
        // We read what we wrote; a family that did not decode would only stand in its members' order.
        let decoded = member.decode().ok();
        // Where keys are equal, the metrics stand as they were pushed.
        let mut lines: Vec<_> = template.metrics().collect();
        lines.sort_by_key(|(pushed, _)| *pushed);
        for (pushed, lines) in lines {
            let metric = decoded
                .as_ref()
                .and_then(|family| family.metrics.get(pushed));
            metrics.push((metric.map(sort_key), Slice::new(at, lines)));
        }
    }
    metrics.sort_by(|a, b| a.0.cmp(&b.0));
    metrics.into_iter().map(|(_, slice)| slice).collect()
}

/// How many labels, then their values; as client_golang sorts.
fn sort_key(metric: &Metric<'_>) -> (usize, Vec<Box<str>>) {
    let values = metric.labels.iter().map(|label| (*label.value).into());
    (metric.labels.len(), values.collect())
}

/// Cuts a run into parts. Where depends on the groups alone, so that a new group changes one part, not all behind it.
fn cut(
    run: Vec<Slice>,
    members: &[&PushedFamily],
    group_hash: impl Fn(usize) -> u64,
    parts: &mut Vec<Part>,
) {
    let (mut slices, mut lines, mut fingerprint) = (Vec::new(), 0, 0_u64);
    let mut last = run.len();
    for slice in run {
        last -= 1;
        let hash = group_hash(slice.member as usize);
        let shape = members[slice.member as usize].shape.id();
        for part in [hash, shape, u64::from(slice.start), u64::from(slice.end)] {
            fingerprint = (fingerprint.rotate_left(5) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        lines += slice.lines().len();
        slices.push(slice);
        let here = lines >= PART_LINES && hash.is_multiple_of(4);
        if last == 0 || here || lines >= 4 * PART_LINES {
            let first = parts.is_empty();
            parts.push(Part {
                slices: std::mem::take(&mut slices).into(),
                first,
                fingerprint: fingerprint ^ u64::from(first),
                kept: Mutex::default(),
            });
            (lines, fingerprint) = (0, 0);
        }
    }
}
