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

use super::family::FamilyInWork;
use super::line::{Line, Sample};
use super::lines::Lines;
use super::role::{Role, SUFFIXES};
use crate::error::{ReadError, Result};
use crate::limits::Limits;
use crate::model::Family;
use crate::name::NameRules;

/// Reads a whole body, which must end with `# EOF`. Families come in the order in which their first
/// line stands; those without samples are dropped.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn read<'a>(bytes: &'a [u8], names: NameRules, limits: &Limits) -> Result<Vec<Family<'a>>> {
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
        check_names(&line, names)
            .and_then(|()| reading.line(line))
            .map_err(|error| ReadError {
                line: Some(number),
                ..error
            })?;
    }
    Ok(reading.finish())
}

/// Only quotes let names through that are not classic.
fn check_names(line: &Line<'_, '_>, names: NameRules) -> Result<()> {
    if names == NameRules::Utf8 {
        return Ok(());
    }
    let (name, labels) = match line {
        Line::Help { name, .. } | Line::Type { name, .. } | Line::Unit { name, .. } => {
            (name, &[][..])
        }
        Line::Sample(sample) => (&sample.name, sample.labels),
    };
    if !names.allow_metric(name) {
        return Err(ReadError::new(format!("invalid metric name {name:?}")));
    }
    match labels.iter().find(|label| !names.allow_label(&label.name)) {
        Some(label) => Err(in_family(
            name,
            &format!("invalid label name {:?}", label.name),
        )),
        None => Ok(()),
    }
}

/// What was read so far.
#[derive(Default)]
struct Reading<'a> {
    families: Vec<FamilyInWork<'a>>,
    /// Families by the name that stands in their metadata.
    by_name: HashMap<Cow<'a, str>, usize>,
}

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
            self.families.push(FamilyInWork::new(name));
            self.families.len() - 1
        });
        &mut self.families[at]
    }

    fn sample(&mut self, sample: Sample<'a, '_>) -> Result<()> {
        let (at, role) = self.find(&sample)?;
        self.families[at].sample(role, sample)
    }

    /// The family a sample belongs to and what it is there.
    fn find(&mut self, sample: &Sample<'a, '_>) -> Result<(usize, Role)> {
        let name = &sample.name;
        // Nearly always it is the family of the line before.
        if let Some(role) = self.families.last().and_then(|family| family.role(name)) {
            return Ok((self.families.len() - 1, role));
        }
        let bases = SUFFIXES
            .iter()
            .filter_map(|suffix| name.strip_suffix(suffix))
            .chain([&**name]);
        for base in bases {
            if let Some(&at) = self.by_name.get(base)
                && let Some(role) = self.families[at].role(name)
            {
                return Ok((at, role));
            }
        }
        if self.by_name.contains_key(name) {
            return Err(ReadError::new(
                "the sample is no part of a family of that type",
            ));
        }
        self.open(name);
        Ok((self.families.len() - 1, Role::Plain))
    }

    fn finish(self) -> Vec<Family<'a>> {
        self.families
            .into_iter()
            .filter(|family| !family.family.metrics.is_empty())
            .map(FamilyInWork::finish)
            .collect()
    }
}

fn in_family(name: &str, message: &str) -> ReadError {
    ReadError {
        family: Some(name.to_owned()),
        ..ReadError::new(message)
    }
}

#[cfg(test)]
mod tests;
