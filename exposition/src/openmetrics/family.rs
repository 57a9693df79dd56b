//! One family while it is read: which samples are parts of it, and what they make together.

use std::borrow::Cow;
use std::collections::HashMap;

use super::line::{ExemplarPart, Sample};
use super::part::timestamp;
use super::role::{Role, roles};
use crate::error::{ReadError, Result};
use crate::model::{
    Bucket, Count, Counter, Exemplar, Family, Kind, Label, Metric, Quantile, Timestamp, Value,
};
use crate::number;

/// A family and what is needed only while it grows.
pub(super) struct FamilyInWork<'a> {
    pub(super) family: Family<'a>,
    /// The name in the metadata, and what parts are called after.
    base: Cow<'a, str>,
    pub(super) typed: bool,
    pub(super) has_unit: bool,
    /// Metrics by their labels, for families whose metrics have parts.
    index: HashMap<Key<'a>, usize>,
    /// How many counters are in the index.
    indexed: usize,
    /// Which metrics have a `_count`; the others take that of their last bucket.
    counted: Vec<bool>,
}

/// Labels without `le` and `quantile`, by name, and the timestamp: what one metric's lines share.
type Key<'a> = (Vec<Label<'a>>, Option<i64>);

impl<'a> FamilyInWork<'a> {
    pub(super) fn new(name: &Cow<'a, str>) -> Self {
        Self {
            family: Family::new(name.clone(), Kind::Untyped),
            base: name.clone(),
            typed: false,
            has_unit: false,
            index: HashMap::new(),
            indexed: 0,
            counted: Vec::new(),
        }
    }

    pub(super) fn role(&self, name: &str) -> Option<Role> {
        let suffix = name.strip_prefix(&*self.base)?;
        roles(self.family.kind)
            .iter()
            .find(|(known, _)| *known == suffix)
            .map(|&(_, role)| role)
    }

    pub(super) fn sample(&mut self, role: Role, sample: Sample<'a, '_>) -> Result<()> {
        let wants_exemplar =
            role == Role::Bucket || (role == Role::Plain && self.family.kind == Kind::Counter);
        if sample.exemplar.is_some() && !wants_exemplar {
            return Err(ReadError::new(
                "only counters and histogram buckets have exemplars",
            ));
        }
        if role == Role::Plain {
            return self.plain(sample);
        }
        let at = self.member(role, &sample)?;
        match &mut self.family.metrics[at].value {
            Value::Counter(counter) => counter.created = Some(created(sample.value)?),
            Value::Summary(summary) => match role {
                Role::Sum => summary.sum = sample.value,
                Role::Count => summary.count = whole(count(sample.value)?)?,
                Role::Created => summary.created = Some(created(sample.value)?),
                _ => {
                    let quantile = bound(sample.labels, "quantile")?;
                    summary.quantiles.push(Quantile {
                        quantile,
                        value: sample.value,
                    });
                }
            },
            Value::Histogram(histogram) => match role {
                Role::Sum => histogram.sum = sample.value,
                Role::Count => {
                    histogram.count = count(sample.value)?;
                    self.counted[at] = true;
                }
                Role::Created => histogram.created = Some(created(sample.value)?),
                _ => histogram.buckets.push(Bucket {
                    upper_bound: bound(sample.labels, "le")?,
                    cumulative_count: count(sample.value)?,
                    exemplar: exemplar(sample.exemplar),
                }),
            },
            Value::Gauge(_) | Value::Untyped(_) => {}
        }
        Ok(())
    }

    /// A metric that is one sample.
    fn plain(&mut self, sample: Sample<'a, '_>) -> Result<()> {
        let value = match self.family.kind {
            Kind::Counter => {
                let exemplar = exemplar(sample.exemplar);
                Value::Counter(Counter {
                    value: sample.value,
                    exemplar,
                    created: None,
                })
            }
            Kind::Untyped => Value::Untyped(sample.value),
            _ => Value::Gauge(sample.value),
        };
        if self.family.metrics.is_empty() {
            // Now it shows whether the name has its suffix.
            self.family.name = sample.name;
        } else if self.family.name != sample.name {
            return Err(ReadError::new(format!(
                "the family's samples are called {:?}",
                self.family.name
            )));
        }
        let labels = sample.labels.to_vec();
        self.family.metrics.push(Metric {
            labels,
            value,
            timestamp_ms: sample.timestamp_ms,
        });
        Ok(())
    }

    /// The metric a part belongs to, which is made if it is new.
    fn member(&mut self, role: Role, sample: &Sample<'a, '_>) -> Result<usize> {
        let own = match role {
            Role::Bucket => "le",
            Role::Quantile => "quantile",
            _ => "",
        };
        let labels = sample
            .labels
            .iter()
            .filter(|label| own.is_empty() || label.name != own);
        if let Some(last) = self.family.metrics.last()
            // `_created` lines carry no timestamp of their own.
            && (role == Role::Created || last.timestamp_ms == sample.timestamp_ms)
            && last.labels.iter().eq(labels.clone())
        {
            return Ok(self.family.metrics.len() - 1);
        }
        let labels: Vec<_> = labels.cloned().collect();
        if self.family.kind == Kind::Counter {
            return self.counter(key(labels, sample.timestamp_ms));
        }
        let next = self.family.metrics.len();
        let at = *self
            .index
            .entry(key(labels.clone(), sample.timestamp_ms))
            .or_insert(next);
        if at == next {
            let value = match self.family.kind {
                Kind::Summary => Value::Summary(Box::default()),
                _ => Value::Histogram(Box::default()),
            };
            self.family.metrics.push(Metric {
                labels,
                value,
                timestamp_ms: sample.timestamp_ms,
            });
            self.counted.push(false);
        }
        Ok(at)
    }

    /// The counter that a `_created` line means, if it does not stand right behind it. Most counters
    /// are never looked for, so they are indexed only now.
    fn counter(&mut self, wanted: Key<'a>) -> Result<usize> {
        for at in self.indexed..self.family.metrics.len() {
            let metric = &self.family.metrics[at];
            self.index
                .insert(key(metric.labels.clone(), metric.timestamp_ms), at);
        }
        self.indexed = self.family.metrics.len();
        let at = self.index.get(&wanted).copied();
        at.ok_or_else(|| ReadError::new("a _created line without its counter above it"))
    }

    pub(super) fn finish(mut self) -> Family<'a> {
        for (metric, counted) in self.family.metrics.iter_mut().zip(self.counted) {
            if let (Value::Histogram(histogram), false) = (&mut metric.value, counted) {
                let infinite = histogram
                    .buckets
                    .iter()
                    .find(|bucket| bucket.upper_bound == f64::INFINITY);
                histogram.count =
                    infinite.map_or_else(Count::default, |bucket| bucket.cumulative_count);
            }
        }
        self.family
    }
}

fn key<'a>(mut labels: Vec<Label<'a>>, timestamp_ms: Option<i64>) -> Key<'a> {
    labels.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    (labels, timestamp_ms)
}

/// The number in a part's own label.
fn bound(labels: &[Label<'_>], name: &str) -> Result<f64> {
    let in_label = |message: String| ReadError {
        label: Some(name.to_owned()),
        ..ReadError::new(message)
    };
    let label = labels.iter().find(|label| label.name == name);
    let label = label.ok_or_else(|| in_label("the label is missing".to_owned()))?;
    number::parse(label.value.as_bytes())
        .ok_or_else(|| in_label(format!("expected a number, got {:?}", label.value)))
}

/// A count is whole, or a float histogram's.
fn count(value: f64) -> Result<Count> {
    if value.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&value) {
        Ok(Count::Integer(value as u64))
    } else if value > 0.0 {
        Ok(Count::Float(value))
    } else {
        Err(ReadError::new(format!("expected a count, got {value}")))
    }
}

fn whole(count: Count) -> Result<u64> {
    match count {
        Count::Integer(count) => Ok(count),
        Count::Float(count) => Err(ReadError::new(format!(
            "expected a whole count, got {count}"
        ))),
    }
}

fn created(value: f64) -> Result<Timestamp> {
    if value.is_finite() {
        Ok(timestamp(value))
    } else {
        Err(ReadError::new(format!("invalid created timestamp {value}")))
    }
}

fn exemplar<'a>(part: Option<ExemplarPart<'a, '_>>) -> Option<Box<Exemplar<'a>>> {
    part.map(|part| {
        Box::new(Exemplar {
            labels: part.labels.to_vec(),
            value: part.value,
            timestamp: part.timestamp,
        })
    })
}
