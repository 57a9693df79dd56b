//! Created times that were pushed as a gauge beside what they belong to.
//!
//! Clients that push text send created times as gauges of that name, which OpenMetrics has a typed family claim for itself:
//! where they belong together they become one family, whose samples are the same.

use std::collections::{BTreeMap, HashMap};

use promontory_exposition::{Kind, Label, Value};

use super::planned::PlannedFamily;
use super::sheet::Sheet;
use crate::family::{Origin, PushedFamily};

/// Which families' created times stand in which gauges.
#[derive(Debug, Default)]
pub(super) struct Adoptions {
    /// By the name of the parent, that of the gauge.
    gauges: BTreeMap<Box<str>, Box<str>>,
    /// Most groups push alike, so it is known by their shapes which metric of a gauge belongs to which of its parent.
    pairs: HashMap<Pair, Option<Beside>>,
}

/// The shapes of a gauge and of its parent, and whether the parent was pushed as OpenMetrics.
type Pair = (u64, u64, bool);
/// By the metrics of a parent in the order they were pushed in, which of the gauge's has the created time.
type Beside = HashMap<usize, usize>;

impl Adoptions {
    /// Finds them among families that are sorted by name.
    pub(super) fn of(families: &[PlannedFamily], sheet: &Sheet<'_>) -> Self {
        let named = |name: &str| {
            let found = families.binary_search_by(|family| (*family.name).cmp(name));
            found.ok().map(|at| &families[at])
        };
        let mut adoptions = Self::default();
        for parent in families.iter().filter(|family| has_created(family.kind)) {
            let base = parent.name.strip_suffix(suffix(parent.kind));
            let gauge = base.and_then(|base| named(&format!("{base}_created")));
            let Some(gauge) = gauge.filter(|gauge| gauge.kind == Kind::Gauge) else {
                continue;
            };
            if adoptions.belongs(gauge, parent, sheet) {
                let names = (parent.name.clone(), gauge.name.clone());
                adoptions.gauges.insert(names.0, names.1);
            }
        }
        adoptions
    }

    /// Whether each of a gauge's metrics has one beside it, in the same group, whose created time it may be.
    fn belongs(
        &mut self,
        gauge: &PlannedFamily,
        parent: &PlannedFamily,
        sheet: &Sheet<'_>,
    ) -> bool {
        gauge.members.iter().all(|place| {
            let gauge = sheet.family(*place);
            let group = sheet.group(*place);
            let Some(parent) = group.and_then(|group| group.family(&parent.name)) else {
                return false;
            };
            let known = self.pairs.entry(pair(gauge, parent));
            known.or_insert_with(|| beside(gauge, parent)).is_some()
        })
    }

    /// The gauge with the created times of a family.
    pub(super) fn gauge_of(&self, parent: &str) -> Option<&str> {
        self.gauges.get(parent).map(AsRef::as_ref)
    }

    /// The created time of a parent's metric that was pushed as so manieth.
    pub(super) fn time(
        &self,
        gauge: &PushedFamily,
        parent: &PushedFamily,
        pushed_as: usize,
    ) -> Option<f64> {
        let beside = self.pairs.get(&pair(gauge, parent))?.as_ref()?;
        match gauge.own_metric(*beside.get(&pushed_as)?).ok()?.value {
            Value::Gauge(time) => Some(time),
            _ => None,
        }
    }
}

fn pair(gauge: &PushedFamily, parent: &PushedFamily) -> Pair {
    let native = parent.origin == Origin::OpenMetrics;
    (gauge.shape.id(), parent.shape.id(), native)
}

/// Which metrics belong together; `None` where one of the gauge's has no metric without a created time of its own.
fn beside(gauge: &PushedFamily, parent: &PushedFamily) -> Option<Beside> {
    // Created times that came otherwise are not shown.
    let native = parent.origin == Origin::OpenMetrics;
    let mut parents: HashMap<Vec<Label<'_>>, usize> = HashMap::new();
    for at in 0..parent.metrics() {
        let metric = parent.own_metric(at).ok()?;
        if !(native && metric.value.created().is_some()) {
            parents.insert(metric.labels, at);
        }
    }
    let belongs = |at: usize| Some((*parents.get(&gauge.own_metric(at).ok()?.labels)?, at));
    (0..gauge.metrics()).map(belongs).collect()
}

/// What the names of a type end with in OpenMetrics.
pub(super) fn suffix(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "_total",
        Kind::Info => "_info",
        _ => "",
    }
}

/// Whether metrics of a type may have created times.
pub(super) fn has_created(kind: Kind) -> bool {
    matches!(kind, Kind::Counter | Kind::Summary | Kind::Histogram)
}
