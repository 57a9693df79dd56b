//! Which exemplars may stand on a page.

use promontory_exposition::model::Exemplar;
use promontory_exposition::{Metric, Value};

/// Names and values of an exemplar's labels together, in characters (OpenMetrics 1.0, "Exemplars").
const LABEL_CHARACTERS_MAX: usize = 128;
/// The seconds of the years 1 to 9999, which the writer can say.
const CALENDAR: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;

/// Drops exemplars that would make a reader refuse the page; protobuf still shows them.
pub(super) fn keep_valid_exemplars(metric: &mut Metric<'_>) {
    match &mut metric.value {
        Value::Counter(counter) => keep_valid(&mut counter.exemplar),
        Value::Histogram(histogram) => {
            for bucket in &mut histogram.buckets {
                keep_valid(&mut bucket.exemplar);
            }
        }
        Value::Gauge(_) | Value::Untyped(_) | Value::Summary(_) => {}
    }
}

fn keep_valid(exemplar: &mut Option<Box<Exemplar<'_>>>) {
    if exemplar
        .as_ref()
        .is_some_and(|exemplar| !is_valid(exemplar))
    {
        *exemplar = None;
    }
}

fn is_valid(exemplar: &Exemplar<'_>) -> bool {
    let labels = exemplar.labels.iter();
    let characters = labels.map(|label| label.name.chars().count() + label.value.chars().count());
    let told = |nanos: i32| (0..1_000_000_000).contains(&nanos);
    let mut time = exemplar.timestamp.iter();
    characters.sum::<usize>() <= LABEL_CHARACTERS_MAX
        && exemplar.labels.iter().all(|label| !label.name.is_empty())
        && time.all(|time| CALENDAR.contains(&time.seconds) && told(time.nanos))
}
