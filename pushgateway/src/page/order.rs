//! The order of the lines of one family.
//!
//! The metrics of a family are ordered by how many labels they have, then by the values of the labels in the order of
//! their names. Grouping labels stand somewhere among them, so where a family's shapes agree on their places, the
//! order is known without looking at single lines: first what stands before the grouping labels (a [`Run`]),
//! then the groups in the order of their keys, then the lines of each group as its shape orders them. Where
//! shapes do not agree, metrics are compared one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use promontory_exposition::Metric;

use super::part::Slice;
use crate::family::PushedFamily;
use crate::shape::{Layout, Run, Shape, Template};

/// The lines of some members in page order, in runs; `None` where one has no template.
pub(super) fn order(members: &[&PushedFamily]) -> Option<Vec<Vec<Slice>>> {
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
