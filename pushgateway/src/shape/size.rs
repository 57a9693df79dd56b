//! How large a metric is on a page, about: what bounds the pieces that pages are made of.

use promontory_exposition::model::{Exemplar, Histogram, Native};
use promontory_exposition::{Label, Metric, Value};

/// Bytes of a line beside name and labels.
const LINE_BYTES: usize = 24;
/// Bytes of a span, a bucket or the like in protobuf.
const NUMBER_BYTES: usize = 9;

/// How many bytes a metric has, about, in the format in which it has most: labels stand in each line of text, native
/// histograms and most exemplars in protobuf only.
pub(crate) fn page_bytes(family: &str, metric: &Metric<'_>) -> usize {
    let line = family.len() + label_bytes(&metric.labels) + LINE_BYTES;
    let (lines, beside) = match &metric.value {
        Value::Gauge(_) | Value::Untyped(_) => (1, 0),
        Value::Counter(counter) => (1, exemplar_bytes(counter.exemplar.as_deref())),
        Value::Summary(summary) => (summary.quantiles.len() + 2, 0),
        Value::Histogram(histogram) => (histogram.buckets.len() + 2, beside(histogram)),
    };
    lines.saturating_mul(line).saturating_add(beside)
}

/// What a histogram has beside its lines.
fn beside(histogram: &Histogram<'_>) -> usize {
    let buckets = histogram.buckets.iter();
    let exemplars = buckets.map(|bucket| exemplar_bytes(bucket.exemplar.as_deref()));
    exemplars.sum::<usize>() + histogram.native.as_deref().map_or(0, native_bytes)
}

fn native_bytes(native: &Native<'_>) -> usize {
    let numbers = [&native.negative, &native.positive]
        .map(|side| 2 * side.spans.len() + side.deltas.len() + side.counts.len());
    let exemplars = native.exemplars.iter();
    let exemplars = exemplars.map(|exemplar| exemplar_bytes(Some(exemplar)));
    numbers.iter().sum::<usize>() * NUMBER_BYTES + exemplars.sum::<usize>()
}

fn exemplar_bytes(exemplar: Option<&Exemplar<'_>>) -> usize {
    exemplar.map_or(0, |exemplar| label_bytes(&exemplar.labels) + LINE_BYTES)
}

fn label_bytes(labels: &[Label<'_>]) -> usize {
    let bytes = labels
        .iter()
        .map(|label| label.name.len() + label.value.len());
    bytes.sum()
}
