//! The native part of a histogram: exponential buckets, sparse, in spans.

use super::budget::Budget;
use super::exemplar::{empty_exemplar, read_exemplar};
use super::wire::{Fields, Wire, fixed64, unzigzag, varint};
use crate::error::Result;
use crate::model::{Native, NativeBuckets, Span};

/// A field of the native part; the part exists as soon as one of its fields was seen.
pub(super) fn read_native<'a>(
    field: (u32, Wire<'a>),
    native: &mut Option<Box<Native<'a>>>,
    budget: &mut Budget,
) -> Result<()> {
    match field {
        (5, Wire::Varint(value)) => native.get_or_insert_default().schema = sint32(value),
        (6, Wire::Fixed64(bits)) => {
            native.get_or_insert_default().zero_threshold = f64::from_bits(bits)
        }
        (number @ 9..=11, value) => read_native_buckets(
            number - 9,
            value,
            &mut native.get_or_insert_default().negative,
            budget,
        )?,
        (number @ 12..=14, value) => read_native_buckets(
            number - 12,
            value,
            &mut native.get_or_insert_default().positive,
            budget,
        )?,
        (16, Wire::Bytes(bytes)) => {
            budget.take()?;
            let mut exemplar = empty_exemplar();
            read_exemplar(bytes, &mut exemplar, budget)?;
            native.get_or_insert_default().exemplars.push(*exemplar);
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

/// A `sint32`: only the low half of the varint counts.
fn sint32(value: u64) -> i32 {
    unzigzag(value & u64::from(u32::MAX)) as i32
}
