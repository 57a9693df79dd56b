//! Delimited protobuf to families.
//!
//! What a Go gateway lets through and later chokes on is refused here: an empty family name, an
//! unknown type, text that is not UTF-8, a value that does not suit the type. Names themselves are
//! not judged: `a.b` and `1a` are read, as upstream does.

use std::borrow::Cow;

use super::type_of_number;
use super::wire::{Fields, Wire, delimited, fixed64, unzigzag, varint};
use crate::error::ReadError;
use crate::format::Limits;
use crate::model::{
    Bucket, Count, Counter, Exemplar, Family, Histogram, Kind, Label, Metric, Native,
    NativeBuckets, Quantile, Span, Summary, Timestamp, Value,
};

type Result<T> = std::result::Result<T, ReadError>;

/// Reads families, each with its length in front, in the order they stand. One name may come twice.
///
/// A missing type means counter, as in Go. Unknown fields are skipped.
///
/// # Errors
/// The first thing that is wrong, with the family's name where it is known and its place otherwise.
pub fn read_delimited<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Vec<Family<'a>>> {
    let mut rest = bytes;
    let mut budget = Budget {
        left: limits.metrics,
        limits: *limits,
    };
    let mut families = Vec::new();
    while !rest.is_empty() {
        let message = delimited(&mut rest).map_err(|error| in_nameless(error, families.len()))?;
        families.push(read_family(message, families.len(), &mut budget)?);
    }
    Ok(families)
}

/// What may still be kept. Families, metrics, buckets, quantiles, spans and exemplars all count:
/// each costs the sender as little as two bytes and us tens.
struct Budget {
    left: usize,
    limits: Limits,
}

impl Budget {
    fn take(&mut self) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            ReadError::new(format!(
                "more than {} metrics in one body",
                self.limits.metrics
            ))
        })?;
        Ok(())
    }
}

fn in_nameless(mut error: ReadError, index: usize) -> ReadError {
    error.message = format!("message {}: {}", index + 1, error.message);
    error
}

fn read_family<'a>(message: &'a [u8], index: usize, budget: &mut Budget) -> Result<Family<'a>> {
    let mut family = read_family_header(message).map_err(|error| in_nameless(error, index))?;
    let name = family.name.clone();
    read_metrics(message, &mut family, budget).map_err(|mut error| {
        error.family = Some(name.into_owned());
        error
    })?;
    Ok(family)
}

/// A first pass over the family, because its name and type may stand behind its metrics.
fn read_family_header(message: &[u8]) -> Result<Family<'_>> {
    let mut family = Family::new("", Kind::Counter);
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Bytes(bytes)) => family.name = text(bytes, "the family name")?,
            (2, Wire::Bytes(bytes)) => family.help = Some(text(bytes, "the help text")?),
            (3, Wire::Varint(number)) => {
                family.kind = type_of_number(number as i32).ok_or_else(|| {
                    ReadError::new(format!("unknown metric type {}", number as i32))
                })?;
            }
            (5, Wire::Bytes(bytes)) => family.unit = text(bytes, "the unit")?,
            _ => {}
        }
    }
    if family.name.is_empty() {
        return Err(ReadError::new("the family has no name"));
    }
    Ok(family)
}

fn read_metrics<'a>(message: &'a [u8], family: &mut Family<'a>, budget: &mut Budget) -> Result<()> {
    budget.take()?;
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        if let (4, Wire::Bytes(bytes)) = field {
            budget.take()?;
            family
                .metrics
                .push(read_metric(bytes, family.kind, budget)?);
        }
    }
    Ok(())
}

/// Every value a metric message can carry; the family's type says which one counts.
#[derive(Default)]
struct Payloads<'a> {
    gauge: Option<f64>,
    counter: Option<Counter<'a>>,
    summary: Option<Box<Summary>>,
    untyped: Option<f64>,
    histogram: Option<Box<HistogramParts<'a>>>,
}

fn read_metric<'a>(message: &'a [u8], kind: Kind, budget: &mut Budget) -> Result<Metric<'a>> {
    let mut labels = Vec::new();
    let mut timestamp_ms = None;
    let mut payloads = Payloads::default();
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Bytes(bytes)) => push_label(bytes, &mut labels, budget)?,
            (2, Wire::Bytes(bytes)) => read_double(bytes, payloads.gauge.get_or_insert_default())?,
            (3, Wire::Bytes(bytes)) => {
                read_counter(bytes, payloads.counter.get_or_insert_default(), budget)?
            }
            (4, Wire::Bytes(bytes)) => {
                read_summary(bytes, payloads.summary.get_or_insert_default(), budget)?
            }
            (5, Wire::Bytes(bytes)) => {
                read_double(bytes, payloads.untyped.get_or_insert_default())?
            }
            (6, Wire::Varint(value)) => timestamp_ms = Some(value as i64),
            (7, Wire::Bytes(bytes)) => {
                read_histogram(bytes, payloads.histogram.get_or_insert_default(), budget)?
            }
            _ => {}
        }
    }
    let value = match kind {
        Kind::Counter => payloads.counter.map(Value::Counter),
        Kind::Gauge | Kind::Info | Kind::StateSet => payloads.gauge.map(Value::Gauge),
        Kind::Untyped => payloads.untyped.map(Value::Untyped),
        Kind::Summary => payloads.summary.map(Value::Summary),
        Kind::Histogram | Kind::GaugeHistogram => payloads
            .histogram
            .map(|parts| Value::Histogram(Box::new(parts.finish()))),
    };
    let value =
        value.ok_or_else(|| ReadError::new(format!("a metric of the family is not a {kind:?}")))?;
    Ok(Metric {
        labels,
        value,
        timestamp_ms,
    })
}

fn push_label<'a>(message: &'a [u8], labels: &mut Vec<Label<'a>>, budget: &Budget) -> Result<()> {
    if labels.len() == budget.limits.labels {
        return Err(ReadError::new(format!(
            "a metric has more than {} labels",
            labels.len()
        )));
    }
    let mut label = Label::new("", "");
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Bytes(bytes)) => label.name = text(bytes, "a label name")?,
            (2, Wire::Bytes(bytes)) => {
                label.value = text(bytes, "the label value").map_err(|error| ReadError {
                    label: Some(label.name.to_string()),
                    ..error
                })?;
            }
            _ => {}
        }
    }
    labels.push(label);
    Ok(())
}

/// Messages whose only field is `double value = 1`.
fn read_double(message: &[u8], value: &mut f64) -> Result<()> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        if let (1, Wire::Fixed64(bits)) = field {
            *value = f64::from_bits(bits);
        }
    }
    Ok(())
}

fn read_counter<'a>(
    message: &'a [u8],
    counter: &mut Counter<'a>,
    budget: &mut Budget,
) -> Result<()> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Fixed64(bits)) => counter.value = f64::from_bits(bits),
            (2, Wire::Bytes(bytes)) => {
                read_exemplar(
                    bytes,
                    counter.exemplar.get_or_insert_with(empty_exemplar),
                    budget,
                )?;
            }
            (3, Wire::Bytes(bytes)) => read_timestamp(bytes, &mut counter.created)?,
            _ => {}
        }
    }
    Ok(())
}

fn read_summary(message: &[u8], summary: &mut Summary, budget: &mut Budget) -> Result<()> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Varint(count)) => summary.count = count,
            (2, Wire::Fixed64(bits)) => summary.sum = f64::from_bits(bits),
            (3, Wire::Bytes(bytes)) => {
                budget.take()?;
                summary.quantiles.push(read_quantile(bytes)?);
            }
            (4, Wire::Bytes(bytes)) => read_timestamp(bytes, &mut summary.created)?,
            _ => {}
        }
    }
    Ok(())
}

fn read_quantile(message: &[u8]) -> Result<Quantile> {
    let mut quantile = Quantile {
        quantile: 0.0,
        value: 0.0,
    };
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Fixed64(bits)) => quantile.quantile = f64::from_bits(bits),
            (2, Wire::Fixed64(bits)) => quantile.value = f64::from_bits(bits),
            _ => {}
        }
    }
    Ok(quantile)
}

/// An integer and a float field that say one thing.
#[derive(Default)]
struct CountParts {
    integer: Option<u64>,
    float: Option<f64>,
}

impl CountParts {
    /// The float wins where it is above zero (so says `metrics.proto`), or stands alone.
    fn finish(&self) -> Count {
        match (self.integer, self.float) {
            (None, Some(float)) => Count::Float(float),
            (Some(_), Some(float)) if float > 0.0 => Count::Float(float),
            (integer, _) => Count::Integer(integer.unwrap_or(0)),
        }
    }

    fn seen(&self) -> bool {
        self.integer.is_some() || self.float.is_some()
    }
}

#[derive(Default)]
struct HistogramParts<'a> {
    histogram: Histogram<'a>,
    count: CountParts,
    zero_count: CountParts,
}

impl<'a> HistogramParts<'a> {
    fn finish(mut self) -> Histogram<'a> {
        self.histogram.count = self.count.finish();
        if self.zero_count.seen() {
            self.native().zero_count = self.zero_count.finish();
        }
        self.histogram
    }

    fn native(&mut self) -> &mut Native<'a> {
        self.histogram.native.get_or_insert_default()
    }
}

fn read_histogram<'a>(
    message: &'a [u8],
    parts: &mut HistogramParts<'a>,
    budget: &mut Budget,
) -> Result<()> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Varint(count)) => parts.count.integer = Some(count),
            (4, Wire::Fixed64(bits)) => parts.count.float = Some(f64::from_bits(bits)),
            (2, Wire::Fixed64(bits)) => parts.histogram.sum = f64::from_bits(bits),
            (3, Wire::Bytes(bytes)) => {
                budget.take()?;
                let bucket = read_bucket(bytes, budget)?;
                parts.histogram.buckets.push(bucket);
            }
            (15, Wire::Bytes(bytes)) => read_timestamp(bytes, &mut parts.histogram.created)?,
            (7, Wire::Varint(count)) => parts.zero_count.integer = Some(count),
            (8, Wire::Fixed64(bits)) => parts.zero_count.float = Some(f64::from_bits(bits)),
            (5 | 6 | 9..=14 | 16, _) => read_native(field, parts, budget)?,
            _ => {}
        }
    }
    Ok(())
}

/// A field of the native part; the part exists as soon as one of its fields was seen.
fn read_native<'a>(
    field: (u32, Wire<'a>),
    parts: &mut HistogramParts<'a>,
    budget: &mut Budget,
) -> Result<()> {
    match field {
        (5, Wire::Varint(value)) => parts.native().schema = sint32(value),
        (6, Wire::Fixed64(bits)) => parts.native().zero_threshold = f64::from_bits(bits),
        (number @ 9..=11, value) => {
            read_native_buckets(number - 9, value, &mut parts.native().negative, budget)?
        }
        (number @ 12..=14, value) => {
            read_native_buckets(number - 12, value, &mut parts.native().positive, budget)?
        }
        (16, Wire::Bytes(bytes)) => {
            budget.take()?;
            let mut exemplar = empty_exemplar();
            read_exemplar(bytes, &mut exemplar, budget)?;
            parts.native().exemplars.push(*exemplar);
        }
        _ => {}
    }
    Ok(())
}

/// `part` 0 is a span, 1 deltas, 2 counts; lists come packed or one field a number.
fn read_native_buckets(
    part: u32,
    value: Wire<'_>,
    buckets: &mut NativeBuckets,
    budget: &mut Budget,
) -> Result<()> {
    match (part, value) {
        (0, Wire::Bytes(bytes)) => {
            budget.take()?;
            buckets.spans.push(read_span(bytes)?);
        }
        (1, Wire::Varint(value)) => buckets.deltas.push(unzigzag(value)),
        (1, Wire::Bytes(mut packed)) => {
            while !packed.is_empty() {
                buckets.deltas.push(unzigzag(varint(&mut packed)?));
            }
        }
        (2, Wire::Fixed64(bits)) => buckets.counts.push(f64::from_bits(bits)),
        (2, Wire::Bytes(mut packed)) => {
            while !packed.is_empty() {
                buckets.counts.push(f64::from_bits(fixed64(&mut packed)?));
            }
        }
        _ => {}
    }
    Ok(())
}

fn read_span(message: &[u8]) -> Result<Span> {
    let mut span = Span::default();
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Varint(value)) => span.offset = sint32(value),
            (2, Wire::Varint(value)) => span.length = value as u32,
            _ => {}
        }
    }
    Ok(span)
}

fn read_bucket<'a>(message: &'a [u8], budget: &mut Budget) -> Result<Bucket<'a>> {
    let mut count = CountParts::default();
    let mut bucket = Bucket {
        upper_bound: 0.0,
        cumulative_count: Count::default(),
        exemplar: None,
    };
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Varint(value)) => count.integer = Some(value),
            (4, Wire::Fixed64(bits)) => count.float = Some(f64::from_bits(bits)),
            (2, Wire::Fixed64(bits)) => bucket.upper_bound = f64::from_bits(bits),
            (3, Wire::Bytes(bytes)) => {
                read_exemplar(
                    bytes,
                    bucket.exemplar.get_or_insert_with(empty_exemplar),
                    budget,
                )?;
            }
            _ => {}
        }
    }
    bucket.cumulative_count = count.finish();
    Ok(bucket)
}

fn empty_exemplar<'a>() -> Box<Exemplar<'a>> {
    Box::new(Exemplar {
        labels: Vec::new(),
        value: 0.0,
        timestamp: None,
    })
}

fn read_exemplar<'a>(
    message: &'a [u8],
    exemplar: &mut Exemplar<'a>,
    budget: &mut Budget,
) -> Result<()> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Bytes(bytes)) => push_label(bytes, &mut exemplar.labels, budget)?,
            (2, Wire::Fixed64(bits)) => exemplar.value = f64::from_bits(bits),
            (3, Wire::Bytes(bytes)) => read_timestamp(bytes, &mut exemplar.timestamp)?,
            _ => {}
        }
    }
    Ok(())
}

fn read_timestamp(message: &[u8], timestamp: &mut Option<Timestamp>) -> Result<()> {
    let timestamp = timestamp.get_or_insert(Timestamp {
        seconds: 0,
        nanos: 0,
    });
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Varint(value)) => timestamp.seconds = value as i64,
            (2, Wire::Varint(value)) => timestamp.nanos = value as i32,
            _ => {}
        }
    }
    Ok(())
}

/// A `sint32`: only the low half of the varint counts.
fn sint32(value: u64) -> i32 {
    unzigzag(value & u64::from(u32::MAX)) as i32
}

fn text<'a>(bytes: &'a [u8], what: &str) -> Result<Cow<'a, str>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => Err(ReadError::new(format!("{what} is not valid UTF-8"))),
    }
}
