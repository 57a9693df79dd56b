//! The grammar of a sample line: a name, labels, a value, perhaps a timestamp.
//!
//! Errors come without a line number; [`Lines`](super::lines::Lines) puts it in.

use std::borrow::Cow;

use super::token::{self, NameToken, byte, skip_blanks, word_end};
use crate::error::{ReadError, Result};
use crate::model::Label;
use crate::name::NameRules;
use crate::number;

/// Up to so many labels are compared each with each; more are sorted first.
const FEW: usize = 10;

/// The labels of the line at hand, in a buffer that every line uses again.
pub(super) struct Labels<'a> {
    labels: Vec<Label<'a>>,
    /// Scratch to find duplicates.
    order: Vec<u32>,
    names: NameRules,
    count_max: usize,
}

impl<'a> Labels<'a> {
    pub(super) fn new(names: NameRules, count_max: usize) -> Self {
        Self {
            labels: Vec::new(),
            order: Vec::new(),
            names,
            count_max,
        }
    }

    pub(super) fn as_slice(&self) -> &[Label<'a>] {
        &self.labels
    }

    /// Reads name and labels of a line; gives the name and where the value starts.
    #[inline]
    pub(super) fn read(&mut self, line: &'a str, start: usize) -> Result<(Cow<'a, str>, usize)> {
        self.labels.clear();
        let mut name = None;
        let mut at = start;
        if byte(line, at) != b'{' {
            let (token, end) = self.read_name(line, start)?;
            name = Some(token);
            at = skip_blanks(line, end);
        }
        if byte(line, at) == b'{' {
            at = skip_blanks(line, self.read_braces(line, at + 1, &mut name)?);
        }
        match name {
            Some(name) => Ok((name, at)),
            None => Err(ReadError::new("invalid metric name")),
        }
    }

    /// Reads a name in front of the braces.
    fn read_name(&self, line: &'a str, start: usize) -> Result<(Cow<'a, str>, usize)> {
        let (name, end) = token::name(line, start, NameToken::Metric).map_err(ReadError::new)?;
        if end == start {
            return Err(ReadError::new("invalid metric name"));
        }
        // Only quotes let other names through.
        if line.as_bytes()[end - 1] == b'"' && !self.names.allow_metric(&name) {
            return Err(ReadError::new(format!("invalid metric name {name:?}")));
        }
        Ok((name, end))
    }

    /// Reads from behind the opening brace to behind the closing one. A token without `=` is the
    /// name of the metric, where none stood before the brace.
    fn read_braces(
        &mut self,
        line: &'a str,
        start: usize,
        name: &mut Option<Cow<'a, str>>,
    ) -> Result<usize> {
        let inside = name.is_none();
        let mut at = start;
        let mut ascending = true;
        loop {
            at = skip_blanks(line, at);
            if byte(line, at) == b'}' {
                break;
            }
            let (token, end) = token::name(line, at, NameToken::Label).map_err(ReadError::new)?;
            if token.is_empty() {
                return Err(for_metric(name.as_deref(), "invalid label name"));
            }
            at = skip_blanks(line, end);
            if byte(line, at) == b'=' {
                at = self.read_label(line, token, at + 1, name.as_deref())?;
                ascending = ascending && self.is_last_greatest();
            } else if inside {
                self.set_name(name, token)?;
            } else {
                let found = char::from(byte(line, at));
                let message = format!("expected '=' after label name, found {found:?}");
                return Err(of_metric(name.as_deref(), message));
            }
            match byte(line, at) {
                b',' => at += 1,
                b'}' => break,
                found => return Err(self.unexpected_end(name.as_deref(), found)),
            }
        }
        if !ascending && let Some(label) = self.find_duplicate() {
            return Err(duplicate(name.as_deref().unwrap_or_default(), label));
        }
        Ok(at + 1)
    }

    /// Reads one label from behind its `=`, and the blanks that follow.
    fn read_label(
        &mut self,
        line: &'a str,
        name: Cow<'a, str>,
        at: usize,
        metric: Option<&str>,
    ) -> Result<usize> {
        let fail = |message: String| ReadError {
            family: metric.map(str::to_owned),
            label: Some(name.clone().into_owned()),
            ..ReadError::new(message)
        };
        if name == "__name__" {
            return Err(fail("label name \"__name__\" is reserved".to_owned()));
        }
        if !self.names.allow_label(&name) {
            return Err(fail(format!("invalid label name {name:?}")));
        }
        let at = skip_blanks(line, at);
        if byte(line, at) != b'"' {
            let found = char::from(byte(line, at));
            let message = format!("expected '\"' at start of label value, found {found:?}");
            return Err(fail(message));
        }
        if self.labels.len() == self.count_max {
            return Err(ReadError {
                too_many_labels: true,
                ..fail(format!("more than {} labels", self.count_max))
            });
        }
        let (value, end) = token::label_value(line, at + 1).map_err(fail)?;
        self.labels.push(Label { name, value });
        Ok(skip_blanks(line, end))
    }

    /// Takes a token of `{token}` as the metric's name.
    fn set_name(&self, name: &mut Option<Cow<'a, str>>, token: Cow<'a, str>) -> Result<()> {
        if name.is_some() {
            return Err(for_metric(name.as_deref(), "multiple metric names"));
        }
        if !self.names.allow_metric(&token) {
            return Err(ReadError::new(format!("invalid metric name {token:?}")));
        }
        *name = Some(token);
        Ok(())
    }

    #[cold]
    fn unexpected_end(&self, metric: Option<&str>, found: u8) -> ReadError {
        let found = char::from(found);
        let message = match self.labels.last() {
            Some(label) => format!("unexpected end of label value {:?}", label.value),
            None => format!("unexpected end of metric name {found:?}"),
        };
        of_metric(metric, message)
    }

    /// Whether the last label's name stands behind the one before: clients sort, and then no name
    /// can stand twice.
    fn is_last_greatest(&self) -> bool {
        match self.labels.as_slice() {
            // Most names differ in their first byte already.
            [.., before, last] => match (before.name.as_bytes(), last.name.as_bytes()) {
                ([a, ..], [b, ..]) if a != b => a < b,
                (before, last) => before < last,
            },
            _ => true,
        }
    }

    /// A name that stands twice.
    fn find_duplicate(&mut self) -> Option<&str> {
        let labels = &self.labels;
        if labels.len() <= FEW {
            let mut seen = labels.iter().enumerate();
            let twice = seen.find(|(at, label)| {
                labels[..*at].iter().any(|before| before.name == label.name)
                    && !is_value_label(&label.name)
            });
            return twice.map(|(_, label)| label.name.as_ref());
        }
        let name = |at: u32| labels[at as usize].name.as_ref();
        self.order.clear();
        self.order.extend(0..labels.len() as u32);
        self.order.sort_unstable_by(|&a, &b| name(a).cmp(name(b)));
        let mut pairs = self
            .order
            .windows(2)
            .map(|pair| (name(pair[0]), name(pair[1])));
        let twice = pairs.find(|(a, b)| a == b && !is_value_label(a));
        twice.map(|(name, _)| name)
    }
}

/// Reads value and timestamp, to the end of the line.
#[inline]
pub(super) fn read_value(line: &str, at: usize, metric: &str) -> Result<(f64, Option<i64>)> {
    let fail = |message| of_metric(Some(metric), message);
    let end = word_end(line, at);
    let Some(value) = number::parse(&line.as_bytes()[at..end]) else {
        let message = format!("expected float as value, got {:?}", &line[at..end]);
        return Err(fail(message));
    };
    if end == line.len() {
        return Ok((value, None));
    }
    let at = skip_blanks(line, end);
    let end = word_end(line, at);
    let Ok(timestamp_ms) = line[at..end].parse() else {
        let message = format!("expected integer as timestamp, got {:?}", &line[at..end]);
        return Err(fail(message));
    };
    if end < line.len() {
        let message = format!("spurious string after timestamp: {:?}", &line[end..]);
        return Err(fail(message));
    }
    Ok((value, Some(timestamp_ms)))
}

/// The labels that belong to the value of a histogram or summary.
pub(super) fn is_value_label(name: &str) -> bool {
    matches!(name, "le" | "quantile")
}

/// The error for a label name that stands twice.
#[cold]
pub(super) fn duplicate(metric: &str, label: &str) -> ReadError {
    ReadError {
        label: Some(label.to_owned()),
        ..for_metric(Some(metric), "duplicate label names")
    }
}

/// An error that ends with the metric's name, as upstream's do.
#[cold]
fn for_metric(metric: Option<&str>, message: &str) -> ReadError {
    let name = metric.unwrap_or_default();
    of_metric(metric, format!("{message} for metric {name:?}"))
}

#[cold]
fn of_metric(metric: Option<&str>, message: String) -> ReadError {
    ReadError {
        family: metric.map(str::to_owned),
        ..ReadError::new(message)
    }
}
