//! Lines to families.
//!
//! Names become those of the model: a counter keeps its `_total`, an info metric its `_info`. A sample
//! belongs to the family whose TYPE stands above it and has a part of that name; a sample that fits
//! none is an untyped family of its own, as for Prometheus. More lenient than the specification, as
//! Prometheus is: families and metrics may be interleaved, a counter may lack `_total`, the `_gsum` and
//! `_gcount` of a gauge histogram may be called `_sum` and `_count` (client_golang writes them so).
//!
//! Stricter than Prometheus, because the model could not say what was meant: a second TYPE, HELP or
//! UNIT, a TYPE behind samples, a part without its `le` or `quantile`, a negative count, an exemplar
//! where none belongs.

use std::borrow::Cow;
use std::collections::HashMap;

use super::lines::{ExemplarPart, Line, Lines, Sample};
use crate::error::ReadError;
use crate::format::Limits;
use crate::model::{
    Bucket, Count, Counter, Exemplar, Family, Kind, Label, Metric, Quantile, Timestamp, Value,
};
use crate::number;

type Result<T> = std::result::Result<T, ReadError>;

/// Reads a whole body, which must end with `# EOF`. Families come in the order in which their first
/// line stands; those without samples are dropped.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Vec<Family<'a>>> {
    let mut lines = Lines::new(bytes, limits)?;
    let mut reading = Reading::default();
    let mut left = limits.metrics;
    loop {
        let number = lines.number() + 1;
        let Some(line) = lines.next_line()? else {
            break;
        };
        // Each line can become something that is kept, so each counts.
        left = left.checked_sub(1).ok_or_else(|| ReadError {
            line: Some(number),
            ..ReadError::new(format!("more than {} metrics in one body", limits.metrics))
        })?;
        reading.line(line).map_err(|error| ReadError {
            line: Some(number),
            ..error
        })?;
    }
    Ok(reading.finish())
}

/// What was read so far.
#[derive(Default)]
struct Reading<'a> {
    families: Vec<FamilyInWork<'a>>,
    /// Families by the name that stands in their metadata.
    by_name: HashMap<Cow<'a, str>, usize>,
}

/// A family and what is needed only while it grows.
struct FamilyInWork<'a> {
    family: Family<'a>,
    /// The name in the metadata, and what parts are called after.
    base: Cow<'a, str>,
    typed: bool,
    has_unit: bool,
    /// Metrics by their labels, for families whose metrics have parts.
    index: HashMap<Key<'a>, usize>,
    /// How many counters are in the index.
    indexed: usize,
    /// Which metrics have a `_count`; the others take that of their last bucket.
    counted: Vec<bool>,
}

/// Labels without `le` and `quantile`, by name, and the timestamp: what one metric's lines share.
type Key<'a> = (Vec<Label<'a>>, Option<i64>);

/// What a sample is in its family.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Plain,
    Created,
    Quantile,
    Bucket,
    Sum,
    Count,
}

/// Which parts a family of each type has, by suffix. The first suffix of a counter and an info metric
/// belongs to the name in the model.
fn parts(kind: Kind) -> &'static [(&'static str, Part)] {
    match kind {
        Kind::Counter => &[
            ("_total", Part::Plain),
            ("", Part::Plain),
            ("_created", Part::Created),
        ],
        Kind::Info => &[("_info", Part::Plain), ("", Part::Plain)],
        Kind::Gauge | Kind::Untyped | Kind::StateSet => &[("", Part::Plain)],
        Kind::Summary => &[
            ("", Part::Quantile),
            ("_sum", Part::Sum),
            ("_count", Part::Count),
            ("_created", Part::Created),
        ],
        Kind::Histogram => &[
            ("_bucket", Part::Bucket),
            ("_sum", Part::Sum),
            ("_count", Part::Count),
            ("_created", Part::Created),
        ],
        Kind::GaugeHistogram => &[
            ("_bucket", Part::Bucket),
            ("_gsum", Part::Sum),
            ("_gcount", Part::Count),
            ("_sum", Part::Sum),
            ("_count", Part::Count),
        ],
    }
}

/// Every suffix in [`parts`], to find a family by the name of one of its samples.
const SUFFIXES: [&str; 8] = [
    "_total", "_created", "_info", "_bucket", "_sum", "_count", "_gsum", "_gcount",
];

impl<'a> Reading<'a> {
    fn line(&mut self, line: Line<'a, '_>) -> Result<()> {
        match line {
            Line::Help { name, text } => {
                let family = self.open(&name);
                if family.family.help.replace(text).is_some() {
                    return Err(in_family(&name, "second HELP line"));
                }
            }
            Line::Unit { name, unit } => {
                let family = self.open(&name);
                if std::mem::replace(&mut family.has_unit, true) {
                    return Err(in_family(&name, "second UNIT line"));
                }
                family.family.unit = Cow::Borrowed(unit);
            }
            Line::Type { name, kind } => {
                let family = self.open(&name);
                if std::mem::replace(&mut family.typed, true) {
                    return Err(in_family(&name, "second TYPE line"));
                }
                if !family.family.metrics.is_empty() {
                    return Err(in_family(&name, "TYPE line after samples"));
                }
                family.family.kind = kind;
            }
            Line::Sample(sample) => {
                let name = sample.name.clone();
                self.sample(sample).map_err(|error| ReadError {
                    family: Some(name.into_owned()),
                    ..error
                })?;
            }
        }
        Ok(())
    }

    /// The family with that name in its metadata, which is made if it is new.
    fn open(&mut self, name: &Cow<'a, str>) -> &mut FamilyInWork<'a> {
        let at = *self.by_name.entry(name.clone()).or_insert_with(|| {
            self.families.push(FamilyInWork {
                family: Family::new(name.clone(), Kind::Untyped),
                base: name.clone(),
                typed: false,
                has_unit: false,
                index: HashMap::new(),
                indexed: 0,
                counted: Vec::new(),
            });
            self.families.len() - 1
        });
        &mut self.families[at]
    }

    fn sample(&mut self, sample: Sample<'a, '_>) -> Result<()> {
        let (at, part) = self.find(&sample)?;
        self.families[at].sample(part, sample)
    }

    /// The family a sample belongs to and what it is there.
    fn find(&mut self, sample: &Sample<'a, '_>) -> Result<(usize, Part)> {
        let name = &sample.name;
        // Nearly always it is the family of the line before.
        if let Some(part) = self.families.last().and_then(|family| family.part(name)) {
            return Ok((self.families.len() - 1, part));
        }
        let bases = SUFFIXES
            .iter()
            .filter_map(|suffix| name.strip_suffix(suffix))
            .chain([&**name]);
        for base in bases {
            if let Some(&at) = self.by_name.get(base)
                && let Some(part) = self.families[at].part(name)
            {
                return Ok((at, part));
            }
        }
        if self.by_name.contains_key(name) {
            return Err(ReadError::new(
                "the sample is no part of a family of that type",
            ));
        }
        self.open(name);
        Ok((self.families.len() - 1, Part::Plain))
    }

    fn finish(self) -> Vec<Family<'a>> {
        self.families
            .into_iter()
            .filter(|family| !family.family.metrics.is_empty())
            .map(FamilyInWork::finish)
            .collect()
    }
}

impl<'a> FamilyInWork<'a> {
    fn part(&self, name: &str) -> Option<Part> {
        let suffix = name.strip_prefix(&*self.base)?;
        parts(self.family.kind)
            .iter()
            .find(|(known, _)| *known == suffix)
            .map(|&(_, part)| part)
    }

    fn sample(&mut self, part: Part, sample: Sample<'a, '_>) -> Result<()> {
        let wants_exemplar =
            part == Part::Bucket || (part == Part::Plain && self.family.kind == Kind::Counter);
        if sample.exemplar.is_some() && !wants_exemplar {
            return Err(ReadError::new(
                "only counters and histogram buckets have exemplars",
            ));
        }
        if part == Part::Plain {
            return self.plain(sample);
        }
        let at = self.member(part, &sample)?;
        match &mut self.family.metrics[at].value {
            Value::Counter(counter) => counter.created = Some(created(sample.value)?),
            Value::Summary(summary) => match part {
                Part::Sum => summary.sum = sample.value,
                Part::Count => summary.count = whole(count(sample.value)?)?,
                Part::Created => summary.created = Some(created(sample.value)?),
                _ => {
                    let quantile = bound(sample.labels, "quantile")?;
                    summary.quantiles.push(Quantile {
                        quantile,
                        value: sample.value,
                    });
                }
            },
            Value::Histogram(histogram) => match part {
                Part::Sum => histogram.sum = sample.value,
                Part::Count => {
                    histogram.count = count(sample.value)?;
                    self.counted[at] = true;
                }
                Part::Created => histogram.created = Some(created(sample.value)?),
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
    fn member(&mut self, part: Part, sample: &Sample<'a, '_>) -> Result<usize> {
        let own = match part {
            Part::Bucket => "le",
            Part::Quantile => "quantile",
            _ => "",
        };
        let labels = sample
            .labels
            .iter()
            .filter(|label| own.is_empty() || label.name != own);
        if let Some(last) = self.family.metrics.last()
            // `_created` lines carry no timestamp of their own.
            && (part == Part::Created || last.timestamp_ms == sample.timestamp_ms)
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

    fn finish(mut self) -> Family<'a> {
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

fn in_family(name: &str, message: &str) -> ReadError {
    ReadError {
        family: Some(name.to_owned()),
        ..ReadError::new(message)
    }
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
        Ok(super::lines::timestamp(value))
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

#[cfg(test)]
mod tests;
