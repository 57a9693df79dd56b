//! What a collector writes into: families and metrics in one arena, without an allocation per sample.
//!
//! All text of a batch lies in one string, labels and metrics in two vectors that point into it; they
//! grow by doubling and a batch of 15,000 samples is a few dozen allocations. Order and validity are
//! nobody's worry while collecting: [`Batch::write`] sorts and checks once, and a page is valid or not
//! written. See [`write`](self::write) for the rules.

mod write;

use std::collections::HashMap;
use std::ops::Range;

use crate::model::{Family, Header, Kind, Value};

/// Families as one or more collectors wrote them, in any order, of any kind.
#[derive(Debug, Default)]
pub struct Batch {
    /// Every name, help, label name and label value, one after the other.
    text: String,
    families: Vec<FamilyRecord>,
    by_name: HashMap<Box<str>, usize>,
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

    fn open(&mut self, header: Header<'_>) -> usize {
        let Some(&id) = self.by_name.get(header.name) else {
            let record = FamilyRecord {
                name: self.keep(header.name),
                help: header.help.map(|help| self.keep(help)),
                unit: self.keep(header.unit),
                kind: header.kind,
            };
            self.families.push(record);
            self.by_name
                .insert(header.name.into(), self.families.len() - 1);
            return self.families.len() - 1;
        };
        if self.families[id].kind != header.kind {
            self.two_types.get_or_insert((id, header.kind));
        }
        if let (None, Some(help)) = (&self.families[id].help, header.help) {
            self.families[id].help = Some(self.keep(help));
        }
        if self.families[id].unit.is_empty() && !header.unit.is_empty() {
            self.families[id].unit = self.keep(header.unit);
        }
        id
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    fn push<'l>(
        &mut self,
        family: usize,
        labels: impl Iterator<Item = (&'l str, &'l str)>,
        value: &Value<'_>,
        timestamp_ms: Option<i64>,
    ) {
        let value = match value {
            Value::Counter(counter) if counter.exemplar.is_none() && counter.created.is_none() => {
                self.plain(family, Kind::Counter, counter.value)
            }
            Value::Gauge(value) => self.plain(family, Kind::Gauge, *value),
            Value::Untyped(value) => self.plain(family, Kind::Untyped, *value),
            whole => {
                self.values.push(whole.clone().into_owned());
                Stored::Whole(self.values.len() - 1)
            }
        };
        self.record(family, labels, value, timestamp_ms);
    }

    /// A plain number where the family's type gives the same value back; a whole value otherwise, so
    /// that writing sees what does not suit.
    fn plain(&mut self, family: usize, kind: Kind, value: f64) -> Stored {
        let declared = self.families[family].kind;
        let suits = declared == kind
            || (kind == Kind::Gauge && matches!(declared, Kind::Info | Kind::StateSet));
        if suits {
            return Stored::Plain(value);
        }
        self.values.push(number(kind, value));
        Stored::Whole(self.values.len() - 1)
    }

    fn record<'l>(
        &mut self,
        family: usize,
        labels: impl Iterator<Item = (&'l str, &'l str)>,
        value: Stored,
        timestamp_ms: Option<i64>,
    ) {
        let first = self.labels.len();
        for (name, value) in labels {
            let start = self.text.len();
            self.text.push_str(name);
            let middle = self.text.len();
            self.text.push_str(value);
            self.labels.push(LabelRecord {
                start,
                middle,
                end: self.text.len(),
            });
        }
        let text = &self.text;
        let name = |label: &LabelRecord| &text[label.start..label.middle];
        // Every page has labels by name; most callers give them so already.
        let new = &mut self.labels[first..];
        if !new.is_sorted_by(|a, b| name(a) <= name(b)) {
            new.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        }
        self.metrics.push(MetricRecord {
            family,
            labels: first..self.labels.len(),
            value,
            timestamp_ms,
        });
    }

    fn header(&self, id: usize) -> Header<'_> {
        let family = &self.families[id];
        Header {
            name: &self.text[family.name.clone()],
            help: family.help.clone().map(|help| &self.text[help]),
            kind: family.kind,
            unit: &self.text[family.unit.clone()],
        }
    }
}

/// The value of a family's member that is one number. Types that need more get an untyped value,
/// which the writers refuse for them.
fn number(kind: Kind, value: f64) -> Value<'static> {
    match kind {
        Kind::Counter => Value::Counter(value.into()),
        Kind::Gauge | Kind::Info | Kind::StateSet => Value::Gauge(value),
        Kind::Untyped | Kind::Summary | Kind::Histogram | Kind::GaugeHistogram => {
            Value::Untyped(value)
        }
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
