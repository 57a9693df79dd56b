//! The values of metrics, message by message: counters, summaries, histograms.
//!
//! A message may stand in its parent more than once; protobuf then merges them, which is why these
//! functions read into what may be there already.

use super::budget::Budget;
use super::exemplar::{empty_exemplar, read_exemplar, read_timestamp};
use super::native::read_native;
use super::wire::{Fields, Wire};
use crate::error::Result;
use crate::model::{Bucket, Count, Counter, Histogram, Quantile, Summary};

/// Messages whose only field is `double value = 1`.
pub(super) fn read_double(message: &[u8], value: &mut f64) -> Result<()> {
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        if let (1, Wire::Fixed64(bits)) = field {
            *value = f64::from_bits(bits);
        }
    }
    Ok(())
}

pub(super) fn read_counter<'a>(
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

pub(super) fn read_summary(
    message: &[u8],
    summary: &mut Summary,
    budget: &mut Budget,
) -> Result<()> {
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
pub(super) struct HistogramParts<'a> {
    histogram: Histogram<'a>,
    count: CountParts,
    zero_count: CountParts,
}

impl<'a> HistogramParts<'a> {
    pub(super) fn finish(mut self) -> Histogram<'a> {
        self.histogram.count = self.count.finish();
        if self.zero_count.seen() {
            let native = self.histogram.native.get_or_insert_default();
            native.zero_count = self.zero_count.finish();
        }
        self.histogram
    }
}

pub(super) fn read_histogram<'a>(
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
            (5 | 6 | 9..=14 | 16, _) => read_native(field, &mut parts.histogram.native, budget)?,
            _ => {}
        }
    }
    Ok(())
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
