//! Which metric of a summary or histogram a line belongs to.

use std::collections::HashMap;

use crate::model::{Family, Kind, Label, Metric, Value};

/// Adds a metric. Families of one are common, so the first does not take room for four.
pub(super) fn push<'a>(family: &mut Family<'a>, metric: Metric<'a>) {
    if family.metrics.is_empty() {
        family.metrics.reserve_exact(1);
    }
    family.metrics.push(metric);
}

/// Summaries and histograms: where in its family the metric of each set of labels stands.
#[derive(Default)]
pub(super) struct Series {
    places: HashMap<Box<[u8]>, usize>,
    /// Scratch for a key.
    key: Vec<u8>,
}

impl Series {
    /// The place of the metric with these labels, without `own`, in the family with number `at`; a
    /// new metric where there is none. The order of labels does not matter.
    pub(super) fn metric<'a>(
        &mut self,
        at: usize,
        family: &mut Family<'a>,
        labels: &[Label<'a>],
        own: &str,
    ) -> usize {
        let others = || labels.iter().filter(|label| label.name != own);
        // Lines of one metric mostly follow one another.
        let end = family.metrics.len();
        let last = family.metrics.last();
        if last.is_some_and(|last| last.labels.iter().eq(others())) {
            return end - 1;
        }
        self.write_key(at, others());
        if let Some(&place) = self.places.get(self.key.as_slice()) {
            return place;
        }
        self.places.insert(self.key.as_slice().into(), end);
        let metric = Metric {
            labels: others().cloned().collect(),
            value: match family.kind {
                Kind::Summary => Value::Summary(Box::default()),
                _ => Value::Histogram(Box::default()),
            },
            timestamp_ms: None,
        };
        push(family, metric);
        end
    }

    /// The family, then the labels, sorted and divided by a byte that UTF-8 never holds.
    fn write_key<'l, 'a: 'l>(&mut self, at: usize, labels: impl Iterator<Item = &'l Label<'a>>) {
        let mut sorted: Vec<_> = labels.collect();
        sorted.sort_unstable();
        self.key.clear();
        self.key.extend_from_slice(&at.to_le_bytes());
        for label in sorted {
            for text in [&label.name, &label.value] {
                self.key.extend_from_slice(text.as_bytes());
                self.key.push(0xff);
            }
        }
    }
}
