//! What each type of OpenMetrics asks of its values, which no other format does.

use promontory_exposition::model::{Bucket, Count, Histogram, Summary};
use promontory_exposition::{Family, Kind, Metric, Value};

/// Whether all metrics hold what the family's type may hold (OpenMetrics 1.0, "Metric Types", as strict readers check
/// it).
pub(crate) fn fits(family: &Family<'_>) -> bool {
    let fits = |metric: &Metric<'_>| match (&metric.value, family.kind) {
        (Value::Counter(counter), Kind::Counter) => fits_counter(counter.value),
        (Value::Gauge(value), Kind::Info) => *value == 1.0,
        (Value::Gauge(value), Kind::StateSet) => {
            let states = metric.labels.iter();
            let states = states.filter(|label| label.name == family.name);
            (*value == 0.0 || *value == 1.0) && states.count() == 1
        }
        (Value::Gauge(_), Kind::Gauge) | (Value::Untyped(_), Kind::Untyped) => true,
        (Value::Summary(summary), Kind::Summary) => fits_summary(summary),
        (Value::Histogram(histogram), Kind::Histogram) => {
            // Its sum is a counter, so with observations below zero there may be none.
            fits_buckets(histogram) && histogram.sum >= 0.0 && !has_negative(&histogram.buckets)
        }
        (Value::Histogram(histogram), Kind::GaugeHistogram) => {
            fits_buckets(histogram)
                && (histogram.sum >= 0.0
                    || (histogram.sum < 0.0 && has_negative(&histogram.buckets)))
        }
        _ => false,
    };
    family.metrics.iter().all(fits)
}

/// Whether a counter may have this value.
pub(crate) fn fits_counter(value: f64) -> bool {
    value >= 0.0
}

fn fits_summary(summary: &Summary) -> bool {
    let mut quantiles = summary.quantiles.iter();
    // A quantile of nothing is NaN.
    summary.sum >= 0.0
        && quantiles.all(|part| {
            (0.0..=1.0).contains(&part.quantile) && (part.value >= 0.0 || part.value.is_nan())
        })
}

/// Whole counts that grow with their bounds up to the count of all.
fn fits_buckets(histogram: &Histogram<'_>) -> bool {
    let Some(all) = whole(histogram.count) else {
        return false;
    };
    let mut below = 0;
    let mut bound = f64::NEG_INFINITY;
    for (at, bucket) in histogram.buckets.iter().enumerate() {
        let Some(count) = whole(bucket.cumulative_count) else {
            return false;
        };
        let ordered = bucket.upper_bound > bound || (at == 0 && bucket.upper_bound == bound);
        if !ordered || count < below {
            return false;
        }
        (below, bound) = (count, bucket.upper_bound);
    }
    // The writer adds the last bucket where it is missing.
    below == all || (bound < f64::INFINITY && below < all)
}

fn whole(count: Count) -> Option<u64> {
    match count {
        Count::Integer(count) => Some(count),
        Count::Float(_) => None,
    }
}

fn has_negative(buckets: &[Bucket<'_>]) -> bool {
    buckets.iter().any(|bucket| bucket.upper_bound < 0.0)
}
