//! Where a batch keeps what it is given.

use std::hash::BuildHasher as _;
use std::ops::Range;

use super::{Batch, FamilyRecord, LabelRecord, MetricRecord, Stored};
use crate::model::{Header, Kind, Value};

impl Batch {
    pub(super) fn open(&mut self, header: Header<'_>) -> usize {
        let Some(id) = self.find(header.name) else {
            return self.open_new(header);
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

    fn open_new(&mut self, header: Header<'_>) -> usize {
        let record = FamilyRecord {
            name: self.keep(header.name),
            help: header.help.map(|help| self.keep(help)),
            unit: self.keep(header.unit),
            kind: header.kind,
        };
        self.families.push(record);
        let id = self.families.len() - 1;
        let hash = self.hasher.hash_one(header.name);
        let (hasher, families, text) = (&self.hasher, &self.families, &self.text);
        self.by_name.insert_unique(hash, id, |&id| {
            hasher.hash_one(&text[families[id].name.clone()])
        });
        id
    }

    /// The place of the family of this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let hash = self.hasher.hash_one(name);
        let is = |&id: &usize| self.text[self.families[id].name.clone()] == *name;
        self.by_name.find(hash, is).copied()
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    pub(super) fn push<'l>(
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

    pub(super) fn record<'l>(
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

    pub(super) fn header(&self, id: usize) -> Header<'_> {
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
pub(super) fn number(kind: Kind, value: f64) -> Value<'static> {
    match kind {
        Kind::Counter => Value::Counter(value.into()),
        Kind::Gauge | Kind::Info | Kind::StateSet => Value::Gauge(value),
        Kind::Untyped | Kind::Summary | Kind::Histogram | Kind::GaugeHistogram => {
            Value::Untyped(value)
        }
    }
}
