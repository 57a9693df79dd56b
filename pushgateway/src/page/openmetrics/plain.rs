//! A family without its type: each of its samples' names is an `unknown` family of its own.
//!
//! `unknown` says nothing that could be wrong, and has no exemplars.

use promontory_exposition::model::{Count, Header, Histogram, Summary};
use promontory_exposition::openmetrics::write::Style;
use promontory_exposition::{Escaping, Kind, Label, Metric, Value, WriteError, number};

use super::super::sheet::{Place, Sheet};
use super::created::Created;
use super::naming::{Naming, spelled};

/// The samples of one name.
pub(in crate::page) struct Plain<'p> {
    sample: Sample<'p>,
    escaping: Escaping,
}

/// Which of a metric's samples.
#[derive(Clone)]
pub(super) enum Sample<'p> {
    /// Those that have the family's own name.
    Own,
    Bucket,
    Sum,
    Count,
    Created(Created<'p>),
}

impl Sample<'_> {
    pub(super) fn is_created(&self) -> bool {
        matches!(self, Self::Created(_))
    }
}

/// The samples of a family by what is behind its name, which is spelled already.
pub(super) fn samples<'p>(
    naming: &Naming,
    created: Option<Created<'p>>,
) -> Vec<(String, Sample<'p>)> {
    let (sum, count) = naming.histogram_parts();
    let parts: &[(&str, Sample<'_>)] = match naming.kind {
        Kind::Summary => &[
            ("", Sample::Own),
            (sum, Sample::Sum),
            (count, Sample::Count),
        ],
        Kind::Histogram | Kind::GaugeHistogram => &[
            ("_bucket", Sample::Bucket),
            (sum, Sample::Sum),
            (count, Sample::Count),
        ],
        _ => &[("", Sample::Own)],
    };
    let parts = parts.iter();
    let mut samples: Vec<_> = parts
        .map(|(suffix, sample)| (format!("{}{suffix}", naming.name), sample.clone()))
        .collect();
    samples.extend(created.map(|created| (created.name.clone(), Sample::Created(created))));
    samples
}

impl<'p> Plain<'p> {
    pub(super) fn new(sample: Sample<'p>, escaping: Escaping) -> Self {
        Self { sample, escaping }
    }

    /// Whether they are those that have the family's own name.
    pub(in crate::page) fn is_own(&self) -> bool {
        matches!(self.sample, Sample::Own)
    }

    /// How its lines are written: names are spelled already.
    pub(in crate::page) fn style(&self) -> Style {
        Style {
            escaping: Escaping::AllowUtf8,
            ..Style::default()
        }
    }

    /// Writes the samples of a metric that was pushed as so manieth.
    pub(in crate::page) fn write(
        &self,
        header: Header<'_>,
        metric: &Metric<'_>,
        pushed_as: usize,
        place: Place,
        sheet: &Sheet<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        let labels = spelled(&metric.labels, self.escaping);
        let mut put = |labels: &[Label<'_>], value: f64| {
            let value = Value::Untyped(value);
            self.style().metric(header, labels, &value, None, out)
        };
        match (&self.sample, &metric.value) {
            (Sample::Own, Value::Gauge(value) | Value::Untyped(value)) => put(&labels, *value),
            (Sample::Own, Value::Counter(counter)) => put(&labels, counter.value),
            (Sample::Own, Value::Summary(summary)) => quantiles(summary)
                .try_for_each(|(at, value)| put(&with(&labels, "quantile", at), value)),
            (Sample::Bucket, Value::Histogram(histogram)) => cumulative(histogram)
                .try_for_each(|(bound, value)| put(&with(&labels, "le", bound), value.as_f64())),
            (Sample::Sum, Value::Summary(summary)) => put(&labels, summary.sum),
            (Sample::Sum, Value::Histogram(histogram)) => put(&labels, histogram.sum),
            (Sample::Count, Value::Summary(summary)) => put(&labels, summary.count as f64),
            (Sample::Count, Value::Histogram(histogram)) => put(&labels, histogram.count.as_f64()),
            (Sample::Created(created), _) => created
                .time(pushed_as, place, sheet)
                .map_or(Ok(()), |time| put(&labels, time)),
            _ => Ok(()),
        }
    }
}

fn quantiles(summary: &Summary) -> impl Iterator<Item = (f64, f64)> {
    let quantiles = summary.quantiles.iter();
    quantiles.map(|part| (part.quantile, part.value))
}

/// The buckets, with the last one where it is missing, as the text format adds it.
fn cumulative(histogram: &Histogram<'_>) -> impl Iterator<Item = (f64, Count)> {
    let buckets = histogram.buckets.iter();
    let buckets = buckets.map(|bucket| (bucket.upper_bound, bucket.cumulative_count));
    let infinite = buckets.clone().any(|(bound, _)| bound == f64::INFINITY);
    buckets.chain((!infinite).then_some((f64::INFINITY, histogram.count)))
}

/// The labels and one more, whose number shows to be a float, as OpenMetrics spells it (and Prometheus stores it).
fn with<'v>(labels: &[Label<'v>], name: &'static str, number: f64) -> Vec<Label<'v>> {
    let mut spelled = Vec::new();
    number::write_sample(number, &mut spelled);
    if number.is_finite() && !spelled.iter().any(|byte| matches!(byte, b'.' | b'e')) {
        spelled.extend_from_slice(b".0");
    }
    let mut labels = labels.to_vec();
    labels.push(Label::new(
        name,
        String::from_utf8_lossy(&spelled).into_owned(),
    ));
    labels
}
