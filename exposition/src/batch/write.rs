//! A batch to a page: sorted, checked, then written.
//!
//! What is checked is what client_golang's `Gather` checks, and what would make a page invalid for a
//! Prometheus server: one type a name, no series twice, label names that are not reserved, no family
//! that looks like a part of a histogram or summary, no two names that are one after escaping.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::store::number;
use super::{Batch, MetricRecord, Stored};
use crate::encode;
use crate::error::WriteError;
use crate::model::{Family, Header, Kind, Label, Metric, Value};
use crate::name::{Escaping, is_classic_label_name, is_classic_metric_name, spell, spell_label};
use crate::target::Target;

/// The metrics of a batch, family by family.
struct Sorted<'b> {
    metrics: Vec<&'b MetricRecord>,
    /// Where each family's metrics lie, by its name.
    ranges: Vec<Range<usize>>,
}

impl<'b> Sorted<'b> {
    fn families(&self) -> impl Iterator<Item = &[&'b MetricRecord]> {
        self.ranges.iter().map(|range| &self.metrics[range.clone()])
    }
}

impl Batch {
    /// Writes one valid page: families by name, metrics in client_golang's order.
    ///
    /// # Errors
    /// See [`WriteError`]: two types for one name, one series twice, names that no page may have, a
    /// value that does not suit its family. `out` then holds a part of the page and must be thrown away.
    pub fn write(&self, target: Target, out: &mut Vec<u8>) -> Result<(), WriteError> {
        self.check_families(target.escaping)?;
        let mut labels = Vec::new();
        let sorted = self.sorted();
        for members in sorted.families() {
            let header = self.header(members[0].family);
            self.check_spellings(target.escaping, header, members)?;
            let open = encode::begin(target, header, out);
            let mut before: Option<&MetricRecord> = None;
            for metric in members {
                if before.is_some_and(|before| self.order(before, metric).is_eq()) {
                    return Err(WriteError::Duplicate {
                        family: header.name.to_owned(),
                        labels: self.show(metric),
                    });
                }
                before = Some(metric);
                labels.clear();
                labels.extend(self.labels(metric));
                check_labels(header, &labels)?;
                let written = match metric.value {
                    Stored::Plain(value) => {
                        let value = number(header.kind, value);
                        encode::metric(target, header, &labels, &value, metric.timestamp_ms, out)
                    }
                    Stored::Whole(at) => encode::metric(
                        target,
                        header,
                        &labels,
                        &self.values[at],
                        metric.timestamp_ms,
                        out,
                    ),
                };
                written?;
            }
            encode::end(open, out);
        }
        encode::finish(target, out);
        Ok(())
    }

    /// The families by name with their metrics in page order, unchecked.
    pub fn families(&self) -> Vec<Family<'_>> {
        let members = |members: &[&MetricRecord]| {
            let header = self.header(members[0].family);
            let metrics = members.iter().map(|metric| Metric {
                labels: self.labels(metric).collect(),
                value: self.value(header, metric),
                timestamp_ms: metric.timestamp_ms,
            });
            Family {
                name: header.name.into(),
                help: header.help.map(Into::into),
                kind: header.kind,
                unit: header.unit.into(),
                metrics: metrics.collect(),
            }
        };
        self.sorted().families().map(members).collect()
    }

    fn value(&self, header: Header<'_>, metric: &MetricRecord) -> Value<'_> {
        match metric.value {
            Stored::Plain(value) => number(header.kind, value),
            Stored::Whole(at) => self.values[at].clone(),
        }
    }

    /// The metrics of each family that has any: families by name, metrics in page order.
    fn sorted(&self) -> Sorted<'_> {
        // Each family's metrics side by side, as they came: counted first, then laid into their places.
        let mut ends = vec![0; self.families.len()];
        for metric in &self.metrics {
            ends[metric.family] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        let mut metrics: Vec<&MetricRecord> = self.metrics.iter().collect();
        for metric in &self.metrics {
            metrics[ends[metric.family]] = metric;
            ends[metric.family] += 1;
        }
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(ends.len());
        let mut start = 0;
        for end in ends {
            if start < end {
                let members = &mut metrics[start..end];
                if !members.is_sorted_by(|a, b| self.order(a, b).is_le()) {
                    members.sort_by(|a, b| self.order(a, b));
                }
                ranges.push(start..end);
            }
            start = end;
        }
        let name = |range: &Range<usize>| self.header(metrics[range.start].family).name;
        ranges.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        Sorted { metrics, ranges }
    }

    /// client_golang's order: number of labels, values in the order of the names, timestamp with none
    /// last; and then, so that equal means the same series, the names.
    fn order(&self, a: &MetricRecord, b: &MetricRecord) -> Ordering {
        let time = |metric: &MetricRecord| (metric.timestamp_ms.is_none(), metric.timestamp_ms);
        a.labels
            .len()
            .cmp(&b.labels.len())
            .then_with(|| {
                self.pairs(a)
                    .map(|(_, value)| value)
                    .cmp(self.pairs(b).map(|(_, value)| value))
            })
            .then_with(|| time(a).cmp(&time(b)))
            .then_with(|| {
                self.pairs(a)
                    .map(|(name, _)| name)
                    .cmp(self.pairs(b).map(|(name, _)| name))
            })
    }

    fn pairs(&self, metric: &MetricRecord) -> impl Iterator<Item = (&str, &str)> {
        self.labels[metric.labels.clone()].iter().map(|label| {
            (
                &self.text[label.start..label.middle],
                &self.text[label.middle..label.end],
            )
        })
    }

    fn labels(&self, metric: &MetricRecord) -> impl Iterator<Item = Label<'_>> {
        self.pairs(metric)
            .map(|(name, value)| Label::new(name, value))
    }

    fn show(&self, metric: &MetricRecord) -> String {
        let labels: Vec<_> = self
            .pairs(metric)
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        format!("{{{}}}", labels.join(","))
    }

    /// Refuses series that are two only where every name is known: `{a.b="1"}` beside `{a_b="1"}`.
    fn check_spellings(
        &self,
        escaping: Escaping,
        header: Header<'_>,
        members: &[&MetricRecord],
    ) -> Result<(), WriteError> {
        let foreign = |(name, _): (&str, &str)| !is_classic_label_name(name);
        if escaping == Escaping::AllowUtf8
            || !members.iter().any(|metric| self.pairs(metric).any(foreign))
        {
            return Ok(());
        }
        let mut series = HashSet::new();
        for metric in members {
            let mut labels: Vec<_> = self
                .pairs(metric)
                .map(|(name, value)| (spell_label(name, escaping), value))
                .collect();
            labels.sort_unstable();
            let twice = labels.windows(2).any(|pair| pair[0].0 == pair[1].0);
            if twice || !series.insert((labels, metric.timestamp_ms)) {
                return Err(WriteError::Duplicate {
                    family: header.name.to_owned(),
                    labels: self.show(metric),
                });
            }
        }
        Ok(())
    }

    fn check_families(&self, escaping: Escaping) -> Result<(), WriteError> {
        if let Some((id, second)) = self.two_types {
            let Header { name, kind, .. } = self.header(id);
            return Err(WriteError::TwoTypes {
                family: name.to_owned(),
                first: kind,
                second,
            });
        }
        let mut used = vec![false; self.families.len()];
        for metric in &self.metrics {
            used[metric.family] = true;
        }
        // Names that need no other spelling cannot become one.
        let foreign = |id: &usize| used[*id] && !is_classic_metric_name(self.header(*id).name);
        let spelled =
            escaping != Escaping::AllowUtf8 && (0..self.families.len()).any(|id| foreign(&id));
        let mut spellings = HashMap::new();
        for id in (0..self.families.len()).filter(|&id| used[id]) {
            let Header { name, kind, .. } = self.header(id);
            if name.is_empty() {
                return Err(WriteError::NoName);
            }
            let parts: &[&str] = match kind {
                Kind::Histogram => &["_count", "_sum", "_bucket"],
                Kind::Summary => &["_count", "_sum"],
                _ => &[],
            };
            for part in parts {
                let part = format!("{name}{part}");
                if self.find(&part).is_some_and(|id| used[id]) {
                    return Err(WriteError::Collision {
                        family: part,
                        other: name.to_owned(),
                    });
                }
            }
            if spelled && let Some(other) = spellings.insert(spell(name, escaping), name) {
                return Err(WriteError::Collision {
                    family: name.to_owned(),
                    other: other.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Refuses label names that no metric may have. `labels` are sorted by name.
fn check_labels(header: Header<'_>, labels: &[Label<'_>]) -> Result<(), WriteError> {
    let reserved = match header.kind {
        Kind::Summary => "quantile",
        Kind::Histogram | Kind::GaugeHistogram => "le",
        _ => "",
    };
    let mut before = "";
    for label in labels {
        let name = &*label.name;
        let reason = if name.is_empty() {
            "an empty name"
        } else if name.starts_with("__") {
            "a name that begins with two underscores"
        } else if name == reserved {
            "a name that the metric's own parts use"
        } else if name == before {
            "the same name as another label"
        } else {
            before = name;
            continue;
        };
        return Err(WriteError::Label {
            family: header.name.to_owned(),
            label: name.to_owned(),
            reason,
        });
    }
    Ok(())
}
