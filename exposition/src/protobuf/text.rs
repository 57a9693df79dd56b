//! The protobuf text formats, for people: `encoding=text` and `encoding=compact-text`. Write only.
//!
//! Fields stand in the order in which `metrics.proto` declares them, as Go's `prototext` prints them.
//! Go now and then prints two blanks where one belongs, by the checksum of its own binary, so that
//! nobody compares its output byte by byte; here it is always one.

mod printer;

use self::printer::Printer;
use super::write::{check_kind, spelled_value};
use crate::error::WriteError;
use crate::model::{
    Count, Counter, Exemplar, Header, Histogram, Kind, Label, Native, NativeBuckets, Summary,
    Timestamp, Value,
};
use crate::name::{self, Escaping};

/// How the text is laid out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layout {
    /// One field a line, indented; a blank line behind each family.
    Lines,
    /// One family a line.
    OneLine,
}

/// A family that is still open.
#[must_use = "a family that is not ended leaves an invalid page"]
#[derive(Debug)]
pub struct Open {
    layout: Layout,
    unit: Box<str>,
}

/// Starts a family: name, help and type.
pub fn begin(layout: Layout, header: Header<'_>, escaping: Escaping, out: &mut Vec<u8>) -> Open {
    let mut printer = Printer {
        layout,
        depth: 0,
        fresh: true,
        out,
    };
    printer.string("name", &name::spell(header.name, escaping));
    if let Some(help) = header.help {
        printer.string("help", help);
    }
    printer.word("type", type_name(header.kind).as_bytes());
    Open {
        layout,
        unit: header.unit.into(),
    }
}

/// Ends a family.
pub fn end(open: Open, out: &mut Vec<u8>) {
    if !open.unit.is_empty() {
        Printer {
            layout: open.layout,
            depth: 0,
            fresh: false,
            out,
        }
        .string("unit", &open.unit);
    }
    out.push(b'\n');
}

/// Writes one `metric` field of the open family. It depends on nothing written before it.
///
/// # Errors
/// [`WriteError::KindMismatch`]; nothing is written then.
pub fn metric(
    layout: Layout,
    header: Header<'_>,
    labels: &[Label<'_>],
    value: &Value<'_>,
    timestamp_ms: Option<i64>,
    escaping: Escaping,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    check_kind(header, value)?;
    let mut printer = Printer {
        layout,
        depth: 0,
        fresh: false,
        out,
    };
    printer.message("metric", |metric| {
        metric.labels(labels, escaping);
        match value {
            Value::Gauge(value) => metric.message("gauge", |gauge| gauge.double("value", *value)),
            Value::Counter(counter) => {
                metric.message("counter", |message| message.counter(counter))
            }
            Value::Summary(summary) => {
                metric.message("summary", |message| message.summary(summary))
            }
            Value::Untyped(value) => {
                metric.message("untyped", |untyped| untyped.double("value", *value))
            }
            Value::Histogram(histogram) => {
                metric.message("histogram", |message| message.histogram(histogram))
            }
        }
        if let Some(timestamp_ms) = timestamp_ms {
            metric.int("timestamp_ms", timestamp_ms);
        }
    });
    Ok(())
}

/// The name of a type in the enum `MetricType`.
fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "COUNTER",
        Kind::Gauge | Kind::Info | Kind::StateSet => "GAUGE",
        Kind::Summary => "SUMMARY",
        Kind::Untyped => "UNTYPED",
        Kind::Histogram => "HISTOGRAM",
        Kind::GaugeHistogram => "GAUGE_HISTOGRAM",
    }
}

/// The messages of `metrics.proto`, field by field in the order of their declaration.
impl Printer<'_> {
    fn labels(&mut self, labels: &[Label<'_>], escaping: Escaping) {
        for label in labels {
            self.message("label", |message| {
                message.string("name", &name::spell_label(&label.name, escaping));
                message.string("value", &spelled_value(label, escaping));
            });
        }
    }

    fn counter(&mut self, counter: &Counter<'_>) {
        self.double("value", counter.value);
        if let Some(exemplar) = &counter.exemplar {
            self.exemplar("exemplar", exemplar);
        }
        self.created(counter.created);
    }

    fn summary(&mut self, summary: &Summary) {
        self.int("sample_count", summary.count);
        self.double("sample_sum", summary.sum);
        for quantile in &summary.quantiles {
            self.message("quantile", |message| {
                message.double("quantile", quantile.quantile);
                message.double("value", quantile.value);
            });
        }
        self.created(summary.created);
    }

    fn histogram(&mut self, histogram: &Histogram<'_>) {
        self.count(["sample_count", "sample_count_float"], histogram.count);
        self.double("sample_sum", histogram.sum);
        for bucket in &histogram.buckets {
            self.message("bucket", |message| {
                message.count(
                    ["cumulative_count", "cumulative_count_float"],
                    bucket.cumulative_count,
                );
                message.double("upper_bound", bucket.upper_bound);
                if let Some(exemplar) = &bucket.exemplar {
                    message.exemplar("exemplar", exemplar);
                }
            });
        }
        self.created(histogram.created);
        if let Some(native) = &histogram.native {
            self.native(native);
        }
    }

    fn native(&mut self, native: &Native<'_>) {
        self.int("schema", native.schema);
        self.double("zero_threshold", native.zero_threshold);
        self.count(["zero_count", "zero_count_float"], native.zero_count);
        self.native_buckets(
            ["negative_span", "negative_delta", "negative_count"],
            &native.negative,
        );
        self.native_buckets(
            ["positive_span", "positive_delta", "positive_count"],
            &native.positive,
        );
        for exemplar in &native.exemplars {
            self.exemplar("exemplars", exemplar);
        }
    }

    fn native_buckets(
        &mut self,
        [span_name, delta_name, count_name]: [&str; 3],
        buckets: &NativeBuckets,
    ) {
        for span in &buckets.spans {
            self.message(span_name, |message| {
                message.int("offset", span.offset);
                message.int("length", span.length);
            });
        }
        for &delta in &buckets.deltas {
            self.int(delta_name, delta);
        }
        for &count in &buckets.counts {
            self.double(count_name, count);
        }
    }

    fn count(&mut self, [integer, float]: [&str; 2], count: Count) {
        match count {
            Count::Integer(count) => self.int(integer, count),
            Count::Float(count) => self.double(float, count),
        }
    }

    fn exemplar(&mut self, name: &str, exemplar: &Exemplar<'_>) {
        self.message(name, |message| {
            // Upstream escapes no names in exemplars.
            message.labels(&exemplar.labels, Escaping::AllowUtf8);
            message.double("value", exemplar.value);
            if let Some(timestamp) = exemplar.timestamp {
                message.timestamp("timestamp", timestamp);
            }
        });
    }

    fn created(&mut self, created: Option<Timestamp>) {
        if let Some(created) = created {
            self.timestamp("created_timestamp", created);
        }
    }

    /// Timestamp is a proto3 message: zeros are left out.
    fn timestamp(&mut self, name: &str, timestamp: Timestamp) {
        self.message(name, |message| {
            if timestamp.seconds != 0 {
                message.int("seconds", timestamp.seconds);
            }
            if timestamp.nanos != 0 {
                message.int("nanos", timestamp.nanos);
            }
        });
    }
}
