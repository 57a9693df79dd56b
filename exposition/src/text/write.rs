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

#[cfg(test)]
mod tests;

/// Starts a family: HELP and TYPE.
pub fn begin(header: Header<'_>, escaping: Escaping, out: &mut Vec<u8>) {
    let name = name::spell(header.name, escaping);
    if let Some(help) = header.help {
        out.extend_from_slice(b"# HELP ");
        put_name(&name, out);
        out.push(b' ');
        put_help(help, out);
        out.push(b'\n');
    }
    out.extend_from_slice(b"# TYPE ");
    put_name(&name, out);
    out.extend_from_slice(match header.kind {
        Kind::Counter => b" counter\n",
        Kind::Gauge | Kind::Info | Kind::StateSet => b" gauge\n",
        Kind::Untyped => b" untyped\n",
        Kind::Summary => b" summary\n",
        Kind::Histogram | Kind::GaugeHistogram => b" histogram\n",
    });
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
        classic: name::is_classic_metric_name(&name),
        name: &name,
        labels,
        escaping,
        timestamp_ms,
        rendered: None,
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

/// The lines of one metric: the same labels again and again, under a name with changing suffix.
struct Lines<'m, 'o> {
    name: &'m str,
    /// Whether the name stands before the braces; others stand quoted inside.
    classic: bool,
    labels: &'m [Label<'m>],
    escaping: Escaping,
    timestamp_ms: Option<i64>,
    /// Where in `out` the labels stand since the first line: escaping them once is enough.
    rendered: Option<(usize, usize)>,
    out: &'o mut Vec<u8>,
}

impl Lines<'_, '_> {
    /// Writes one line; `extra` is the label that a bucket or quantile adds behind the others.
    fn put(&mut self, suffix: &str, extra: Option<(&str, f64)>, value: f64) {
        let inside = self.put_name(suffix);
        if !self.labels.is_empty() {
            self.out.push(if inside { b',' } else { b'{' });
            self.put_labels();
        }
        let mut open = inside || !self.labels.is_empty();
        if let Some((name, bound)) = extra {
            self.out.push(if open { b',' } else { b'{' });
            open = true;
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(b"=\"");
            number::write_sample(bound, self.out);
            self.out.push(b'"');
        }
        self.out.extend_from_slice(if open { b"} " } else { b" " });
        number::write_sample(value, self.out);
        if let Some(timestamp_ms) = self.timestamp_ms {
            self.out.push(b' ');
            number::write_integer(timestamp_ms, self.out);
        }
        self.out.push(b'\n');
    }

    /// Writes the name; says whether that has opened the braces.
    fn put_name(&mut self, suffix: &str) -> bool {
        if self.classic {
            self.out.extend_from_slice(self.name.as_bytes());
            self.out.extend_from_slice(suffix.as_bytes());
            return false;
        }
        self.out.extend_from_slice(b"{\"");
        put_quoted(self.name, self.out);
        self.out.extend_from_slice(suffix.as_bytes());
        self.out.push(b'"');
        true
    }

    fn put_labels(&mut self) {
        if let Some((start, end)) = self.rendered {
            self.out.extend_from_within(start..end);
            return;
        }
        let start = self.out.len();
        for (at, label) in self.labels.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            put_label_name(&name::spell_label(&label.name, self.escaping), self.out);
            self.out.extend_from_slice(b"=\"");
            // Upstream treats the value of this label as the metric name it is.
            if label.name == "__name__" {
                put_quoted(&name::spell(&label.value, self.escaping), self.out);
            } else {
                put_quoted(&label.value, self.out);
            }
            self.out.push(b'"');
        }
        self.rendered = Some((start, self.out.len()));
    }
}

/// Writes a metric name as it is, or quoted where it is not classic.
pub(crate) fn put_name(name: &str, out: &mut Vec<u8>) {
    put_bare_or_quoted(name, name::is_classic_metric_name(name), out);
}

/// Writes a label name as it is, or quoted where it is not classic; upstream does not quote a colon,
/// and no reader takes that.
pub(crate) fn put_label_name(name: &str, out: &mut Vec<u8>) {
    put_bare_or_quoted(name, name::is_classic_label_name(name), out);
}

fn put_bare_or_quoted(name: &str, bare: bool, out: &mut Vec<u8>) {
    if bare {
        out.extend_from_slice(name.as_bytes());
    } else {
        out.push(b'"');
        put_quoted(name, out);
        out.push(b'"');
    }
}

/// Writes what stands between quotes: `\`, `"` and line feed are escaped.
pub(crate) fn put_quoted(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr3(b'\\', b'"', b'\n', rest) {
        put_escape(&mut rest, at, out);
    }
    out.extend_from_slice(rest);
}

/// Writes a HELP text: `\` and line feed are escaped, quotes are not.
fn put_help(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr2(b'\\', b'\n', rest) {
        put_escape(&mut rest, at, out);
    }
    out.extend_from_slice(rest);
}

/// Writes up to and with the byte at `at`, escaped, and goes on behind it.
fn put_escape(rest: &mut &[u8], at: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&rest[..at]);
    out.push(b'\\');
    out.push(if rest[at] == b'\n' { b'n' } else { rest[at] });
    *rest = &rest[at + 1..];
}
