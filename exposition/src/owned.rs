//! From borrowed values to owned ones, for who keeps them longer than the body they were read from.

use std::borrow::Cow;

use crate::model::{Bucket, Counter, Exemplar, Family, Histogram, Label, Metric, Native, Value};

fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl Family<'_> {
    /// The same family, borrowing nothing.
    pub fn into_owned(self) -> Family<'static> {
        Family {
            name: own(self.name),
            help: self.help.map(own),
            kind: self.kind,
            unit: own(self.unit),
            metrics: self.metrics.into_iter().map(Metric::into_owned).collect(),
        }
    }
}

impl Metric<'_> {
    /// The same metric, borrowing nothing.
    pub fn into_owned(self) -> Metric<'static> {
        Metric {
            labels: own_labels(self.labels),
            value: self.value.into_owned(),
            timestamp_ms: self.timestamp_ms,
        }
    }
}

impl Label<'_> {
    /// The same label, borrowing nothing.
    pub fn into_owned(self) -> Label<'static> {
        Label {
            name: own(self.name),
            value: own(self.value),
        }
    }
}

impl Value<'_> {
    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Counter(counter) => Value::Counter(Counter {
                value: counter.value,
                exemplar: own_exemplar(counter.exemplar),
                created: counter.created,
            }),
            Value::Gauge(value) => Value::Gauge(value),
            Value::Untyped(value) => Value::Untyped(value),
            Value::Summary(summary) => Value::Summary(summary),
            Value::Histogram(histogram) => Value::Histogram(Box::new(own_histogram(*histogram))),
        }
    }
}

impl Exemplar<'_> {
    /// The same exemplar, borrowing nothing.
    pub fn into_owned(self) -> Exemplar<'static> {
        Exemplar {
            labels: own_labels(self.labels),
            value: self.value,
            timestamp: self.timestamp,
        }
    }
}

fn own_labels(labels: Vec<Label<'_>>) -> Vec<Label<'static>> {
    labels.into_iter().map(Label::into_owned).collect()
}

fn own_exemplar(exemplar: Option<Box<Exemplar<'_>>>) -> Option<Box<Exemplar<'static>>> {
    exemplar.map(|exemplar| Box::new(exemplar.into_owned()))
}

fn own_histogram(histogram: Histogram<'_>) -> Histogram<'static> {
    Histogram {
        count: histogram.count,
        sum: histogram.sum,
        buckets: histogram
            .buckets
            .into_iter()
            .map(|bucket| Bucket {
                upper_bound: bucket.upper_bound,
                cumulative_count: bucket.cumulative_count,
                exemplar: own_exemplar(bucket.exemplar),
            })
            .collect(),
        created: histogram.created,
        native: histogram.native.map(|native| {
            Box::new(Native {
                schema: native.schema,
                zero_threshold: native.zero_threshold,
                zero_count: native.zero_count,
                negative: native.negative,
                positive: native.positive,
                exemplars: native
                    .exemplars
                    .into_iter()
                    .map(Exemplar::into_owned)
                    .collect(),
            })
        }),
    }
}
