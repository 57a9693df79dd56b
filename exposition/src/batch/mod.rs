//! What a collector writes into: families and metrics in one arena, without an allocation per sample.
//!
//! All text of a batch lies in one string, labels and metrics in two vectors that point into it; they
//! grow by doubling and a batch of 15,000 samples is a few dozen allocations. Order and validity are
//! nobody's worry while collecting: [`Batch::write`] sorts and checks once, and a page is valid or not
//! written. The rules stand in `batch/write.rs`.

mod store;
mod write;

use std::ops::Range;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::model::{Family, Header, Kind, Value};

/// Families as one or more collectors wrote them, in any order, of any kind.
#[derive(Debug, Default)]
pub struct Batch {
    /// Every name, help, label name and label value, one after the other.
    text: String,
    families: Vec<FamilyRecord>,
    /// Places in `families`, found by name.
    by_name: HashTable<usize>,
    hasher: DefaultHashBuilder,
    labels: Vec<LabelRecord>,
    metrics: Vec<MetricRecord>,
    /// Values that are more than one number.
    values: Vec<Value<'static>>,
    /// The first name that was opened with two types: found while collecting, told when writing.
    two_types: Option<(usize, Kind)>,
}

#[derive(Clone, Debug)]
struct FamilyRecord {
    name: Range<usize>,
    help: Option<Range<usize>>,
    unit: Range<usize>,
    kind: Kind,
}

/// A label's name and value lie side by side in the text.
#[derive(Clone, Copy, Debug)]
struct LabelRecord {
    start: usize,
    middle: usize,
    end: usize,
}

#[derive(Clone, Debug)]
struct MetricRecord {
    family: usize,
    labels: Range<usize>,
    value: Stored,
    timestamp_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
enum Stored {
    /// The number of a counter, gauge or untyped metric.
    Plain(f64),
    /// A place in [`Batch::values`].
    Whole(usize),
}

impl Batch {
    /// Opens a family; opening the same name again adds to it.
    ///
    /// The first help and unit stay: a wording must not cost anyone a page. A second type is an
    /// error, which [`Batch::write`] returns.
    pub fn family(&mut self, header: Header<'_>) -> BatchFamily<'_> {
        let family = self.open(header);
        BatchFamily {
            batch: self,
            family,
        }
    }

    /// Adds a whole family.
    pub fn add(&mut self, family: &Family<'_>) {
        let id = self.open(family.header());
        for metric in &family.metrics {
            let labels = metric
                .labels
                .iter()
                .map(|label| (&*label.name, &*label.value));
            self.push(id, labels, &metric.value, metric.timestamp_ms);
        }
    }

    /// Adds everything another batch holds.
    pub fn append(&mut self, other: &Batch) {
        let ids: Vec<_> = (0..other.families.len())
            .map(|id| self.open(other.header(id)))
            .collect();
        if let (Some((id, kind)), None) = (other.two_types, self.two_types) {
            self.two_types = Some((ids[id], kind));
        }
        let (text, labels, values) = (self.text.len(), self.labels.len(), self.values.len());
        self.text.push_str(&other.text);
        self.labels
            .extend(other.labels.iter().map(|label| LabelRecord {
                start: label.start + text,
                middle: label.middle + text,
                end: label.end + text,
            }));
        self.metrics
            .extend(other.metrics.iter().map(|metric| MetricRecord {
                family: ids[metric.family],
                labels: metric.labels.start + labels..metric.labels.end + labels,
                value: match metric.value {
                    Stored::Plain(value) => Stored::Plain(value),
                    Stored::Whole(at) => Stored::Whole(at + values),
                },
                timestamp_ms: metric.timestamp_ms,
            }));
        self.values.extend_from_slice(&other.values);
    }

    /// How many metrics it holds.
    pub fn len(&self) -> usize {
        self.metrics.len()
    }

    /// Whether it holds no metric.
    pub fn is_empty(&self) -> bool {
        self.metrics.is_empty()
    }

    /// Forgets everything but keeps the memory, for the next scrape.
    pub fn clear(&mut self) {
        self.text.clear();
        self.families.clear();
        self.by_name.clear();
        self.labels.clear();
        self.metrics.clear();
        self.values.clear();
        self.two_types = None;
    }
}

/// One open family of a batch.
#[derive(Debug)]
pub struct BatchFamily<'b> {
    batch: &'b mut Batch,
    family: usize,
}

impl BatchFamily<'_> {
    /// Adds a counter, gauge or untyped member, whichever the family is.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        self.batch.record(
            self.family,
            labels.iter().copied(),
            Stored::Plain(value),
            None,
        );
    }

    /// Adds a member of any kind.
    pub fn metric(
        &mut self,
        labels: &[(&str, &str)],
        value: &Value<'_>,
        timestamp_ms: Option<i64>,
    ) {
        self.batch
            .push(self.family, labels.iter().copied(), value, timestamp_ms);
    }
}

#[cfg(test)]
mod tests;
