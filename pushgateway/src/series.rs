//! The series of a family: whether their labels may stand, and a fingerprint for each.
//!
//! A fingerprint is made of sums over labels, one of the series' own and one of the grouping key, so that a shape keeps
//! the first and a group needs only the second.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::LazyLock;

use promontory_exposition::name::{escape, is_classic_label_name, spell_label};
use promontory_exposition::{Escaping, Family, Kind, Label, Metric, ReadError, Value};

use crate::group::GroupingKey;
use crate::refusal::Refusal;

/// For each metric of a family without grouping labels its part of a fingerprint, and the first thing that would spoil a
/// scrape. `whole` is the same family with grouping labels.
pub(crate) fn check_series(whole: &Family<'_>, own: &Family<'_>) -> (Vec<u64>, Option<Refusal>) {
    let name = hash_parts(&[&escape(&own.name, Escaping::Underscores)]);
    let sum = |metric: &Metric<'_>| name.wrapping_add(sum_of(&metric.labels));
    let series: Vec<u64> = own.metrics.iter().map(sum).collect();
    let mut unsound = whole.name.contains('\0').then(|| Refusal::Name {
        family: whole.name.to_string(),
    });
    for metric in &whole.metrics {
        unsound = unsound
            .or_else(|| check_labels(whole, &metric.labels))
            .or_else(|| check_value(whole, metric));
    }
    let unsound = unsound.or_else(|| {
        let twin = first_twin(&series)?;
        let at = series.iter().position(|series| *series == twin)?;
        Some(series_twice(whole, &labels_text(&whole.metrics[at]), None))
    });
    (series, unsound)
}

/// Upstream takes any native histogram; a Prometheus that meets a broken one refuses the whole page.
fn check_value(family: &Family<'_>, metric: &Metric<'_>) -> Option<Refusal> {
    let Value::Histogram(histogram) = &metric.value else {
        return None;
    };
    let reason = histogram.check_native().err()?;
    Some(Refusal::Content(ReadError {
        family: Some(family.name.to_string()),
        ..ReadError::of_content(format!("not a native histogram: {reason}"))
    }))
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

/// The labels of a metric, as `{a="b"}`.
pub(crate) fn labels_text(metric: &Metric<'_>) -> String {
    let labels = metric.labels.iter();
    let labels: Vec<_> = labels
        .map(|label| format!("{}={:?}", label.name, label.value))
        .collect();
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
        if label.name.is_empty() || label.name.starts_with("__") || label.name.contains('\0') {
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

/// The fingerprint of a series from the sum that its shape keeps and the [sum](sum_of) of its grouping key: over what a
/// classic reader sees of it, which is names as underscores spell them, and no labels with empty values, which Prometheus
/// drops.
pub(crate) fn fingerprint(own: u64, key: u64) -> u64 {
    mix(own.wrapping_add(key))
}

/// The hash of anything, keyed like the fingerprints.
pub(crate) fn keyed_hash(value: impl Hash) -> u64 {
    KEY.hash_one(value)
}

/// The sum over some labels. In a sum their order does not matter, so grouping labels may stand anywhere among them.
pub(crate) fn sum_of(labels: &[Label<'_>]) -> u64 {
    let held = labels.iter().filter(|label| !label.value.is_empty());
    held.map(|label| {
        let name = spell_label(&label.name, Escaping::Underscores);
        hash_parts(&[&name, &label.value])
    })
    .fold(0, u64::wrapping_add)
}

/// Hashes texts with their ends; `0xFF` is never part of one.
fn hash_parts(parts: &[&str]) -> u64 {
    let mut hasher = KEY.build_hasher();
    for part in parts {
        hasher.write(part.as_bytes());
        hasher.write_u8(0xFF);
    }
    hasher.finish()
}

/// Spreads a sum over all bits, as a table wants its hashes (the finish of splitmix64).
fn mix(sum: u64) -> u64 {
    let sum = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let sum = (sum ^ (sum >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    sum ^ (sum >> 31)
}
