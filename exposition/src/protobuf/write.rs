//! Families to delimited protobuf.
//!
//! Fields are written in the order of their numbers and always present where client_golang sets
//! them, so the bytes are those a Go program would send for the same values.

use std::borrow::Cow;

use super::type_number;
use super::wire::{
    put_double, put_length_before, put_message, put_sint, put_string, put_uint, put_varint,
};
use crate::error::WriteError;
use crate::model::{
    Count, Counter, Exemplar, Family, Header, Histogram, Kind, Label, Native, NativeBuckets,
    Summary, Timestamp, Value,
};
use crate::name::{self, Escaping};

/// A family whose message is still open: its length is not known yet.
#[must_use = "a family that is not ended leaves an invalid page"]
#[derive(Debug)]
pub struct Open {
    start: usize,
    unit: Box<str>,
}

/// Writes whole families, each with its length in front.
///
/// # Errors
/// See [`WriteError`].
pub fn write_delimited(
    families: &[Family<'_>],
    escaping: Escaping,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    for family in families {
        let header = family.header();
        let open = begin(header, escaping, out);
        for member in &family.metrics {
            metric(
                header,
                &member.labels,
                &member.value,
                member.timestamp_ms,
                escaping,
                out,
            )?;
        }
        end(open, out);
    }
    Ok(())
}

/// Starts a family's message: name, help and type.
pub fn begin(header: Header<'_>, escaping: Escaping, out: &mut Vec<u8>) -> Open {
    let start = out.len();
    put_string(1, &name::spell(header.name, escaping), out);
    if let Some(help) = header.help {
        put_string(2, help, out);
    }
    put_uint(3, type_number(header.kind), out);
    Open {
        start,
        unit: header.unit.into(),
    }
}

/// Ends a family's message: the unit, and the length in front of it all.
pub fn end(open: Open, out: &mut Vec<u8>) {
    put_unit(&open, out);
    put_length_before(open.start, out);
}

/// Ends a family's message whose metrics stand elsewhere and take `bytes` bytes: gives what stands behind them, and
/// puts the length of it all in front of what `before` holds of the message.
pub(crate) fn end_apart(open: Open, before: &mut Vec<u8>, bytes: u64) -> Vec<u8> {
    let mut after = Vec::new();
    put_unit(&open, &mut after);
    let start = before.split_off(open.start);
    put_varint((start.len() + after.len()) as u64 + bytes, before);
    before.extend_from_slice(&start);
    after
}

fn put_unit(open: &Open, out: &mut Vec<u8>) {
    if !open.unit.is_empty() {
        put_string(5, &open.unit, out);
    }
}

/// Writes one `metric` field of the open family. It depends on nothing written before it, so such
/// bytes can be kept and copied into a later page.
///
/// # Errors
/// [`WriteError::KindMismatch`]; nothing is written then.
pub fn metric(
    header: Header<'_>,
    labels: &[Label<'_>],
    value: &Value<'_>,
    timestamp_ms: Option<i64>,
    escaping: Escaping,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    check_kind(header, value)?;
    put_message(4, out, |out| {
        put_labels(labels, escaping, out);
        // Field order is by number, so the timestamp (6) stands before a histogram (7).
        match value {
            Value::Gauge(value) => put_message(2, out, |out| put_double(1, *value, out)),
            Value::Counter(counter) => put_message(3, out, |out| put_counter(counter, out)),
            Value::Summary(summary) => put_message(4, out, |out| put_summary(summary, out)),
            Value::Untyped(value) => put_message(5, out, |out| put_double(1, *value, out)),
            Value::Histogram(_) => {}
        }
        if let Some(timestamp) = timestamp_ms {
            put_uint(6, timestamp as u64, out);
        }
        if let Value::Histogram(histogram) = value {
            put_message(7, out, |out| put_histogram(histogram, out));
        }
    });
    Ok(())
}

/// Refuses a value that does not suit its family, and a family without a name.
pub(super) fn check_kind(header: Header<'_>, value: &Value<'_>) -> Result<(), WriteError> {
    if header.name.is_empty() {
        return Err(WriteError::NoName);
    }
    let suits = match header.kind {
        Kind::Counter => matches!(value, Value::Counter(_)),
        Kind::Gauge | Kind::Info | Kind::StateSet => matches!(value, Value::Gauge(_)),
        Kind::Untyped => matches!(value, Value::Untyped(_)),
        Kind::Summary => matches!(value, Value::Summary(_)),
        Kind::Histogram | Kind::GaugeHistogram => matches!(value, Value::Histogram(_)),
    };
    if suits {
        Ok(())
    } else {
        Err(WriteError::KindMismatch {
            family: header.name.to_owned(),
            kind: header.kind,
        })
    }
}

/// A label's value as upstream spells it: that of `__name__` is a metric name.
pub(super) fn spelled_value<'l>(label: &'l Label<'_>, escaping: Escaping) -> Cow<'l, str> {
    if label.name == "__name__" {
        name::spell(&label.value, escaping)
    } else {
        Cow::Borrowed(&label.value)
    }
}

fn put_labels(labels: &[Label<'_>], escaping: Escaping, out: &mut Vec<u8>) {
    for label in labels {
        put_message(1, out, |out| {
            put_string(1, &name::spell_label(&label.name, escaping), out);
            put_string(2, &spelled_value(label, escaping), out);
        });
    }
}

fn put_counter(counter: &Counter<'_>, out: &mut Vec<u8>) {
    put_double(1, counter.value, out);
    if let Some(exemplar) = &counter.exemplar {
        put_message(2, out, |out| put_exemplar(exemplar, out));
    }
    put_timestamp(3, counter.created, out);
}

fn put_summary(summary: &Summary, out: &mut Vec<u8>) {
    put_uint(1, summary.count, out);
    put_double(2, summary.sum, out);
    for quantile in &summary.quantiles {
        put_message(3, out, |out| {
            put_double(1, quantile.quantile, out);
            put_double(2, quantile.value, out);
        });
    }
    put_timestamp(4, summary.created, out);
}

fn put_histogram(histogram: &Histogram<'_>, out: &mut Vec<u8>) {
    // Only one of the two counts is written, so reading tells them apart again even at zero.
    if let Count::Integer(count) = histogram.count {
        put_uint(1, count, out);
    }
    put_double(2, histogram.sum, out);
    for bucket in &histogram.buckets {
        put_message(3, out, |out| {
            if let Count::Integer(count) = bucket.cumulative_count {
                put_uint(1, count, out);
            }
            put_double(2, bucket.upper_bound, out);
            if let Some(exemplar) = &bucket.exemplar {
                put_message(3, out, |out| put_exemplar(exemplar, out));
            }
            if let Count::Float(count) = bucket.cumulative_count {
                put_double(4, count, out);
            }
        });
    }
    if let Count::Float(count) = histogram.count {
        put_double(4, count, out);
    }
    if let Some(native) = &histogram.native {
        put_native(native, out);
    }
    put_timestamp(15, histogram.created, out);
    for exemplar in histogram.native.iter().flat_map(|native| &native.exemplars) {
        put_message(16, out, |out| put_exemplar(exemplar, out));
    }
}

fn put_native(native: &Native<'_>, out: &mut Vec<u8>) {
    put_sint(5, native.schema.into(), out);
    put_double(6, native.zero_threshold, out);
    match native.zero_count {
        Count::Integer(count) => put_uint(7, count, out),
        Count::Float(count) => put_double(8, count, out),
    }
    put_native_buckets(9, &native.negative, out);
    put_native_buckets(12, &native.positive, out);
}

/// Spans, deltas and counts stand in three fields in a row; proto2 writes the lists unpacked.
fn put_native_buckets(field: u32, buckets: &NativeBuckets, out: &mut Vec<u8>) {
    for span in &buckets.spans {
        put_message(field, out, |out| {
            put_sint(1, span.offset.into(), out);
            put_uint(2, span.length.into(), out);
        });
    }
    for &delta in &buckets.deltas {
        put_sint(field + 1, delta, out);
    }
    for &count in &buckets.counts {
        put_double(field + 2, count, out);
    }
}

fn put_exemplar(exemplar: &Exemplar<'_>, out: &mut Vec<u8>) {
    // Upstream escapes no names in exemplars.
    put_labels(&exemplar.labels, Escaping::AllowUtf8, out);
    put_double(2, exemplar.value, out);
    put_timestamp(3, exemplar.timestamp, out);
}

fn put_timestamp(field: u32, timestamp: Option<Timestamp>, out: &mut Vec<u8>) {
    let Some(Timestamp { seconds, nanos }) = timestamp else {
        return;
    };
    put_message(field, out, |out| {
        // Timestamp is a proto3 message: zeros are left out.
        if seconds != 0 {
            put_uint(1, seconds as u64, out);
        }
        if nanos != 0 {
            put_uint(2, i64::from(nanos) as u64, out);
        }
    });
}
