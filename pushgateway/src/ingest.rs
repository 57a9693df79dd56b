//! From the families of a body to the checked, rendered families of one group. Pure.
//!
//! Everything here costs time in proportion to the push and runs in the caller's thread, so that the
//! committing thread only has to compare and link. What can be said about a push without knowing what
//! else is held is said here; the rest is for [`crate::index`].

use std::collections::HashSet;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use promontory_exposition::name::{escape, is_classic_label_name, spell_label};
use promontory_exposition::{Escaping, Family, Kind, Label, Metric, Value};

use crate::family::{About, PushedFamily, UnixNanos, build, encode};
use crate::group::GroupingKey;

/// The family that says when a group was last changed.
pub const PUSH_TIME: &str = "push_time_seconds";
/// The family that says when changing a group last failed.
pub const PUSH_FAILURE_TIME: &str = "push_failure_time_seconds";

/// What a push does to the families a group has already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// PUT: the group consists of the pushed families.
    Replace,
    /// POST: families of the same name are replaced, others stay.
    Merge,
}

/// Why a push is refused. `Display` names the culprit and is what the client may read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A metric carries a timestamp; old samples would be scraped again and again.
    #[error("family {family:?}: pushed metrics must not have timestamps")]
    Timestamp {
        /// The family.
        family: String,
    },
    /// A family without a name.
    #[error("a family has no name")]
    NoName,
    /// A label name that is empty or reserved (`__…`).
    #[error("family {family:?}, label {label:?}: invalid label name")]
    LabelName {
        /// The family.
        family: String,
        /// The label.
        label: String,
    },
    /// One metric has a label twice, also when only the classic spellings are equal.
    #[error("family {family:?}, label {label:?}: two or more labels with the same name")]
    LabelTwice {
        /// The family.
        family: String,
        /// The label.
        label: String,
    },
    /// `quantile` on a summary or `le` on a histogram: its own samples use that label.
    #[error("family {family:?}, label {label:?}: must not be set explicitly on a {}", kind_name(*kind))]
    LabelTaken {
        /// The family.
        family: String,
        /// The label.
        label: &'static str,
        /// The type that uses the label.
        kind: Kind,
    },
    /// A metric's value is not of its family's type.
    #[error("family {family:?}: a metric is not a {}", kind_name(*kind))]
    NotOfKind {
        /// The family.
        family: String,
        /// The family's type.
        kind: Kind,
    },
    /// The same series is there already.
    #[error("family {family:?}: {series} was collected before with the same name and label values{}", beside(holder.as_ref()))]
    SeriesTwice {
        /// The family.
        family: String,
        /// The series.
        series: String,
        /// The group that holds it, where it is not the pushed one.
        holder: Option<GroupingKey>,
    },
    /// The family has another type elsewhere.
    #[error("family {family:?} has type {} but should have {}{}", kind_name(*kind), kind_name(*held), beside(holder.as_ref()))]
    TypeClash {
        /// The family.
        family: String,
        /// The pushed type.
        kind: Kind,
        /// The type it has elsewhere.
        held: Kind,
        /// A group that holds it; `None` for the Pushgateway's own families.
        holder: Option<GroupingKey>,
    },
    /// The family is spelled like one of the program's own for readers that know only classic names.
    #[error(
        "family {family:?} is spelled like the Pushgateway's own {spelled:?} where only classic names are known"
    )]
    SpelledLikeOwn {
        /// The family.
        family: String,
        /// The name of the other.
        spelled: String,
    },
    /// A family is named like a sample of a summary or histogram.
    #[error("family {family:?} collides with the {} {other:?}", kind_name(*kind))]
    SuffixClash {
        /// The family whose name ends in `_count`, `_sum` or `_bucket`.
        family: String,
        /// The summary or histogram.
        other: String,
        /// Which of the two it is.
        kind: Kind,
    },
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Untyped => "untyped",
        Kind::Summary => "summary",
        Kind::Histogram => "histogram",
        Kind::GaugeHistogram => "gaugehistogram",
        Kind::Info => "info",
        Kind::StateSet => "stateset",
    }
}

fn beside(holder: Option<&GroupingKey>) -> String {
    holder.map_or_else(String::new, |key| format!(" (held by group {key})"))
}

/// A push made ready: sanitised, checked by itself, rendered and encoded.
#[derive(Debug)]
pub struct Push {
    pub(crate) key: GroupingKey,
    pub(crate) change: Change,
    pub(crate) at: UnixNanos,
    /// The families to hold, without [`PUSH_TIME`]; empty after a refusal.
    pub(crate) families: Vec<Ready>,
    /// [`PUSH_TIME`] at `at`.
    pub(crate) push_time: Option<Ready>,
    /// [`PUSH_FAILURE_TIME`] that never was, for a group's first push.
    pub(crate) never_failed: Option<Ready>,
    /// Why nothing of the push can be held.
    pub(crate) refusal: Option<Refusal>,
}

/// A family with its record for the store.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) family: Arc<PushedFamily>,
    /// See [`crate::record`]; empty where nothing is stored.
    pub(crate) record: Vec<u8>,
}

/// Makes a push ready for [`crate::commit::Gateway::push`]. Costs time in proportion to the body: run it off
/// the async threads when the body is large.
///
/// What is wrong with the push in itself is kept in it: upstream counts such a push as failed, which is for the
/// committing thread to note.
pub fn prepare(
    key: GroupingKey,
    change: Change,
    families: Vec<Family<'_>>,
    now: SystemTime,
) -> Push {
    let at = UnixNanos::from_system(now);
    let mut push = Push {
        families: Vec::new(),
        push_time: time_family(&key, PUSH_TIME, at, at),
        never_failed: time_family(&key, PUSH_FAILURE_TIME, UnixNanos::default(), at),
        key,
        change,
        at,
        refusal: None,
    };
    match ready_families(&push.key, families, at) {
        Ok(families) => push.families = families,
        Err(refusal) => push.refusal = Some(refusal),
    }
    push
}

fn ready_families(
    key: &GroupingKey,
    families: Vec<Family<'_>>,
    at: UnixNanos,
) -> Result<Vec<Ready>, Refusal> {
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
    for mut family in last_of_each_name(families) {
        // Upstream replaces a pushed one by its own.
        if family.name == PUSH_TIME {
            continue;
        }
        for metric in &mut family.metrics {
            metric.labels = sanitise(std::mem::take(&mut metric.labels), key);
        }
        ready.push(make_ready(key, &family, at)?);
    }
    Ok(ready)
}

/// Only protobuf bodies can name a family twice; as upstream, the last one counts.
fn last_of_each_name(families: Vec<Family<'_>>) -> Vec<Family<'_>> {
    let mut seen = HashSet::with_capacity(families.len());
    let mut kept: Vec<Family<'_>> = families
        .into_iter()
        .rev()
        .filter(|family| seen.insert(family.name.to_string()))
        .collect();
    kept.reverse();
    kept
}

/// The grouping labels win over pushed ones, `instance=""` stands where no instance is, and names are in order.
fn sanitise<'a>(mut labels: Vec<Label<'a>>, key: &GroupingKey) -> Vec<Label<'a>> {
    for group in key.labels() {
        match labels.iter_mut().find(|label| label.name == group.name) {
            Some(label) => label.value = group.value.clone(),
            None => labels.push(group.clone()),
        }
    }
    if !labels.iter().any(|label| label.name == "instance") {
        labels.push(Label::new("instance", ""));
    }
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    labels
}

/// Checks and renders a sanitised family.
///
/// # Errors
/// What makes the family impossible to hold. What only makes it unfit to be scraped is kept in it.
pub(crate) fn make_ready(
    key: &GroupingKey,
    family: &Family<'_>,
    at: UnixNanos,
) -> Result<Ready, Refusal> {
    if family.name.is_empty() {
        return Err(Refusal::NoName);
    }
    let not_of_kind = |_| Refusal::NotOfKind {
        family: family.name.to_string(),
        kind: family.kind,
    };
    if !family
        .metrics
        .iter()
        .all(|metric| suits(&metric.value, family.kind))
    {
        return Err(not_of_kind(()));
    }
    let (series, unsound) = check_series(family);
    let record = encode(family).map_err(|_| not_of_kind(()))?;
    let about = About {
        key: key.clone(),
        pushed_at: at,
        series,
        unsound,
    };
    let built = build(about, family, Some(&record)).map_err(|_| not_of_kind(()))?;
    Ok(Ready {
        family: Arc::new(built),
        record,
    })
}

/// One of the two families every group has. `None` cannot be: it has a name and holds one gauge.
pub(crate) fn time_family(
    key: &GroupingKey,
    name: &'static str,
    time: UnixNanos,
    at: UnixNanos,
) -> Option<Ready> {
    let help = match name {
        PUSH_TIME => "Last Unix time when changing this group in the Pushgateway succeeded.",
        _ => "Last Unix time when changing this group in the Pushgateway failed.",
    };
    let mut family = Family::new(name, Kind::Gauge).with_help(help);
    family.metrics.push(Metric {
        labels: sanitise(Vec::new(), key),
        value: Value::Gauge(time.as_seconds()),
        timestamp_ms: None,
    });
    make_ready(key, &family, at).ok()
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

/// The fingerprints of a sanitised family, and the first thing that would spoil a scrape.
fn check_series(family: &Family<'_>) -> (Vec<u64>, Option<Refusal>) {
    let hasher = SeriesHasher::new(&family.name);
    let mut series = Vec::with_capacity(family.metrics.len());
    let mut unsound = None;
    for metric in &family.metrics {
        if unsound.is_none() {
            unsound = check_labels(family, &metric.labels);
        }
        series.push(hasher.fingerprint(&metric.labels));
    }
    if unsound.is_none() {
        unsound =
            first_twin(&series).map(|twin| series_twice(family, &metric_of(family, twin), None));
    }
    (series, unsound)
}

/// A fingerprint that is there twice.
fn first_twin(series: &[u64]) -> Option<u64> {
    let mut sorted = series.to_vec();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .find(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
}

/// The metric with a fingerprint, as `{a="b"}`.
pub(crate) fn metric_of(family: &Family<'_>, fingerprint: u64) -> String {
    let hasher = SeriesHasher::new(&family.name);
    let found = family
        .metrics
        .iter()
        .find(|metric| hasher.fingerprint(&metric.labels) == fingerprint);
    let labels = found.map_or_else(Vec::new, |metric| {
        metric
            .labels
            .iter()
            .map(|label| format!("{}={:?}", label.name, label.value))
            .collect()
    });
    format!("{{{}}}", labels.join(","))
}

/// The refusal of a series that is there already.
pub(crate) fn series_twice(
    family: &Family<'_>,
    series: &str,
    holder: Option<GroupingKey>,
) -> Refusal {
    Refusal::SeriesTwice {
        family: family.name.to_string(),
        series: series.to_owned(),
        holder,
    }
}

/// `labels` are sorted by name.
fn check_labels(family: &Family<'_>, labels: &[Label<'_>]) -> Option<Refusal> {
    let name = || family.name.to_string();
    let taken = match family.kind {
        Kind::Summary => Some("quantile"),
        Kind::Histogram | Kind::GaugeHistogram => Some("le"),
        _ => None,
    };
    for (i, label) in labels.iter().enumerate() {
        if label.name.is_empty() || label.name.starts_with("__") {
            return Some(Refusal::LabelName {
                family: name(),
                label: label.name.to_string(),
            });
        }
        if i > 0 && labels[i - 1].name == label.name {
            return Some(Refusal::LabelTwice {
                family: name(),
                label: label.name.to_string(),
            });
        }
        if let Some(taken) = taken.filter(|taken| label.name == *taken) {
            return Some(Refusal::LabelTaken {
                family: name(),
                label: taken,
                kind: family.kind,
            });
        }
    }
    let foreign = labels
        .iter()
        .find(|label| !is_classic_label_name(&label.name))?;
    spelled_twice(labels).then(|| Refusal::LabelTwice {
        family: name(),
        label: foreign.name.to_string(),
    })
}

/// Whether two labels are one for readers that know only classic names.
fn spelled_twice(labels: &[Label<'_>]) -> bool {
    let mut seen = HashSet::new();
    !labels
        .iter()
        .all(|label| seen.insert(spell_label(&label.name, Escaping::Underscores)))
}

/// Series are compared by fingerprint: 64 bits, as upstream, but keyed anew in each process so that nobody can
/// make two series collide on purpose.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Gives each series its fingerprint, over what a classic reader sees of it: names as underscores spell them,
/// and no labels with empty values, which Prometheus drops.
struct SeriesHasher {
    family: DefaultHasher,
}

impl SeriesHasher {
    fn new(family: &str) -> Self {
        let mut hasher = KEY.build_hasher();
        hasher.write(escape(family, Escaping::Underscores).as_bytes());
        hasher.write_u8(0xFF);
        Self { family: hasher }
    }

    /// `labels` are sorted by name.
    fn fingerprint(&self, labels: &[Label<'_>]) -> u64 {
        let mut hasher = self.family.clone();
        let mut pairs: SmallPairs<'_> = labels
            .iter()
            .filter(|label| !label.value.is_empty())
            .map(|label| {
                (
                    spell_label(&label.name, Escaping::Underscores),
                    &*label.value,
                )
            })
            .collect();
        // Spelling can change the order of names; classic names stay sorted.
        pairs.sort_unstable();
        for (name, value) in pairs {
            hasher.write(name.as_bytes());
            hasher.write_u8(0xFF);
            hasher.write(value.as_bytes());
            hasher.write_u8(0xFF);
        }
        hasher.finish()
    }
}

type SmallPairs<'a> = Vec<(std::borrow::Cow<'a, str>, &'a str)>;
