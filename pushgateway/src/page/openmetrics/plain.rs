//! A family without its type: each of its samples' names is an `unknown` family of its own.

use promontory_exposition::model::{Count, Header, Histogram, Summary};
use promontory_exposition::{Escaping, Family, Kind, Label, Metric, Value, number};

use super::shape::{Shape, spelled};

/// The samples that text would show, by name; names are spelled for the reader. `unknown` says nothing that could be
/// wrong, and has no exemplars.
pub(super) fn plain<'v>(
    shape: &Shape,
    header: Header<'v>,
    metrics: &[Metric<'v>],
    escaping: Escaping,
) -> Vec<Family<'v>> {
    let (sum, count) = shape.histogram_parts();
    let mut parts = ["", "_bucket", sum, count].map(|suffix| {
        let mut family = Family::new(format!("{}{suffix}", shape.name), Kind::Untyped);
        family.help = header.help.map(Into::into);
        family
    });
    let [own, buckets, sums, counts] = &mut parts;
    for metric in metrics {
        let labels = spelled(&metric.labels, escaping);
        let put = |family: &mut Family<'v>, labels: Vec<Label<'v>>, value: f64| {
            family.metrics.push(Metric {
                labels,
                value: Value::Untyped(value),
                timestamp_ms: None,
            });
        };
        match &metric.value {
            Value::Gauge(value) | Value::Untyped(value) => put(own, labels, *value),
            Value::Counter(counter) => put(own, labels, counter.value),
            Value::Summary(summary) => {
                for (quantile, value) in quantiles(summary) {
                    put(own, with(&labels, "quantile", quantile), value);
                }
                put(sums, labels.clone(), summary.sum);
                put(counts, labels, summary.count as f64);
            }
            Value::Histogram(histogram) => {
                for (bound, value) in cumulative(histogram) {
                    put(buckets, with(&labels, "le", bound), value.as_f64());
                }
                put(sums, labels.clone(), histogram.sum);
                put(counts, labels, histogram.count.as_f64());
            }
        }
    }
    parts.into()
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
