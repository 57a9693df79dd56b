//! The order of the metrics of one family.
//!
//! The metrics of a family are ordered by how many labels they have, then by the values of the labels in the order of
//! their names. Grouping labels stand somewhere among them, so where a family's shapes agree on their places, the
//! order is known without looking at single metrics: first what stands before the grouping labels (a [`Run`]),
//! then the groups in the order of their keys, then the metrics of each group as its shape orders them. Where
//! shapes do not agree, metrics are compared one by one.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use promontory_exposition::Label;

use super::part::Slice;
use crate::family::PushedFamily;
use crate::shape::{Layout, Merged, Run, Shape, compare_grouped};

/// How the metrics of a family are sorted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sorting<'n> {
    /// As in all formats.
    Usual,
    /// The states of one set stand together; the name is that of the label that tells them apart.
    States(&'n str),
}

/// The metrics of some members in page order, in runs.
pub(super) fn order(members: &[&PushedFamily], sorting: Sorting<'_>) -> Vec<Vec<Slice>> {
    match sorting {
        Sorting::Usual if agree(members) => by_runs(members),
        _ => vec![by_metrics(members, sorting)],
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
        let Some(own) = member.shape.order.layouts.as_ref().filter(|_| alike) else {
            return false;
        };
        for layout in own {
            if *layouts.entry(layout.labels).or_insert(layout) != layout {
                return false;
            }
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
fn by_runs(members: &[&PushedFamily]) -> Vec<Vec<Slice>> {
    let mut runs: BTreeMap<(usize, &[Box<str>]), Vec<Slice>> = BTreeMap::new();
    let mut by_shape: Vec<(&Run, Vec<Slice>)> = Vec::new();
    for (at, member) in members.iter().enumerate() {
        // Members next to each other mostly share their shape: the map is asked when it changes.
        let same = at > 0 && Arc::ptr_eq(&members[at - 1].shape, &member.shape);
        if !same {
            settle(&mut by_shape, &mut runs);
            let runs = member.shape.order.runs.iter();
            by_shape = runs.map(|run| (run, Vec::new())).collect();
        }
        for (run, slices) in &mut by_shape {
            slices.push(Slice::new(at, run.places.clone()));
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

/// One metric while metrics are sorted one by one.
struct Sorted<'s> {
    labels: Merged<'s, 's>,
    slice: Slice,
}

/// The order where they do not: metric by metric.
fn by_metrics(members: &[&PushedFamily], sorting: Sorting<'_>) -> Vec<Slice> {
    let labels = labels_by_shape(members);
    let mut metrics = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let labels = &labels[&member.shape.id()];
        let mut places: Vec<usize> = (0..member.shape.order.len()).collect();
        // Where labels are equal, the metrics stand as they were pushed.
        places.sort_by_key(|place| member.shape.order.pushed(*place));
        let sorted = places.into_iter().map(|place| Sorted {
            labels: Merged {
                own: &labels[member.shape.order.pushed(place)],
                key: member.key().labels(),
            },
            slice: Slice::new(at, place..place + 1),
        });
        metrics.extend(sorted);
    }
    metrics.sort_by(|a, b| a.compare(b, sorting));
    let mut slices: Vec<Slice> = Vec::new();
    for metric in metrics {
        if !slices
            .last_mut()
            .is_some_and(|last| last.join(metric.slice))
        {
            slices.push(metric.slice);
        }
    }
    slices
}

/// The own labels of all metrics of each shape, in the order they were pushed in.
fn labels_by_shape<'s>(members: &[&'s PushedFamily]) -> HashMap<u64, Vec<Vec<Label<'s>>>> {
    let mut labels = HashMap::new();
    for member in members {
        let shape = &member.shape;
        labels.entry(shape.id()).or_insert_with(|| {
            let own = |pushed| shape.metric(pushed, &[]).map(|metric| metric.labels);
            // We read what we wrote; a metric that did not decode would only stand in another place.
            let own = |pushed| own(pushed).unwrap_or_default();
            (0..shape.order.len()).map(own).collect()
        });
    }
    labels
}

impl Sorted<'_> {
    fn compare(&self, other: &Self, sorting: Sorting<'_>) -> Ordering {
        let usual = || compare_grouped(self.labels, other.labels);
        match sorting {
            Sorting::Usual => usual(),
            Sorting::States(state) => self.set(state).cmp(other.set(state)).then_with(usual),
        }
    }

    /// The labels that tell one state set from another.
    fn set<'s>(&'s self, state: &'s str) -> impl Iterator<Item = &'s Label<'s>> {
        self.labels.filter(move |label| label.name != state)
    }
}
