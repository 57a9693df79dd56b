//! The numbers of a family, taken out into a column and put back.
//!
//! What is left says what the numbers mean and is the same push after push. Numbers are kept as bits, so nothing is
//! rounded; native histograms, exemplars and created times stay in the family.

use promontory_exposition::Family;
use promontory_exposition::model::{Count, Metric, Value};

/// One number of a family.
pub(super) enum Number<'a> {
    /// A value, a sum, a float count.
    Float(&'a mut f64),
    /// A count of observations.
    Whole(&'a mut u64),
}

/// Takes all numbers out.
pub(crate) fn take(family: &mut Family<'_>) -> Box<[u64]> {
    let mut column = Vec::with_capacity(family.metrics.len());
    for metric in &mut family.metrics {
        visit(metric, &mut |number| match number {
            // Not zero: protobuf tells a float count from a whole one by its not being zero.
            Number::Float(value) => column.push(std::mem::replace(value, 1.0).to_bits()),
            Number::Whole(value) => column.push(std::mem::take(value)),
        });
    }
    column.into()
}

/// Puts numbers back that [`take`] took out of such a family.
pub(crate) fn put(family: &mut Family<'_>, column: impl IntoIterator<Item = u64>) {
    let mut column = column.into_iter();
    for metric in &mut family.metrics {
        visit(metric, &mut |number| {
            let Some(bits) = column.next() else { return };
            match number {
                Number::Float(value) => *value = f64::from_bits(bits),
                Number::Whole(value) => *value = bits,
            }
        });
    }
}

/// Shows all numbers of a metric, always in the same order.
pub(super) fn visit(metric: &mut Metric<'_>, visit: &mut impl FnMut(Number<'_>)) {
    match &mut metric.value {
        Value::Counter(counter) => visit(Number::Float(&mut counter.value)),
        Value::Gauge(value) | Value::Untyped(value) => visit(Number::Float(value)),
        Value::Summary(summary) => {
            visit(Number::Whole(&mut summary.count));
            visit(Number::Float(&mut summary.sum));
            for quantile in &mut summary.quantiles {
                visit(Number::Float(&mut quantile.value));
            }
        }
        // Whether a native histogram is one depends on its counts.
        Value::Histogram(histogram) if histogram.native.is_some() => {}
        Value::Histogram(histogram) => {
            visit(count(&mut histogram.count));
            visit(Number::Float(&mut histogram.sum));
            for bucket in &mut histogram.buckets {
                visit(count(&mut bucket.cumulative_count));
            }
        }
    }
}

fn count(count: &mut Count) -> Number<'_> {
    match count {
        Count::Integer(value) => Number::Whole(value),
        Count::Float(value) => Number::Float(value),
    }
}
