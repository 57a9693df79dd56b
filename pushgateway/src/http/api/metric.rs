//! One metric as JSON: its labels, and the value or values of its type.

use std::collections::BTreeMap;

use promontory_exposition::model::{Bucket, Count, Histogram, Metric, Native, Summary, Value};
use promontory_exposition::{Kind, Label, number};

use super::super::native;
use super::{write_labels, write_object};

/// Writes a metric of a family of a kind.
pub(super) fn write_metric(kind: Kind, metric: &Metric<'_>, out: &mut Vec<u8>) {
    // Keys in the order in which Go writes a map: sorted.
    match &metric.value {
        Value::Summary(summary) => write_summary(summary, &metric.labels, out),
        Value::Histogram(histogram) if kind == Kind::Histogram => {
            write_histogram(histogram, &metric.labels, out)
        }
        value => {
            out.extend_from_slice(br#"{"labels":"#);
            write_labels(&metric.labels, out);
            out.extend_from_slice(br#","value":"#);
            write_number(single_value(value), out);
            out.push(b'}');
        }
    }
}

/// The one number of a simple metric; upstream shows 0 for what it does not know (gauge histograms).
fn single_value(value: &Value<'_>) -> f64 {
    match value {
        Value::Counter(counter) => counter.value,
        Value::Gauge(value) | Value::Untyped(value) => *value,
        Value::Summary(_) | Value::Histogram(_) => 0.0,
    }
}

fn write_summary(summary: &Summary, labels: &[Label<'_>], out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"count":"#);
    write_count(Count::Integer(summary.count), out);
    out.extend_from_slice(br#","labels":"#);
    write_labels(labels, out);
    out.extend_from_slice(br#","quantiles":"#);
    let quantiles: BTreeMap<String, f64> = summary
        .quantiles
        .iter()
        .map(|quantile| (number::text(quantile.quantile), quantile.value))
        .collect();
    write_object(out, quantiles, write_number);
    out.extend_from_slice(br#","sum":"#);
    write_number(summary.sum, out);
    out.push(b'}');
}

fn write_histogram(histogram: &Histogram<'_>, labels: &[Label<'_>], out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"buckets":"#);
    match histogram
        .native
        .as_deref()
        .filter(|native| native::has_spans(native))
    {
        Some(native) => write_native_buckets(native, out),
        None => write_classic_buckets(&histogram.buckets, out),
    }
    out.extend_from_slice(br#","count":"#);
    write_count(histogram.count, out);
    out.extend_from_slice(br#","labels":"#);
    write_labels(labels, out);
    out.extend_from_slice(br#","sum":"#);
    write_number(histogram.sum, out);
    out.push(b'}');
}

fn write_classic_buckets(buckets: &[Bucket<'_>], out: &mut Vec<u8>) {
    let buckets: BTreeMap<String, Count> = buckets
        .iter()
        .map(|bucket| (number::text(bucket.upper_bound), bucket.cumulative_count))
        .collect();
    write_object(out, buckets, write_count);
}

fn write_native_buckets(native: &Native<'_>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, bucket) in native::buckets(native).into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.push(b'[');
        out.push(b'0' + bucket.boundaries);
        for bound in [bucket.lower, bucket.upper] {
            out.push(b',');
            write_number(bound, out);
        }
        out.push(b',');
        write_count(bucket.count, out);
        out.push(b']');
    }
    out.push(b']');
}

fn write_number(value: f64, out: &mut Vec<u8>) {
    out.push(b'"');
    number::write(value, out);
    out.push(b'"');
}

/// Upstream shows the integer unless the float is above zero.
fn write_count(count: Count, out: &mut Vec<u8>) {
    match count {
        Count::Float(count) if count > 0.0 => write_number(count, out),
        Count::Float(_) => out.extend_from_slice(b"\"0\""),
        Count::Integer(count) => out.extend_from_slice(format!("\"{count}\"").as_bytes()),
    }
}
