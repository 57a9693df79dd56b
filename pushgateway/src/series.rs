//! The series of a family: whether their labels may stand, and a fingerprint for each.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::sync::LazyLock;

use promontory_exposition::name::{escape, is_classic_label_name, spell_label};
use promontory_exposition::{Escaping, Family, Kind, Label, Metric, ReadError, Value};

use crate::group::GroupingKey;
use crate::refusal::Refusal;

/// The fingerprints of a sanitised family, and the first thing that would spoil a scrape.
pub(crate) fn check_series(family: &Family<'_>) -> (Vec<u64>, Option<Refusal>) {
    let hasher = SeriesHasher::new(&family.name);
    let mut series = Vec::with_capacity(family.metrics.len());
    let mut unsound = family.name.contains('\0').then(|| Refusal::Name {
        family: family.name.to_string(),
    });
    for metric in &family.metrics {
        if unsound.is_none() {
            unsound = check_labels(family, &metric.labels).or_else(|| check_value(family, metric));
        }
        series.push(hasher.fingerprint(&metric.labels));
    }
    if unsound.is_none() {
        unsound =
            first_twin(&series).map(|twin| series_twice(family, &metric_of(family, twin), None));
    }
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

/// Gives each series its fingerprint, over what a classic reader sees of it: names as underscores spell them,
/// and no labels with empty values, which Prometheus drops.
struct SeriesHasher {
    family: DefaultHasher,
}

impl SeriesHasher {
    fn new(family: &str) -> Self {
        let mut hasher = KEY.build_hasher();
        write_part(&mut hasher, &escape(family, Escaping::Underscores));
        Self { family: hasher }
    }

    /// `labels` are sorted by name.
    fn fingerprint(&self, labels: &[Label<'_>]) -> u64 {
        let mut hasher = self.family.clone();
        for label in labels.iter().filter(|label| !label.value.is_empty()) {
            match spell_label(&label.name, Escaping::Underscores) {
                Cow::Borrowed(name) => write_part(&mut hasher, name),
                // Spelling can change the order of names; classic names stay sorted.
                Cow::Owned(_) => return self.fingerprint_spelled(labels),
            }
            write_part(&mut hasher, &label.value);
        }
        hasher.finish()
    }

    /// [`Self::fingerprint`] for labels whose names are not all classic.
    fn fingerprint_spelled(&self, labels: &[Label<'_>]) -> u64 {
        let held = labels.iter().filter(|label| !label.value.is_empty());
        let mut pairs: Vec<_> = held
            .map(|label| {
                (
                    spell_label(&label.name, Escaping::Underscores),
                    &label.value,
                )
            })
            .collect();
        pairs.sort_unstable();
        let mut hasher = self.family.clone();
        for (name, value) in pairs {
            write_part(&mut hasher, &name);
            write_part(&mut hasher, value);
        }
        hasher.finish()
    }
}

/// Hashes a text and its end; `0xFF` is never part of one.
fn write_part(hasher: &mut DefaultHasher, part: &str) {
    hasher.write(part.as_bytes());
    hasher.write_u8(0xFF);
}
