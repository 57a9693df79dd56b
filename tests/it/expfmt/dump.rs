//! Our values in the words of the Go program's dump (`tests/peers/expfmt/dump.go`).

use std::fmt::Write as _;

use promontory_exposition::model::{Count, Exemplar, Histogram, NativeBuckets, Timestamp};
use promontory_exposition::number;
use promontory_exposition::openmetrics::lines::Sample;
use promontory_exposition::{Family, Kind, Label, Value};

pub(crate) fn quote(text: &str) -> String {
    let mut out = String::from('"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' | 0..0x20 | 0x7f.. => {
                let _ = write!(out, "\\x{byte:02x}");
            }
            _ => out.push(byte.into()),
        }
    }
    out + "\""
}

pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        "nan".into()
    } else {
        format!("{:016x}", value.to_bits())
    }
}

fn count(count: Count) -> String {
    match count {
        Count::Integer(count) => format!("i{count}"),
        Count::Float(0.0) => "i0".into(),
        Count::Float(count) => format!("f{}", float(count)),
    }
}

pub(crate) fn families(families: &[Family<'_>]) -> String {
    let mut out = String::new();
    for family in families {
        let help = family.help.as_deref().map_or("-".into(), quote);
        let _ = writeln!(
            out,
            "family {} {} help {help} unit {}",
            quote(&family.name),
            kind(family.kind),
            quote(&family.unit)
        );
        for metric in &family.metrics {
            let _ = write!(out, " metric{}", labels(&metric.labels));
            if let Some(timestamp) = metric.timestamp_ms {
                let _ = write!(out, " @{timestamp}");
            }
            out.push('\n');
            value(&metric.value, &mut out);
        }
    }
    out
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "COUNTER",
        Kind::Gauge => "GAUGE",
        Kind::Untyped => "UNTYPED",
        Kind::Summary => "SUMMARY",
        Kind::Histogram => "HISTOGRAM",
        Kind::GaugeHistogram => "GAUGE_HISTOGRAM",
        Kind::Info => "INFO",
        Kind::StateSet => "STATESET",
    }
}

fn labels(labels: &[Label<'_>]) -> String {
    labels
        .iter()
        .map(|label| format!(" {}={}", quote(&label.name), quote(&label.value)))
        .collect()
}

fn value(value: &Value<'_>, out: &mut String) {
    let _ = match value {
        Value::Counter(counter) => {
            writeln!(
                out,
                "  counter {}{}{}",
                float(counter.value),
                created(counter.created),
                exemplar(counter.exemplar.as_deref())
            )
        }
        Value::Gauge(value) => writeln!(out, "  gauge {}", float(*value)),
        Value::Untyped(value) => writeln!(out, "  untyped {}", float(*value)),
        Value::Summary(summary) => {
            let _ = writeln!(
                out,
                "  summary i{} {}{}",
                summary.count,
                float(summary.sum),
                created(summary.created)
            );
            summary.quantiles.iter().try_for_each(|q| {
                writeln!(out, "   quantile {} {}", float(q.quantile), float(q.value))
            })
        }
        Value::Histogram(histogram) => {
            self::histogram(histogram, out);
            Ok(())
        }
    };
}

fn histogram(histogram: &Histogram<'_>, out: &mut String) {
    let _ = writeln!(
        out,
        "  histogram {} {}{}",
        count(histogram.count),
        float(histogram.sum),
        created(histogram.created)
    );
    for bucket in &histogram.buckets {
        let exemplar = exemplar(bucket.exemplar.as_deref());
        let _ = writeln!(
            out,
            "   bucket {} {}{exemplar}",
            float(bucket.upper_bound),
            count(bucket.cumulative_count)
        );
    }
    // A native part that says nothing is as good as none: protobuf cannot tell them apart.
    if let Some(native) = histogram
        .native
        .as_deref()
        .filter(|native| **native != Default::default())
    {
        let _ = writeln!(
            out,
            "   native {} {} {}",
            native.schema,
            float(native.zero_threshold),
            count(native.zero_count)
        );
        side("negative", &native.negative, out);
        side("positive", &native.positive, out);
        for one in &native.exemplars {
            let _ = writeln!(out, "   -{}", exemplar(Some(one)));
        }
    }
}

fn side(name: &str, buckets: &NativeBuckets, out: &mut String) {
    if *buckets == NativeBuckets::default() {
        return;
    }
    let _ = write!(out, "   {name}");
    for span in &buckets.spans {
        let _ = write!(out, " {}+{}", span.offset, span.length);
    }
    for delta in &buckets.deltas {
        let _ = write!(out, " d{delta}");
    }
    for count in &buckets.counts {
        let _ = write!(out, " c{}", float(*count));
    }
    out.push('\n');
}

fn created(time: Option<Timestamp>) -> String {
    time.map_or_else(String::new, |time| format!(" created {}", self::time(time)))
}

fn time(time: Timestamp) -> String {
    format!("{}.{}", time.seconds, time.nanos)
}

fn exemplar(exemplar: Option<&Exemplar<'_>>) -> String {
    let Some(exemplar) = exemplar else {
        return String::new();
    };
    let mut out = format!(
        " exemplar{} {}",
        labels(&exemplar.labels),
        float(exemplar.value)
    );
    if let Some(timestamp) = exemplar.timestamp {
        let _ = write!(out, " @{}", time(timestamp));
    }
    out
}

/// The type in the words of OpenMetrics.
pub(crate) fn openmetrics_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Untyped => "unknown",
        Kind::Summary => "summary",
        Kind::Histogram => "histogram",
        Kind::GaugeHistogram => "gaugehistogram",
        Kind::Info => "info",
        Kind::StateSet => "stateset",
    }
}

/// A sample line of OpenMetrics, as the Go program prints an entry of textparse.
pub(crate) fn sample(sample: &Sample<'_, '_>) -> String {
    let mut series = sample.labels.to_vec();
    series.push(Label::new("__name__", sample.name.as_ref()));
    let mut out = format!("sample{} {}", sorted(series), float(sample.value));
    if let Some(timestamp) = sample.timestamp_ms {
        let _ = write!(out, " @{timestamp}");
    }
    if let Some(exemplar) = &sample.exemplar {
        let _ = write!(
            out,
            " exemplar{} {}",
            sorted(exemplar.labels.to_vec()),
            float(exemplar.value)
        );
        if let Some(time) = exemplar.timestamp {
            let _ = write!(
                out,
                " @{}",
                time.seconds
                    .saturating_mul(1000)
                    .saturating_add(i64::from(time.nanos / 1_000_000))
            );
        }
    }
    out + "\n"
}

/// Labels by name; `le` and `quantile` by value, however they were spelled.
fn sorted(mut labels: Vec<Label<'_>>) -> String {
    labels.sort();
    let show = |label: Label<'_>| match number::parse(label.value.as_bytes()) {
        Some(bound) if label.name == "le" || label.name == "quantile" => {
            format!(" {}={}", quote(&label.name), float(bound))
        }
        _ => format!(" {}={}", quote(&label.name), quote(&label.value)),
    };
    labels.into_iter().map(show).collect()
}
