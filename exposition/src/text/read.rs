//! Lines to families, as `expfmt.TextParser` puts them together.
//!
//! The order of lines matters in this format: a TYPE line decides whether `x_count` later is a
//! family of its own or the count of `x`. Upstream's accidents are kept where a pushed body can
//! show them; where it crashes or mixes up metrics (a sample without a name) the body is refused.

use std::borrow::Cow;
use std::collections::HashMap;

use super::lines::{Line, Lines, Sample};
use super::parts::{Role, add_to_histogram, add_to_summary, own_bound, settle_counts};
use super::sample::{duplicate, is_value_label};
use super::series::{Series, push};
use crate::error::ReadError;
use crate::limits::Limits;
use crate::model::{Family, Kind, Label, Metric, Value};
use crate::name::NameRules;

#[cfg(test)]
mod tests;

/// Reads a whole body.
///
/// Families come in the order in which their first line stands; those without samples are dropped.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn read<'a>(
    bytes: &'a [u8],
    names: NameRules,
    limits: &Limits,
) -> Result<Vec<Family<'a>>, ReadError> {
    let mut lines = Lines::new(bytes, names, limits);
    let mut body = Body {
        room: limits.metrics,
        ..Body::default()
    };
    loop {
        let added = match lines.next_line()? {
            None => return Ok(body.finish()),
            Some(Line::Help { name, text }) => body.help(name, text),
            Some(Line::Type { name, kind }) => body.kind(name, kind),
            Some(Line::Sample(sample)) => body.sample(&sample),
        };
        added.map_err(|error| ReadError {
            line: Some(lines.number()),
            ..error
        })?;
    }
}

/// The families read so far.
#[derive(Default)]
struct Body<'a> {
    families: Vec<Open<'a>>,
    by_name: HashMap<Cow<'a, str>, usize>,
    series: Series,
    /// What the last name stood for: samples of a family mostly follow one another.
    last: Option<(Cow<'a, str>, usize, Role)>,
    /// How many more samples and families the limits allow.
    room: usize,
}

/// A family that may still grow.
struct Open<'a> {
    family: Family<'a>,
    /// Whether a TYPE line or a first sample has settled the type.
    typed: bool,
}

impl<'a> Body<'a> {
    fn help(&mut self, name: Cow<'a, str>, text: Cow<'a, str>) -> Result<(), ReadError> {
        let (at, _) = self.resolve(name)?;
        let family = &mut self.families[at].family;
        if family.help.is_some() {
            return Err(fail(&family.name, "second HELP line for metric name"));
        }
        family.help = Some(text);
        Ok(())
    }

    fn kind(&mut self, name: Cow<'a, str>, kind: Kind) -> Result<(), ReadError> {
        let (at, _) = self.resolve(name)?;
        let open = &mut self.families[at];
        if open.typed {
            let message = "second TYPE line, or TYPE reported after samples, for metric name";
            return Err(fail(&open.family.name, message));
        }
        open.typed = true;
        open.family.kind = kind;
        Ok(())
    }

    fn sample(&mut self, sample: &Sample<'a, '_>) -> Result<(), ReadError> {
        self.take_room()?;
        let (at, role) = self.resolve(sample.name.clone())?;
        let open = &mut self.families[at];
        open.typed = true;
        let kind = open.family.kind;
        let own = match kind {
            Kind::Summary => Some("quantile"),
            Kind::Histogram | Kind::GaugeHistogram => Some("le"),
            _ => None,
        };
        check_value_labels(&open.family.name, sample.labels, own)?;
        match own {
            None => push(&mut open.family, plain(kind, sample)),
            Some(own) => self.part(at, role, own, sample)?,
        }
        Ok(())
    }

    /// Adds one line of a summary or histogram.
    fn part(
        &mut self,
        at: usize,
        role: Role,
        own: &str,
        sample: &Sample<'a, '_>,
    ) -> Result<(), ReadError> {
        let family = &mut self.families[at].family;
        let bound = own_bound(&family.name, sample.labels, own)?;
        let metric = self.series.metric(at, family, sample.labels, own);
        let metric = &mut family.metrics[metric];
        if sample.timestamp_ms.is_some() {
            metric.timestamp_ms = sample.timestamp_ms;
        }
        match &mut metric.value {
            Value::Summary(summary) => add_to_summary(summary, role, bound, sample.value),
            Value::Histogram(histogram) => {
                add_to_histogram(histogram, role, bound, sample.value)
                    .map_err(|message| fail(&family.name, message))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Which family a name belongs to; a new one where none is known.
    ///
    /// A family of exactly that name comes first, then a summary or histogram that the name is a
    /// part of. That holds for HELP and TYPE lines as well, as upstream has it.
    fn resolve(&mut self, name: Cow<'a, str>) -> Result<(usize, Role), ReadError> {
        if let Some((last, at, role)) = &self.last
            && *last == name
        {
            return Ok((*at, *role));
        }
        let (at, role) = match self.find(&name) {
            Some(found) => found,
            None => {
                self.take_room()?;
                let at = self.families.len();
                self.families.push(Open {
                    family: Family::new(name.clone(), Kind::Untyped),
                    typed: false,
                });
                self.by_name.insert(name.clone(), at);
                (at, Role::Member)
            }
        };
        self.last = Some((name, at, role));
        Ok((at, role))
    }

    fn find(&self, name: &str) -> Option<(usize, Role)> {
        if let Some(&at) = self.by_name.get(name) {
            return Some((at, Role::Member));
        }
        let (stem, role) = if let Some(stem) = name.strip_suffix("_count") {
            (stem, Role::Count)
        } else if let Some(stem) = name.strip_suffix("_sum") {
            (stem, Role::Sum)
        } else {
            (name.strip_suffix("_bucket")?, Role::Member)
        };
        let &at = self.by_name.get(stem)?;
        let belongs = match self.families[at].family.kind {
            Kind::Summary => !matches!(role, Role::Member),
            Kind::Histogram | Kind::GaugeHistogram => true,
            _ => false,
        };
        belongs.then_some((at, role))
    }

    fn take_room(&mut self) -> Result<(), ReadError> {
        match self.room.checked_sub(1) {
            Some(room) => {
                self.room = room;
                Ok(())
            }
            None => Err(ReadError::new(
                "more samples and families than the limit allows",
            )),
        }
    }

    fn finish(self) -> Vec<Family<'a>> {
        let mut families: Vec<_> = self.families.into_iter().map(|open| open.family).collect();
        families.retain(|family| !family.metrics.is_empty());
        for metric in families.iter_mut().flat_map(|family| &mut family.metrics) {
            if let Value::Histogram(histogram) = &mut metric.value {
                settle_counts(histogram);
            }
        }
        families
    }
}

/// The metric of a plain family.
fn plain<'a>(kind: Kind, sample: &Sample<'a, '_>) -> Metric<'a> {
    Metric {
        labels: sample.labels.to_vec(),
        value: match kind {
            Kind::Counter => Value::Counter(sample.value.into()),
            Kind::Gauge => Value::Gauge(sample.value),
            _ => Value::Untyped(sample.value),
        },
        timestamp_ms: sample.timestamp_ms,
    }
}

/// Refuses `le` or `quantile` twice where they are labels like any other.
fn check_value_labels(
    family: &str,
    labels: &[Label<'_>],
    own: Option<&str>,
) -> Result<(), ReadError> {
    let mut seen = (labels.iter()).filter(|label| is_value_label(&label.name));
    let Some(first) = seen.next() else {
        return Ok(());
    };
    // `le` and `quantile` may both be there, so each is counted by itself.
    for name in std::iter::once(first).chain(seen).map(|label| &label.name) {
        let twice = labels.iter().filter(|label| label.name == *name).nth(1);
        if twice.is_some() && own != Some(name.as_ref()) {
            return Err(duplicate(family, name));
        }
    }
    Ok(())
}

#[cold]
fn fail(family: &str, message: &str) -> ReadError {
    ReadError {
        family: Some(family.to_owned()),
        ..ReadError::new(format!("{message} {family:?}"))
    }
}
