//! Families to text 0.0.4, as `expfmt.MetricFamilyToText` writes them.
//!
//! Order is the caller's: nothing is sorted, merged or checked for duplicates here. What the format
//! has no word for is left out: exemplars, created timestamps, units and native histograms. A gauge
//! histogram is printed as a histogram, info and stateset as gauges; a native histogram keeps what
//! every reader understands, its `+Inf` bucket, sum and count.

use crate::error::WriteError;
use crate::model::{Header, Histogram, Kind, Label, Summary, Value};
use crate::name::{self, Escaping};
use crate::number;
use crate::series::{SeriesWriter, put_escape, put_name};

#[cfg(test)]
mod tests;

/// Starts a family: HELP and TYPE.
pub fn begin(header: Header<'_>, escaping: Escaping, out: &mut Vec<u8>) {
    let name = name::spell(header.name, escaping);
    put_header(&name, header.help, kind(header.kind), out);
}

/// The word of a type in this format, which does not know all of them.
pub(crate) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge | Kind::Info | Kind::StateSet => "gauge",
        Kind::Untyped => "untyped",
        Kind::Summary => "summary",
        Kind::Histogram | Kind::GaugeHistogram => "histogram",
    }
}

/// HELP and TYPE under a name that is spelled already.
pub(crate) fn put_header(name: &str, help: Option<&str>, kind: &str, out: &mut Vec<u8>) {
    if let Some(help) = help {
        out.extend_from_slice(b"# HELP ");
        put_name(name, out);
        out.push(b' ');
        put_help(help, out);
        out.push(b'\n');
    }
    out.extend_from_slice(b"# TYPE ");
    put_name(name, out);
    out.push(b' ');
    out.extend_from_slice(kind.as_bytes());
    out.push(b'\n');
}

/// Writes the lines of one metric.
///
/// # Errors
/// See [`WriteError`]; nothing is written then.
pub fn metric(
    header: Header<'_>,
    labels: &[Label<'_>],
    value: &Value<'_>,
    timestamp_ms: Option<i64>,
    escaping: Escaping,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    if header.name.is_empty() {
        return Err(WriteError::NoName);
    }
    let name = name::spell(header.name, escaping);
    let mut lines = Lines {
        series: SeriesWriter::new(&name, labels, escaping, number::write_sample),
        timestamp_ms,
        out,
    };
    match (header.kind, value) {
        (Kind::Counter, Value::Counter(counter)) => lines.put("", None, counter.value),
        (Kind::Gauge | Kind::Info | Kind::StateSet, Value::Gauge(value))
        | (Kind::Untyped, Value::Untyped(value)) => lines.put("", None, *value),
        (Kind::Summary, Value::Summary(summary)) => put_summary(summary, &mut lines),
        (Kind::Histogram | Kind::GaugeHistogram, Value::Histogram(histogram)) => {
            put_histogram(histogram, &mut lines);
        }
        _ => {
            return Err(WriteError::KindMismatch {
                family: header.name.to_owned(),
                kind: header.kind,
            });
        }
    }
    Ok(())
}

fn put_summary(summary: &Summary, lines: &mut Lines<'_, '_>) {
    for quantile in &summary.quantiles {
        lines.put("", Some(("quantile", quantile.quantile)), quantile.value);
    }
    lines.put("_sum", None, summary.sum);
    lines.put("_count", None, summary.count as f64);
}

/// Upstream adds the `+Inf` bucket where it is missing, after the others and whatever their counts.
fn put_histogram(histogram: &Histogram<'_>, lines: &mut Lines<'_, '_>) {
    let count = histogram.count.as_f64();
    let mut infinite = false;
    for bucket in &histogram.buckets {
        infinite |= bucket.upper_bound == f64::INFINITY;
        let bound = Some(("le", bucket.upper_bound));
        lines.put("_bucket", bound, bucket.cumulative_count.as_f64());
    }
    if !infinite {
        lines.put("_bucket", Some(("le", f64::INFINITY)), count);
    }
    lines.put("_sum", None, histogram.sum);
    lines.put("_count", None, count);
}

/// The lines of one metric.
struct Lines<'m, 'o> {
    series: SeriesWriter<'m>,
    timestamp_ms: Option<i64>,
    out: &'o mut Vec<u8>,
}

impl Lines<'_, '_> {
    /// Writes one line; `extra` is the label that a bucket or quantile adds behind the others.
    fn put(&mut self, suffix: &str, extra: Option<(&str, f64)>, value: f64) {
        self.series.put(suffix, extra, self.out);
        number::write_sample(value, self.out);
        if let Some(timestamp_ms) = self.timestamp_ms {
            self.out.push(b' ');
            number::write_integer(timestamp_ms, self.out);
        }
        self.out.push(b'\n');
    }
}

/// Writes a HELP text: `\` and line feed are escaped, quotes are not.
fn put_help(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr2(b'\\', b'\n', rest) {
        put_escape(&mut rest, at, out);
    }
    out.extend_from_slice(rest);
}
