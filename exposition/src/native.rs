//! Whether a native histogram is one: what a Prometheus server checks before it keeps it.
//!
//! No format checks this, and a server that meets one bad histogram refuses the whole scrape. Whoever
//! takes histograms from strangers asks here first. The rules are those of `histogram.Validate` in
//! Prometheus 3 (`model/histogram`).

use crate::model::{Count, Histogram, Native, NativeBuckets};

#[cfg(test)]
mod tests;

/// Resolutions a server takes; those above 8 it reduces.
const SCHEMAS: std::ops::RangeInclusive<i32> = -4..=52;
/// The schema of custom bounds, which `metrics.proto` cannot carry.
const CUSTOM_BOUNDS: i32 = -53;

impl Histogram<'_> {
    /// Checks the native part as a server will; a histogram without one is fine.
    ///
    /// # Errors
    /// What a server would refuse it for.
    pub fn check_native(&self) -> Result<(), &'static str> {
        match &self.native {
            Some(native) if is_native(native) => self.check(native),
            _ => Ok(()),
        }
    }

    fn check(&self, native: &Native<'_>) -> Result<(), &'static str> {
        check_layout(native)?;
        let is_float = |count| matches!(count, Count::Float(count) if count > 0.0);
        if is_float(self.count) || is_float(native.zero_count) {
            check_spans(&native.positive, native.positive.counts.len())?;
            check_spans(&native.negative, native.negative.counts.len())?;
            let mut counts = native.positive.counts.iter().chain(&native.negative.counts);
            if counts.any(|&count| count < 0.0)
                || self.count.as_f64() < 0.0
                || native.zero_count.as_f64() < 0.0
            {
                return Err("a bucket's or the whole count is negative");
            }
            return Ok(());
        }
        check_spans(&native.positive, native.positive.deltas.len())?;
        check_spans(&native.negative, native.negative.deltas.len())?;
        let whole = |count| match count {
            Count::Integer(count) => i128::from(count),
            Count::Float(_) => 0,
        };
        let buckets = sum(&native.positive)? + sum(&native.negative)? + whole(native.zero_count);
        // Observations that are not a number count, but fall into no bucket.
        if buckets > whole(self.count) || (buckets < whole(self.count) && !self.sum.is_nan()) {
            return Err("the count is not that of the buckets together");
        }
        Ok(())
    }
}

/// A server takes a histogram for a classic one where it sees none of these.
fn is_native(native: &Native<'_>) -> bool {
    !native.positive.spans.is_empty()
        || !native.negative.spans.is_empty()
        || native.zero_threshold > 0.0
        || matches!(native.zero_count, Count::Integer(count) if count > 0)
}

fn check_layout(native: &Native<'_>) -> Result<(), &'static str> {
    if SCHEMAS.contains(&native.schema) {
        return Ok(());
    }
    if native.schema != CUSTOM_BOUNDS {
        return Err("the schema is unknown");
    }
    let Native {
        negative,
        zero_count,
        zero_threshold,
        ..
    } = native;
    let negatives = negative.spans.len() + negative.deltas.len() + negative.counts.len();
    if negatives > 0 || zero_count.as_f64() != 0.0 || *zero_threshold != 0.0 {
        return Err("custom buckets go with negative ones or a zero bucket");
    }
    // Without bounds there is one bucket, the infinite one.
    let length: i64 = native
        .positive
        .spans
        .iter()
        .map(|span| i64::from(span.length) + i64::from(span.offset))
        .sum();
    if length > 1 || native.positive.spans.iter().any(|span| span.offset < 0) {
        return Err("custom buckets have no bounds");
    }
    Ok(())
}

fn check_spans(buckets: &NativeBuckets, count: usize) -> Result<(), &'static str> {
    if buckets.spans.iter().skip(1).any(|span| span.offset < 0) {
        return Err("a span's offset is negative");
    }
    let length: u64 = buckets
        .spans
        .iter()
        .map(|span| u64::from(span.length))
        .sum();
    if length != count as u64 {
        return Err("the spans tell of another number of buckets than there are");
    }
    Ok(())
}

/// All observations of one side of an integer histogram.
fn sum(buckets: &NativeBuckets) -> Result<i128, &'static str> {
    let (mut count, mut sum) = (0i64, 0i128);
    for &delta in &buckets.deltas {
        count = count
            .checked_add(delta)
            .filter(|&count| count >= 0)
            .ok_or("a bucket's count is negative")?;
        sum += i128::from(count);
    }
    Ok(sum)
}
