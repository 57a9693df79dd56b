//! What a line adds to a summary or histogram, with Go's conversions of counts.

use crate::error::ReadError;
use crate::model::{Bucket, Count, Histogram, Label, Quantile, Summary};
use crate::number;

/// What a line says of a summary or histogram, by the suffix of its name.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// The value itself, a bucket or a quantile.
    Member,
    Sum,
    Count,
}

/// The bound that `le` or `quantile` names; the last one counts, and each must be a number.
pub(super) fn own_bound(family: &str, labels: &[Label<'_>], own: &str) -> Result<f64, ReadError> {
    let mut bound = f64::NAN;
    for label in labels.iter().filter(|label| label.name == own) {
        bound = number::parse(label.value.as_bytes()).ok_or_else(|| ReadError {
            family: Some(family.to_owned()),
            label: Some(own.to_owned()),
            ..ReadError::new(format!(
                "expected float as value for '{own}' label, got {:?}",
                label.value
            ))
        })?;
    }
    Ok(bound)
}

pub(super) fn add_to_summary(summary: &mut Summary, role: Role, quantile: f64, value: f64) {
    match role {
        Role::Sum => summary.sum = value,
        Role::Count => summary.count = go_uint64(value),
        // A line without a quantile only shows that the summary is there.
        Role::Member if quantile.is_nan() => {}
        Role::Member => summary.quantiles.push(Quantile { quantile, value }),
    }
}

pub(super) fn add_to_histogram(
    histogram: &mut Histogram<'_>,
    role: Role,
    upper_bound: f64,
    value: f64,
) -> Result<(), &'static str> {
    match role {
        Role::Sum => histogram.sum = value,
        Role::Count => {
            let count = count(value).ok_or("negative count for histogram")?;
            // Upstream holds the two in two fields, and the float one is never cleared again.
            if !is_float(histogram.count) || is_float(count) {
                histogram.count = count;
            }
        }
        Role::Member if upper_bound.is_nan() => {}
        Role::Member => histogram.buckets.push(Bucket {
            upper_bound,
            cumulative_count: count(value).ok_or("negative bucket population for histogram")?,
            exemplar: None,
        }),
    }
    Ok(())
}

/// A count as it was spelled: whole numbers stay whole, others become floats, negative ones are none.
fn count(value: f64) -> Option<Count> {
    let whole = go_uint64(value);
    if whole as f64 == value {
        Some(Count::Integer(whole))
    } else if value < 0.0 {
        None
    } else {
        Some(Count::Float(value))
    }
}

/// Go's conversion of a float to `uint64` on amd64: negative numbers wrap, and what has no place in
/// 64 bits becomes 2^63. Summary counts of -1 or 1.5 are accepted upstream and end here.
fn go_uint64(value: f64) -> u64 {
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    if (0.0..LIMIT).contains(&value) {
        value as u64
    } else if (-LIMIT / 2.0..0.0).contains(&value) {
        value as i64 as u64
    } else {
        1 << 63
    }
}

fn is_float(count: Count) -> bool {
    matches!(count, Count::Float(_))
}

/// One float among the counts of a histogram makes all of them floats.
pub(super) fn settle_counts(histogram: &mut Histogram<'_>) {
    let buckets = &mut histogram.buckets;
    if !is_float(histogram.count) && !buckets.iter().any(|b| is_float(b.cumulative_count)) {
        return;
    }
    histogram.count = Count::Float(histogram.count.as_f64());
    for bucket in buckets {
        bucket.cumulative_count = Count::Float(bucket.cumulative_count.as_f64());
    }
}
