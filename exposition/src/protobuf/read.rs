//! Delimited protobuf to families.
//!
//! What a Go gateway lets through and later chokes on is refused here: an empty family name, an
//! unknown type, text that is not UTF-8, a value that does not suit the type. Names themselves are
//! not judged: `a.b` and `1a` are read, as upstream does.

use super::budget::Budget;
use super::exemplar::{push_label, text};
use super::type_of_number;
use super::value::{HistogramParts, read_counter, read_double, read_histogram, read_summary};
use super::wire::{Fields, Wire, delimited};
use crate::error::{ReadError, Result};
use crate::limits::Limits;
use crate::model::{Counter, Family, Kind, Metric, Summary, Value};

/// Reads families, each with its length in front, in the order they stand. One name may come twice.
///
/// A missing type means counter, as in Go. Unknown fields are skipped.
///
/// # Errors
/// The first thing that is wrong, with the family's name where it is known and its place otherwise.
/// What breaks the wire format goes before what only cannot be kept ([`ReadError::well_formed`]),
/// wherever it stands: Go decodes a body whole before it judges it.
pub fn read_delimited<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Vec<Family<'a>>> {
    let mut rest = bytes;
    let mut budget = Budget::new(limits);
    let mut families = Vec::new();
    let mut index = 0;
    while !rest.is_empty() {
        let message = delimited(&mut rest).map_err(|fault| in_nameless(fault.into(), index))?;
        match read_family(message, index, &mut budget) {
            Ok(family) => families.push(family),
            Err(error) => budget.refuse(error)?,
        }
        index += 1;
    }
    budget.settle(families)
}

/// Where the fields of a family's metrics begin, in order: behind each, [`read_metric`] reads one. `family` is the
/// family's message with its length in front.
///
/// # Errors
/// Bytes that are no message.
pub fn metric_starts(family: &[u8]) -> Result<Vec<usize>> {
    let mut rest = family;
    let mut fields = Fields::new(delimited(&mut rest)?);
    let end = family.len() - rest.len();
    let mut starts = Vec::new();
    loop {
        let start = end - fields.left();
        match fields.next()? {
            Some((4, Wire::Bytes(_))) => starts.push(start),
            Some(_) => {}
            None => return Ok(starts),
        }
    }
}

/// Reads the one metric, of a family of this type, whose field `bytes` begin with.
///
/// # Errors
/// Bytes that do not begin so.
pub fn read_metric<'a>(bytes: &'a [u8], kind: Kind, limits: &Limits) -> Result<Metric<'a>> {
    let Some((4, Wire::Bytes(message))) = Fields::new(bytes).next()? else {
        return Err(ReadError::new("not a metric of a family"));
    };
    let mut budget = Budget::new(limits);
    let metric = read_one(message, kind, &mut budget)?;
    budget.settle(metric)
}

fn in_nameless(mut error: ReadError, index: usize) -> ReadError {
    error.message = format!("message {}: {}", index + 1, error.message);
    error
}

fn read_family<'a>(message: &'a [u8], index: usize, budget: &mut Budget) -> Result<Family<'a>> {
    let mut family = read_family_header(message).map_err(|error| in_nameless(error, index))?;
    let mut fields = Fields::new(message);
    budget.take()?;
    while let Some(field) = fields.next()? {
        let (4, Wire::Bytes(bytes)) = field else {
            continue;
        };
        let metric = budget
            .take()
            .and_then(|()| read_one(bytes, family.kind, budget));
        match metric.map_err(|error| in_family(error, &family)) {
            Ok(metric) => family.metrics.push(metric),
            Err(error) => budget.refuse(error)?,
        }
    }
    Ok(family)
}

fn in_family(error: ReadError, family: &Family<'_>) -> ReadError {
    ReadError {
        family: Some(family.name.to_string()),
        ..error
    }
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
                    ReadError::of_content(format!("unknown metric type {}", number as i32))
                })?;
            }
            (5, Wire::Bytes(bytes)) => family.unit = text(bytes, "the unit")?,
            _ => {}
        }
    }
    if family.name.is_empty() {
        return Err(ReadError::of_content("the family has no name"));
    }
    Ok(family)
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

fn read_one<'a>(message: &'a [u8], kind: Kind, budget: &mut Budget) -> Result<Metric<'a>> {
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
    let value = value
        .ok_or_else(|| ReadError::of_content(format!("a metric of the family is not a {kind}")))?;
    Ok(Metric {
        labels,
        value,
        timestamp_ms,
    })
}
