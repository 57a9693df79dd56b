//! One group as a snapshot holds it.

use std::borrow::Cow;
use std::sync::Arc;

use promontory_exposition::line::label_value;
use promontory_exposition::{Label, Value};

use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::ingest::{PUSH_EXPIRY_TIME, PUSH_FAILURE_TIME, PUSH_TIME};
use crate::time::UnixNanos;

/// One group with its families, sorted by name; the push time families are among them.
#[derive(Clone, Debug)]
pub struct Group {
    key: GroupingKey,
    families: Box<[Arc<PushedFamily>]>,
    /// The change that made it, as [`View`](super::View) counts them.
    pub(crate) change: u64,
    /// Whether a grouping value has something that text escapes.
    pub(crate) escapes: bool,
    /// Never (zero) for most; kept beside the family that says it, because it is asked for with each change.
    expires_at: UnixNanos,
}

impl Group {
    /// A group of families in any order, each name once.
    pub(crate) fn new(key: GroupingKey, mut families: Vec<Arc<PushedFamily>>, change: u64) -> Self {
        families.sort_by(|a, b| a.name().cmp(b.name()));
        let escaped = |label: &Label<'_>| matches!(label_value(&label.value), Cow::Owned(_));
        let mut group = Self {
            escapes: key.labels().iter().any(escaped),
            key,
            families: families.into(),
            change,
            expires_at: UnixNanos::default(),
        };
        if let Some(seconds) = group.first_gauge(PUSH_EXPIRY_TIME) {
            group.expires_at = UnixNanos::from_seconds(seconds);
        }
        group
    }

    /// Whether it has the same families as another, pushed in the same formats, but for numbers and times.
    pub(crate) fn is_shaped_like(&self, other: &Self) -> bool {
        let shapes = |group: &Self| group.families.len();
        let alike = |(a, b): (&Arc<PushedFamily>, &Arc<PushedFamily>)| {
            Arc::ptr_eq(&a.shape, &b.shape) && a.origin == b.origin
        };
        shapes(self) == shapes(other) && std::iter::zip(&self.families, &other.families).all(alike)
    }

    /// The families with values that OpenMetrics forbids.
    pub(crate) fn misfits(&self) -> impl Iterator<Item = &PushedFamily> {
        let families = self.families.iter().map(AsRef::as_ref);
        families.filter(|family| !family.fits)
    }

    /// The grouping key.
    pub fn key(&self) -> &GroupingKey {
        &self.key
    }

    /// All families, sorted by name.
    pub fn families(&self) -> &[Arc<PushedFamily>] {
        &self.families
    }

    /// One family.
    pub fn family(&self, name: &str) -> Option<&Arc<PushedFamily>> {
        let found = self
            .families
            .binary_search_by(|family| family.name().cmp(name))
            .ok()?;
        Some(&self.families[found])
    }

    /// Whether the last change of this group was accepted: `push_failure_time_seconds` is not greater than
    /// `push_time_seconds`. As upstream, the metrics decide, and one that is missing counts as success.
    pub fn last_push_successful(&self) -> bool {
        match (
            self.first_gauge(PUSH_FAILURE_TIME),
            self.first_gauge(PUSH_TIME),
        ) {
            (Some(failed), Some(succeeded)) => failed <= succeeded,
            _ => true,
        }
    }

    /// When a push was last accepted, by `push_time_seconds`; the families' own stamps are also set by failures.
    pub fn pushed_at(&self) -> UnixNanos {
        self.moment(PUSH_TIME)
    }

    /// When a push was last refused, by `push_failure_time_seconds`.
    pub fn failed_at(&self) -> UnixNanos {
        self.moment(PUSH_FAILURE_TIME)
    }

    /// When this group expires unless it is pushed again; `None` where it does not.
    pub fn expires_at(&self) -> Option<UnixNanos> {
        (self.expires_at > UnixNanos::default()).then_some(self.expires_at)
    }

    /// How many series it has, over all families.
    pub fn series(&self) -> usize {
        self.families.iter().map(|family| family.metrics()).sum()
    }

    /// What a gauge in seconds means as a point in time.
    fn moment(&self, name: &str) -> UnixNanos {
        let seconds = self.first_gauge(name).unwrap_or_default();
        // A pushed value may be anything: what is no time becomes never or the end of all times.
        UnixNanos((seconds * 1e9) as i64)
    }

    fn first_gauge(&self, name: &str) -> Option<f64> {
        let family = self.family(name)?;
        if let Some(value) = family.only_gauge() {
            return Some(value);
        }
        match family.own_metric(0).ok()?.value {
            Value::Gauge(value) => Some(value),
            _ => Some(0.0),
        }
    }
}
