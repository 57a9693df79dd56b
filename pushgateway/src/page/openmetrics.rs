//! A page in OpenMetrics, whose readers are stricter than those of the other formats.
//!
//! Two rules lead here. A series has the name it has in text, whatever was pushed how: so a counter whose name does not
//! end in `_total` is `unknown` under its own name. And the page is valid as a whole: a type lays claim to names
//! ([`Shape::claims`]) and asks for certain values ([`fits`]); a family that cannot have its type beside the others, or
//! holds what the type forbids, is written as [`plain`] samples, which are always valid.
//!
//! `_created` lines stand only where OpenMetrics was pushed: whoever pushes otherwise wants no new series.

use std::collections::HashMap;

use promontory_exposition::openmetrics::write::Style;
use promontory_exposition::{Escaping, Family, Kind, Label, Metric, Value, WriteError};

use super::entry::{Entry, decode};
use super::lines::Sheet;
use super::work::Job;
use crate::family::Origin;
use crate::shape::compare;
use created::{Adopted, adopt};
use exemplar::keep_valid_exemplars;
use fit::fits;
use plain::plain;
use shape::Shape;

mod created;
mod exemplar;
mod fit;
mod plain;
mod shape;

/// What must be known of all families before the first can be written.
pub(super) struct Names<'p> {
    entries: &'p [Entry<'p>],
    escaping: Escaping,
    /// By the place of the entry; `None` for those that are not written by themselves.
    shapes: Vec<Option<Shape>>,
    /// How many families lay claim to a name.
    claimed: HashMap<String, usize>,
    /// By the place of the entry whose `_created` lines they become.
    adopted: HashMap<usize, Adopted>,
}

impl<'p> Names<'p> {
    pub(super) fn of(
        entries: &'p [Entry<'p>],
        sheet: &Sheet<'p>,
        escaping: Escaping,
    ) -> Result<Self, WriteError> {
        let shapes = entries.iter();
        let shapes = shapes.map(|entry| Shape::of(entry, sheet, escaping));
        let mut names = Self {
            entries,
            escaping,
            shapes: shapes.collect(),
            claimed: HashMap::new(),
            adopted: HashMap::new(),
        };
        names.adopt_created(sheet)?;
        for claim in names.shapes.iter().flatten().flat_map(Shape::claims) {
            *names.claimed.entry(claim).or_default() += 1;
        }
        Ok(names)
    }

    /// Clients that push text send created times as gauges of that name, which a typed family claims for itself: where
    /// they belong together they become one family, whose samples are the same.
    fn adopt_created(&mut self, sheet: &Sheet<'_>) -> Result<(), WriteError> {
        let shapes = self.shapes.iter().enumerate();
        let by_created: HashMap<String, usize> = shapes
            .filter_map(|(at, shape)| Some((shape.as_ref()?.created_name()?, at)))
            .collect();
        for at in 0..self.entries.len() {
            let Some(shape) = self.shapes[at].as_ref().filter(|shape| shape.is_gauge()) else {
                continue;
            };
            let Some(&parent) = by_created.get(&shape.name) else {
                continue;
            };
            if let Some(adopted) = adopt(
                &metrics(&self.entries[parent], sheet)?,
                &metrics(&self.entries[at], sheet)?,
            ) {
                self.adopted.insert(parent, adopted);
                self.shapes[at] = None;
            }
        }
        Ok(())
    }

    /// A piece for each family that is written.
    pub(super) fn jobs(&'p self) -> impl Iterator<Item = Job<'p>> {
        let written = (0..self.entries.len()).filter(|at| self.shapes[*at].is_some());
        written.map(|at| Job::OpenMetrics(self, at))
    }

    /// Writes the family at a place.
    pub(super) fn write(
        &self,
        at: usize,
        sheet: &Sheet<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        let entry = &self.entries[at];
        let (Some(shape), Some(header)) = (&self.shapes[at], entry.header(sheet)) else {
            return Ok(());
        };
        let mut metrics = metrics(entry, sheet)?;
        if metrics.is_empty() {
            return Ok(());
        }
        sort(&mut metrics, shape, self.escaping);
        let adopted = self.adopted.get(&at);
        if !(self.is_free(shape) && fits(shape, &metrics, self.escaping)) {
            let mut families = plain(shape, header, &metrics, self.escaping);
            families
                .extend(adopted.and_then(|adopted| adopted.family(shape, &metrics, self.escaping)));
            return write_plain(&families, out);
        }
        let style = shape.style(self.escaping);
        let header = shape.header(header);
        style.begin(header, out);
        for metric in &metrics {
            style.metric(header, &metric.labels, &metric.value, None, out)?;
            if let Some(adopted) = adopted {
                adopted.write(shape, &metric.labels, self.escaping, out)?;
            }
        }
        Ok(())
    }

    /// Whether the family may have its type beside the others.
    fn is_free(&self, shape: &Shape) -> bool {
        let claims: Vec<_> = shape.claims().collect();
        // A name of its own is never taken: whoever else lays claim to it steps back.
        claims.len() == 1
            || claims
                .iter()
                .all(|claim| self.claimed.get(claim) == Some(&1))
    }
}

/// Everything under a name, with what may be shown of it here.
fn metrics<'v>(entry: &Entry<'v>, sheet: &Sheet<'v>) -> Result<Vec<Metric<'v>>, WriteError> {
    let mut metrics = entry.own.map_or_else(Vec::new, |own| own.metrics.clone());
    metrics.iter_mut().for_each(forget_created);
    for family in entry.members(sheet) {
        let mut decoded = decode(family)?;
        if family.origin == Origin::Classic {
            decoded.metrics.iter_mut().for_each(forget_created);
        }
        metrics.append(&mut decoded.metrics);
    }
    metrics.iter_mut().for_each(keep_valid_exemplars);
    Ok(metrics)
}

fn forget_created(metric: &mut Metric<'_>) {
    match &mut metric.value {
        Value::Counter(counter) => counter.created = None,
        Value::Summary(summary) => summary.created = None,
        Value::Histogram(histogram) => histogram.created = None,
        Value::Gauge(_) | Value::Untyped(_) => {}
    }
}

/// In the order of the other formats; but the states of one set stand together.
fn sort(metrics: &mut [Metric<'_>], shape: &Shape, escaping: Escaping) {
    metrics.sort_by(compare);
    if shape.kind == Kind::StateSet {
        // Stable, so that states keep their order.
        metrics.sort_by(|a, b| {
            let set = |metric| others(metric, shape, escaping);
            set(a).cmp(set(b))
        });
    }
}

/// The labels that tell one state set from another.
fn others<'m, 'a>(
    metric: &'m Metric<'a>,
    shape: &'m Shape,
    escaping: Escaping,
) -> impl Iterator<Item = &'m Label<'a>> {
    let labels = metric.labels.iter();
    labels.filter(move |label| !shape.is_state(label, escaping))
}

fn write_plain(families: &[Family<'_>], out: &mut Vec<u8>) -> Result<(), WriteError> {
    // Names are spelled already.
    let style = Style {
        escaping: Escaping::AllowUtf8,
        ..Style::default()
    };
    for family in families.iter().filter(|family| !family.metrics.is_empty()) {
        style.begin(family.header(), out);
        for metric in &family.metrics {
            style.metric(family.header(), &metric.labels, &metric.value, None, out)?;
        }
    }
    Ok(())
}
