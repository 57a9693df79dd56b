//! From the families of a body to the checked families of one group. Pure.
//!
//! Everything here costs time in proportion to the push and runs in the caller's thread, so that the
//! committing thread only has to compare and link. What can be said about a push without knowing what
//! else is held is said here; the rest is for `index`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use promontory_exposition::{Family, Kind, Metric, Value};
use tokio::sync::OwnedSemaphorePermit;

use crate::family::{Origin, PushedFamily};
use crate::group::GroupingKey;
use crate::refusal::Refusal;
use crate::time::UnixNanos;

/// The family that says when a group was last changed.
pub const PUSH_TIME: &str = "push_time_seconds";
/// The family that says when changing a group last failed.
pub const PUSH_FAILURE_TIME: &str = "push_failure_time_seconds";
/// The family that says when a group expires; groups that do not have none.
pub const PUSH_EXPIRY_TIME: &str = "push_expiry_time_seconds";

/// What a push does to the families a group has already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// PUT: the group consists of the pushed families.
    Replace,
    /// POST: families of the same name are replaced, others stay.
    Merge,
}

/// A push made ready: sanitised and checked by itself.
#[derive(Debug)]
pub struct Push {
    pub(crate) key: GroupingKey,
    pub(crate) change: Change,
    pub(crate) at: UnixNanos,
    /// The families to hold, without [`PUSH_TIME`] and [`PUSH_EXPIRY_TIME`]; empty after a refusal.
    pub(crate) families: Vec<Arc<PushedFamily>>,
    /// [`PUSH_TIME`] at `at`.
    pub(crate) push_time: Option<Arc<PushedFamily>>,
    /// [`PUSH_EXPIRY_TIME`], where the group is to expire.
    pub(crate) expiry_time: Option<Arc<PushedFamily>>,
    /// Why nothing of the push can be held.
    pub(crate) refusal: Option<Refusal>,
    /// Its room among the pushes that wait, given back when it is applied.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

impl Push {
    /// The same push of a group that expires so long after it, unless it is pushed again; zero is never.
    pub fn expiring_after(mut self, ttl: Duration) -> Self {
        self.expiry_time = if ttl.is_zero() {
            None
        } else {
            time_family(&self.key, PUSH_EXPIRY_TIME, self.at.after(ttl), self.at)
        };
        self
    }
}

/// A push that was read to its end in vain, for the committing thread to count as failed.
pub fn prepare_refused(
    key: GroupingKey,
    change: Change,
    refusal: Refusal,
    now: SystemTime,
) -> Push {
    Push {
        refusal: Some(refusal),
        ..prepare(key, change, Vec::new(), now)
    }
}

/// [`prepare_from`] for text and protobuf.
pub fn prepare(
    key: GroupingKey,
    change: Change,
    families: Vec<Family<'_>>,
    now: SystemTime,
) -> Push {
    prepare_from(Origin::Classic, key, change, families, now)
}

/// Makes a push ready for [`crate::commit::Gateway::push`]. Costs time in proportion to the body: run it off
/// the async threads when the body is large.
///
/// What is wrong with the push in itself is kept in it: upstream counts such a push as failed, which is for the
/// committing thread to note.
pub fn prepare_from(
    origin: Origin,
    key: GroupingKey,
    change: Change,
    families: Vec<Family<'_>>,
    now: SystemTime,
) -> Push {
    let at = UnixNanos::from_system(now);
    let (families, refusal) = match ready_families(&key, families, origin, at) {
        Ok(families) => (families, None),
        Err(refusal) => (Vec::new(), Some(refusal)),
    };
    Push {
        families,
        push_time: time_family(&key, PUSH_TIME, at, at),
        expiry_time: None,
        key,
        change,
        at,
        refusal,
        room: None,
    }
}

fn ready_families<'a>(
    key: &'a GroupingKey,
    families: Vec<Family<'a>>,
    origin: Origin,
    at: UnixNanos,
) -> Result<Vec<Arc<PushedFamily>>, Refusal> {
    let families = last_of_each_name(families);
    for family in &families {
        if family
            .metrics
            .iter()
            .any(|metric| metric.timestamp_ms.is_some())
        {
            return Err(Refusal::Timestamp {
                family: family.name.to_string(),
            });
        }
    }
    let mut ready = Vec::with_capacity(families.len());
    for family in families {
        // Upstream replaces a pushed one by its own; whether a group expires is not for its body to say.
        if matches!(&*family.name, PUSH_TIME | PUSH_EXPIRY_TIME) {
            continue;
        }
        ready.push(Arc::new(make_ready(key, family, origin, at)?));
    }
    Ok(ready)
}

/// Only protobuf bodies can name a family twice; as upstream, the last one counts, whatever the others hold.
fn last_of_each_name(mut families: Vec<Family<'_>>) -> Vec<Family<'_>> {
    let mut seen = HashSet::with_capacity(families.len());
    let last: Vec<bool> = families
        .iter()
        .rev()
        .map(|family| seen.insert(&*family.name))
        .collect();
    drop(seen);
    // From the first on, while they were looked through from the last.
    let mut last = last.into_iter().rev();
    families.retain(|_| last.next().unwrap_or(true));
    families
}

/// Checks and keeps a family.
///
/// # Errors
/// What makes the family impossible to hold. What only makes it unfit to be scraped is kept in it.
pub(crate) fn make_ready(
    key: &GroupingKey,
    family: Family<'_>,
    origin: Origin,
    at: UnixNanos,
) -> Result<PushedFamily, Refusal> {
    if family.name.is_empty() {
        return Err(Refusal::NoName);
    }
    let of_kind = |metric: &Metric<'_>| suits(&metric.value, family.kind);
    if !family.metrics.iter().all(of_kind) {
        return Err(Refusal::NotOfKind {
            family: family.name.to_string(),
            kind: family.kind,
        });
    }
    PushedFamily::new(key, family, origin, at)
}

/// One of the families about the group itself. `None` cannot be: it has a name and holds one gauge.
pub(crate) fn time_family(
    key: &GroupingKey,
    name: &'static str,
    time: UnixNanos,
    at: UnixNanos,
) -> Option<Arc<PushedFamily>> {
    let help = match name {
        PUSH_TIME => "Last Unix time when changing this group in the Pushgateway succeeded.",
        PUSH_EXPIRY_TIME => "Unix time when this group expires unless it is pushed again.",
        _ => "Last Unix time when changing this group in the Pushgateway failed.",
    };
    let mut family = Family::new(name, Kind::Gauge).with_help(help);
    family.metrics.push(Metric {
        labels: Vec::new(),
        value: Value::Gauge(time.as_seconds()),
        timestamp_ms: None,
    });
    make_ready(key, family, Origin::Classic, at)
        .map(Arc::new)
        .ok()
}

fn suits(value: &Value<'_>, kind: Kind) -> bool {
    matches!(
        (value, kind),
        (Value::Counter(_), Kind::Counter)
            | (Value::Gauge(_), Kind::Gauge | Kind::Info | Kind::StateSet)
            | (Value::Untyped(_), Kind::Untyped)
            | (Value::Summary(_), Kind::Summary)
            | (Value::Histogram(_), Kind::Histogram | Kind::GaugeHistogram)
    )
}
