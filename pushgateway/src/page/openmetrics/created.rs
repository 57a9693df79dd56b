//! Created times that were pushed as a gauge beside what they belong to.
//!
//! Clients that push text send created times as gauges of that name, which a typed family claims for itself: where they
//! belong together they become one family, whose samples are the same.

use std::collections::{BTreeMap, HashMap};

use promontory_exposition::{Kind, Value};

use super::super::plan::PlannedFamily;
use super::super::sheet::{Place, Sheet};
use super::naming::{has_created, suffix};
use crate::family::{Origin, PushedFamily};

/// Which families' created times stand in which gauges: by the name of the parent, that of the gauge.
#[derive(Debug, Default)]
pub(in crate::page) struct Adoptions(BTreeMap<Box<str>, Box<str>>);

impl Adoptions {
    /// Finds them among families that are sorted by name.
    pub(in crate::page) fn of(families: &[PlannedFamily], sheet: &Sheet<'_>) -> Self {
        let named = |name: &str| {
            let found = families.binary_search_by(|family| (*family.name).cmp(name));
            found.ok().map(|at| &families[at])
        };
        let mut adoptions = BTreeMap::new();
        for parent in families.iter().filter(|family| has_created(family.kind)) {
            let base = parent.name.strip_suffix(suffix(parent.kind));
            let gauge = base.and_then(|base| named(&format!("{base}_created")));
            let Some(gauge) = gauge.filter(|gauge| gauge.kind == Kind::Gauge) else {
                continue;
            };
            if belongs(gauge, parent, sheet) {
                adoptions.insert(parent.name.clone(), gauge.name.clone());
            }
        }
        Self(adoptions)
    }

    /// The gauge with the created times of a family.
    pub(super) fn gauge_of(&self, parent: &str) -> Option<&str> {
        self.0.get(parent).map(AsRef::as_ref)
    }
}

/// Whether each of a gauge's metrics has one beside it, in the same group, whose created time it may be.
fn belongs(gauge: &PlannedFamily, parent: &PlannedFamily, sheet: &Sheet<'_>) -> bool {
    // Most groups push alike, so the answer is mostly known by their shapes.
    let mut known: HashMap<(u64, u64, bool), bool> = HashMap::new();
    gauge.members.iter().all(|place| {
        let gauge = sheet.family(*place);
        let group = sheet.group(*place);
        let Some(parent) = group.and_then(|group| group.family(&parent.name)) else {
            return false;
        };
        let native = parent.origin == Origin::OpenMetrics;
        *known
            .entry((gauge.shape.id(), parent.shape.id(), native))
            .or_insert_with(|| has_all(parent, gauge, native))
    })
}

/// Whether a family has a metric without a created time of its own for each of a gauge's.
fn has_all(parent: &PushedFamily, gauge: &PushedFamily, native: bool) -> bool {
    (0..gauge.metrics()).all(|at| {
        let Ok(metric) = gauge.own_metric(at) else {
            return false;
        };
        let found = parent.shape.pushed_with(&metric.labels);
        let found = found.and_then(|at| parent.own_metric(at).ok());
        // Created times that came otherwise are not shown.
        found.is_some_and(|metric| !(native && is_created(&metric.value)))
    })
}

/// Whether a value knows its created time itself.
fn is_created(value: &Value<'_>) -> bool {
    let created = match value {
        Value::Counter(counter) => counter.created,
        Value::Summary(summary) => summary.created,
        Value::Histogram(histogram) => histogram.created,
        Value::Gauge(_) | Value::Untyped(_) => None,
    };
    created.is_some()
}

/// Where the created times of a family's metrics stand.
#[derive(Clone)]
pub(super) struct Created<'p> {
    /// The name of the gauge, as pushed.
    pub(super) gauge: &'p str,
    /// What the lines are called, as the reader sees it.
    pub(super) name: String,
}

impl Created<'_> {
    /// The created time of the metric at a place that was pushed as so manieth.
    pub(super) fn time(&self, pushed_as: usize, place: Place, sheet: &Sheet<'_>) -> Option<f64> {
        let gauge = sheet.group(place)?.family(self.gauge)?;
        let parent = sheet.family(place).own_metric(pushed_as).ok()?;
        // Clients push both in one order, so a look at the same place mostly finds it.
        let guess = (pushed_as < gauge.metrics())
            .then(|| gauge.own_metric(pushed_as).ok())
            .flatten()
            .filter(|guess| guess.labels == parent.labels);
        let found = || {
            let found = gauge.shape.pushed_with(&parent.labels)?;
            gauge.own_metric(found).ok()
        };
        match guess.or_else(found)?.value {
            Value::Gauge(time) => Some(time),
            _ => None,
        }
    }
}
