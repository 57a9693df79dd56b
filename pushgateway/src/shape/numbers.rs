//! The numbers of a family, taken out into a column and put back.
//!
//! What is left says what the numbers mean and is the same push after push. Numbers are kept as bits, so nothing is
//! rounded. Created times are among them, since each run of a job has its own; native histograms and exemplars stay in the
//! family.

use promontory_exposition::Family;
use promontory_exposition::model::{Count, Metric, Timestamp, Value};

/// Stands where a created time was taken out. No calendar has it.
const TAKEN: Timestamp = Timestamp {
    seconds: i64::MIN,
    nanos: 0,
};

/// One number of a family.
pub(super) enum Number<'a> {
    /// A value, a sum, a float count.
    Float(&'a mut f64),
    /// A count of observations.
    Whole(&'a mut u64),
    /// When it began, as nanoseconds since the epoch.
    Created(&'a mut Timestamp),
}

/// Takes all numbers out.
pub(crate) fn take(family: &mut Family<'_>) -> Box<[u64]> {
    let mut column = Vec::with_capacity(family.metrics.len());
    let fits = |time: Timestamp| time == TAKEN || nanos_of(time).is_some();
    for metric in &mut family.metrics {
        visit_some(metric, fits, &mut |number| match number {
            // Not zero: protobuf tells a float count from a whole one by its not being zero.
            Number::Float(value) => column.push(std::mem::replace(value, 1.0).to_bits()),
            Number::Whole(value) => column.push(std::mem::take(value)),
            // A pushed time that looks taken out means nothing, so it may mean the epoch.
            Number::Created(time) => {
                let nanos = nanos_of(std::mem::replace(time, TAKEN));
                column.push(nanos.unwrap_or_default().cast_unsigned());
            }
        });
    }
    column.into()
}

/// Puts numbers back that [`take`] took out of such a family.
pub(crate) fn put(family: &mut Family<'_>, column: impl IntoIterator<Item = u64>) {
    let mut column = column.into_iter();
    for metric in &mut family.metrics {
        put_in(metric, &mut column);
    }
}

/// Puts the numbers of one metric back, those at the beginning of `column`.
pub(super) fn put_in(metric: &mut Metric<'_>, column: &mut impl Iterator<Item = u64>) {
    visit(metric, &mut |number| {
        let Some(bits) = column.next() else { return };
        match number {
            Number::Float(value) => *value = f64::from_bits(bits),
            Number::Whole(value) => *value = bits,
            Number::Created(time) => *time = time_of(bits.cast_signed()),
        }
    });
}

/// Shows all numbers of a metric whose numbers were taken out, always in the same order.
pub(super) fn visit(metric: &mut Metric<'_>, show: &mut impl FnMut(Number<'_>)) {
    visit_some(metric, |time| time == TAKEN, show);
}

/// [`visit`], with those created times that are to be among the numbers.
fn visit_some(
    metric: &mut Metric<'_>,
    is_number: impl Fn(Timestamp) -> bool,
    show: &mut impl FnMut(Number<'_>),
) {
    match &mut metric.value {
        Value::Counter(counter) => show(Number::Float(&mut counter.value)),
        Value::Gauge(value) | Value::Untyped(value) => show(Number::Float(value)),
        Value::Summary(summary) => {
            show(Number::Whole(&mut summary.count));
            show(Number::Float(&mut summary.sum));
            for quantile in &mut summary.quantiles {
                show(Number::Float(&mut quantile.value));
            }
        }
        // Whether a native histogram is one depends on its counts.
        Value::Histogram(histogram) if histogram.native.is_some() => return,
        Value::Histogram(histogram) => {
            show(whole_or_not(&mut histogram.count));
            show(Number::Float(&mut histogram.sum));
            for bucket in &mut histogram.buckets {
                show(whole_or_not(&mut bucket.cumulative_count));
            }
        }
    }
    let created = metric.value.created_mut().and_then(Option::as_mut);
    if let Some(time) = created.filter(|time| is_number(**time)) {
        show(Number::Created(time));
    }
}

/// How many numbers were taken out of a metric.
pub(super) fn count(metric: &Metric<'_>) -> usize {
    let numbers = match &metric.value {
        Value::Counter(_) | Value::Gauge(_) | Value::Untyped(_) => 1,
        Value::Summary(summary) => 2 + summary.quantiles.len(),
        Value::Histogram(histogram) if histogram.native.is_some() => return 0,
        Value::Histogram(histogram) => 2 + histogram.buckets.len(),
    };
    numbers + usize::from(metric.value.created() == Some(TAKEN))
}

fn whole_or_not(count: &mut Count) -> Number<'_> {
    match count {
        Count::Integer(value) => Number::Whole(value),
        Count::Float(value) => Number::Float(value),
    }
}

/// A time in nanoseconds since the epoch, where it is one of the years 1678 to 2261.
fn nanos_of(time: Timestamp) -> Option<i64> {
    if !(0..1_000_000_000).contains(&time.nanos) {
        return None;
    }
    let seconds = time.seconds.checked_mul(1_000_000_000)?;
    seconds.checked_add(time.nanos.into())
}

fn time_of(nanos: i64) -> Timestamp {
    Timestamp {
        seconds: nanos.div_euclid(1_000_000_000),
        // Below a thousand million, so it fits.
        nanos: nanos.rem_euclid(1_000_000_000) as i32,
    }
}
