//! The order of the metrics of a shape, as far as it is known without the values of the grouping labels.
//!
//! Metrics are ordered by how many labels they have, then by the values of the labels in the order of their names. Those
//! of one group nearly always have one order whatever its grouping values are; [`Run`] and [`Layout`] say what is needed
//! to know the order among groups (see [`crate::page`]).

use std::cmp::Ordering;
use std::ops::Range;

use promontory_exposition::{Label, Metric};

/// See the module. A metric's *place* is where it stands in the order.
#[derive(Debug)]
pub(crate) struct Order {
    /// Which each was when pushed, by place.
    pushed: Box<[u32]>,
    /// The metrics that stand together whatever the values of the grouping labels are.
    pub(crate) runs: Box<[Run]>,
    /// One for each number of labels that metrics have; `None` where two metrics of as many labels have the grouping
    /// labels in other places, so that their order depends on the values of grouping labels.
    pub(crate) layouts: Option<Box<[Layout]>>,
}

/// Adjacent metrics that have as many labels and the same values before the first grouping label.
#[derive(Debug)]
pub(crate) struct Run {
    /// How many labels each metric has.
    pub(crate) labels: usize,
    /// The values before the first grouping label.
    pub(crate) leading: Box<[Box<str>]>,
    /// Their places.
    pub(crate) places: Range<usize>,
}

/// Where the grouping labels stand among the sorted labels of a metric.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Layout {
    /// How many labels there are.
    pub(crate) labels: usize,
    /// The positions of the grouping labels.
    pub(crate) positions: Box<[usize]>,
}

impl Layout {
    /// The layout of own labels among grouping labels, both sorted by name.
    fn of(own: &[Label<'_>], key: &[Label<'_>]) -> Self {
        let before = |name: &str| own.partition_point(|label| *label.name <= *name);
        let positions = key.iter().enumerate();
        Self {
            labels: own.len() + key.len(),
            positions: positions
                .map(|(at, label)| at + before(&label.name))
                .collect(),
        }
    }

    /// How many grouping labels stand together at the first of them: their values alone order the groups.
    pub(crate) fn together(&self) -> usize {
        let first = self.positions.first().copied().unwrap_or(0);
        let in_row = |(at, position): &(usize, &usize)| **position == first + at;
        self.positions.iter().enumerate().take_while(in_row).count()
    }
}

impl Order {
    /// The order of metrics with their own labels, sorted by name, under grouping labels of the names of `key`.
    pub(super) fn of(metrics: &[Metric<'_>], key: &[Label<'_>]) -> Self {
        let mut pushed: Vec<(u32, &Metric<'_>)> = (0..).zip(metrics).collect();
        pushed.sort_by(|a, b| compare(&a.1.labels, &b.1.labels));
        let mut layouts: Option<Vec<Layout>> = Some(Vec::new());
        let mut runs: Vec<Run> = Vec::new();
        for (place, (_, metric)) in pushed.iter().enumerate() {
            let layout = Layout::of(&metric.labels, key);
            let first = layout.positions.first().copied();
            let leading = &metric.labels[..first.unwrap_or(metric.labels.len())];
            match runs.last_mut() {
                Some(run) if run.labels == layout.labels && run.is_led_by(leading) => {
                    run.places.end = place + 1;
                }
                _ => runs.push(Run {
                    labels: layout.labels,
                    leading: leading.iter().map(|label| (*label.value).into()).collect(),
                    places: place..place + 1,
                }),
            }
            layouts = layouts.and_then(|layouts| with(layouts, layout));
        }
        Self {
            pushed: pushed.iter().map(|(at, _)| *at).collect(),
            runs: runs.into(),
            layouts: layouts.map(Into::into),
        }
    }

    /// Which a metric was when pushed.
    pub(crate) fn pushed(&self, place: usize) -> usize {
        self.pushed[place] as usize
    }

    /// How many metrics there are.
    pub(crate) fn len(&self) -> usize {
        self.pushed.len()
    }
}

impl Run {
    fn is_led_by(&self, labels: &[Label<'_>]) -> bool {
        let values = labels.iter().map(|label| &*label.value);
        self.leading.iter().map(AsRef::as_ref).eq(values)
    }
}

/// The layouts with one more; `None` where one of as many labels differs.
fn with(mut layouts: Vec<Layout>, layout: Layout) -> Option<Vec<Layout>> {
    match layouts.iter().find(|other| other.labels == layout.labels) {
        Some(other) if *other != layout => return None,
        Some(_) => {}
        None => layouts.push(layout),
    }
    Some(layouts)
}

/// client_golang's order of metrics by labels that are sorted by name: by their number, then by their values.
fn compare(a: &[Label<'_>], b: &[Label<'_>]) -> Ordering {
    a.len()
        .cmp(&b.len())
        .then_with(|| a.iter().map(value).cmp(b.iter().map(value)))
}

/// As [`compare`], of metrics whose own labels stand among the grouping labels of their group.
pub(crate) fn compare_grouped(a: Merged<'_, '_>, b: Merged<'_, '_>) -> Ordering {
    let count = |labels: Merged<'_, '_>| labels.own.len() + labels.key.len();
    count(a)
        .cmp(&count(b))
        .then_with(|| a.map(value).cmp(b.map(value)))
}

fn value<'a>(label: &'a Label<'_>) -> &'a str {
    &label.value
}

/// Own and grouping labels, both sorted by name, as one sorted list.
#[derive(Clone, Copy)]
pub(crate) struct Merged<'l, 'a> {
    pub(crate) own: &'l [Label<'a>],
    pub(crate) key: &'l [Label<'a>],
}

impl<'l, 'a> Iterator for Merged<'l, 'a> {
    type Item = &'l Label<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let is_own = match (self.own.first(), self.key.first()) {
            (Some(own), Some(key)) => own.name <= key.name,
            (own, _) => own.is_some(),
        };
        let list = if is_own { &mut self.own } else { &mut self.key };
        let (first, rest) = list.split_first()?;
        *list = rest;
        Some(first)
    }
}
