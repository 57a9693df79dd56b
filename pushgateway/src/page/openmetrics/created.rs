//! Created times that were pushed as a gauge beside what they belong to.

use std::collections::HashMap;

use promontory_exposition::model::Header;
use promontory_exposition::{Escaping, Family, Kind, Label, Metric, Value, WriteError};

use super::shape::{Shape, spelled};

/// Created times by the labels of their metric.
pub(super) struct Adopted(HashMap<Vec<Label<'static>>, f64>);

/// The gauge's values as created times of the parent's metrics; `None` where one of them has no metric to belong to.
pub(super) fn adopt(parent: &[Metric<'_>], gauge: &[Metric<'_>]) -> Option<Adopted> {
    let parents: HashMap<&[Label<'_>], &Value<'_>> = parent
        .iter()
        .map(|metric| (&*metric.labels, &metric.value))
        .collect();
    let mut times = HashMap::with_capacity(gauge.len());
    for metric in gauge {
        let Value::Gauge(time) = metric.value else {
            return None;
        };
        if is_created(parents.get(&*metric.labels)?) {
            return None;
        }
        let labels = metric.labels.iter().cloned();
        times.insert(labels.map(Label::into_owned).collect(), time);
    }
    Some(Adopted(times))
}

/// Whether a value knows its created time itself.
fn is_created(value: &Value<'_>) -> bool {
    let created = match value {
        Value::Counter(counter) => counter.created,
        Value::Summary(summary) => summary.created,
        Value::Histogram(histogram) => histogram.created,
        Value::Gauge(_) | Value::Untyped(_) => None,
    };
    created.is_some()
}

impl Adopted {
    /// The times as a family of their own again, for a parent that cannot have its type.
    pub(super) fn family<'v>(
        &self,
        parent: &Shape,
        metrics: &[Metric<'v>],
        escaping: Escaping,
    ) -> Option<Family<'v>> {
        let mut family = Family::new(parent.created_name()?, Kind::Untyped);
        let times = metrics.iter().filter_map(|metric| {
            Some(Metric {
                labels: spelled(&metric.labels, escaping),
                value: Value::Untyped(*self.0.get(&*metric.labels)?),
                timestamp_ms: None,
            })
        });
        family.metrics = times.collect();
        Some(family)
    }

    /// Writes the line of the metric with these labels, if it has one: the gauge's sample as it was pushed.
    pub(super) fn write(
        &self,
        parent: &Shape,
        labels: &[Label<'_>],
        escaping: Escaping,
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        let (Some(time), Some(name)) = (self.0.get(labels), parent.created_name()) else {
            return Ok(());
        };
        let header = Header {
            name: &name,
            help: None,
            kind: Kind::Untyped,
            unit: "",
        };
        let style = parent.style(escaping);
        style.metric(header, labels, &Value::Untyped(*time), None, out)
    }
}
