//! One line after the other, borrowed from the body: for callers that check, count or re-label
//! without holding families.
//!
//! [`Lines`] knows the grammar of a line and nothing of the lines before it; what makes a family of
//! lines is in [`read`](super::read). It accepts what Prometheus' own parser (`textparse`) accepts, but
//! refuses what cannot mean anything: an empty name, one label name twice, a line feed within quotes.
//! It allocates nothing per line: the labels live in two buffers that are used again, and a string is
//! copied only where something in it is escaped.

use std::borrow::Cow;

use super::token::{Cursor, unescape};
use crate::error::ReadError;
use crate::format::Limits;
use crate::model::{Kind, Label, Timestamp};
use crate::number;

/// A line that says something. Others do not exist: blank lines and comments are errors.
#[derive(Debug, PartialEq)]
pub enum Line<'a, 'r> {
    /// `# HELP name text`
    Help {
        /// The name of the family, without `_total` or `_info`.
        name: Cow<'a, str>,
        /// The text, unescaped.
        text: Cow<'a, str>,
    },
    /// `# TYPE name kind`
    Type {
        /// The name of the family, without `_total` or `_info`.
        name: Cow<'a, str>,
        /// The type; `unknown` is [`Kind::Untyped`].
        kind: Kind,
    },
    /// `# UNIT name unit`
    Unit {
        /// The name of the family, which ends with the unit.
        name: Cow<'a, str>,
        /// The unit, perhaps empty.
        unit: &'a str,
    },
    /// `name{label="value"} 1.0 1.5 # {trace_id="x"} 0.5 1.4`
    Sample(Sample<'a, 'r>),
}

/// One sample line.
#[derive(Debug, PartialEq)]
pub struct Sample<'a, 'r> {
    /// The name as it stands, with its suffix.
    pub name: Cow<'a, str>,
    /// The labels in the order of the line; no name stands twice.
    pub labels: &'r [Label<'a>],
    /// The value.
    pub value: f64,
    /// Milliseconds since the epoch; what is finer is cut off, as Prometheus does.
    pub timestamp_ms: Option<i64>,
    /// What stands behind ` # `.
    pub exemplar: Option<ExemplarPart<'a, 'r>>,
}

/// The exemplar of a sample line.
#[derive(Debug, PartialEq)]
pub struct ExemplarPart<'a, 'r> {
    /// Its labels, perhaps none.
    pub labels: &'r [Label<'a>],
    /// The observed value.
    pub value: f64,
    /// When it was observed.
    pub timestamp: Option<Timestamp>,
}

/// Reads the lines of a body up to `# EOF`, which must end it.
pub struct Lines<'a> {
    rest: &'a str,
    /// The number of the line at hand, from 1.
    number: usize,
    ended: bool,
    label_count_max: usize,
    labels: Vec<Label<'a>>,
    exemplar_labels: Vec<Label<'a>>,
}

type Result<T> = std::result::Result<T, ReadError>;

impl<'a> Lines<'a> {
    /// A reader at the first line.
    ///
    /// # Errors
    /// The line that is not UTF-8.
    pub fn new(body: &'a [u8], limits: &Limits) -> Result<Self> {
        let rest = simdutf8::compat::from_utf8(body).map_err(|error| {
            let before = &body[..error.valid_up_to()];
            let line = memchr::memchr_iter(b'\n', before).count() + 1;
            ReadError {
                line: Some(line),
                ..ReadError::new("invalid UTF-8")
            }
        })?;
        Ok(Self {
            rest,
            number: 0,
            ended: false,
            label_count_max: limits.labels,
            labels: Vec::new(),
            exemplar_labels: Vec::new(),
        })
    }

    /// The number of the line that was read last, from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Reads the next line; `None` behind `# EOF`.
    ///
    /// # Errors
    /// What is wrong with the line, or that the body ends without `# EOF` or goes on behind it.
    pub fn next_line(&mut self) -> Result<Option<Line<'a, '_>>> {
        if self.ended {
            return Ok(None);
        }
        self.number += 1;
        let Some(line) = self.advance()? else {
            return Ok(None);
        };
        let line_number = self.number;
        self.line(line).map(Some).map_err(|error| ReadError {
            line: Some(line_number),
            ..error
        })
    }

    /// An error on the line at hand.
    #[cold]
    pub fn error(&self, message: impl Into<String>) -> ReadError {
        ReadError {
            line: Some(self.number),
            ..ReadError::new(message)
        }
    }

    /// Steps to the next line; `None` where it is `# EOF`.
    fn advance(&mut self) -> Result<Option<&'a str>> {
        if let Some(behind) = self.rest.strip_prefix("# EOF") {
            if !matches!(behind, "" | "\n") {
                return Err(self.error("unexpected data after # EOF"));
            }
            self.ended = true;
            return Ok(None);
        }
        let Some(length) = memchr::memchr(b'\n', self.rest.as_bytes()) else {
            return Err(self.error("data does not end with # EOF"));
        };
        let line = &self.rest[..length];
        self.rest = &self.rest[length + 1..];
        Ok(Some(line))
    }

    fn line(&mut self, line: &'a str) -> Result<Line<'a, '_>> {
        if line.starts_with('#') {
            metadata(line)
        } else {
            self.sample(line).map(Line::Sample)
        }
    }

    fn sample(&mut self, line: &'a str) -> Result<Sample<'a, '_>> {
        let mut cursor = Cursor::new(line);
        self.labels.clear();
        self.exemplar_labels.clear();
        let bare = cursor.metric_name();
        let mut name = (!bare.is_empty()).then_some(Cow::Borrowed(bare));
        if cursor.eat("{") {
            read_labels(
                &mut cursor,
                Some(&mut name),
                self.label_count_max,
                &mut self.labels,
            )?;
        }
        let Some(name) = name else {
            return Err(ReadError::new(format!(
                "expected a metric name, got {:?}",
                shown(line)
            )));
        };
        let (value, timestamp_ms, exemplar) =
            self.behind_series(&mut cursor).map_err(|error| ReadError {
                family: Some(name.to_string()),
                ..error
            })?;
        let exemplar = exemplar.map(|(value, timestamp)| ExemplarPart {
            labels: &self.exemplar_labels,
            value,
            timestamp,
        });
        Ok(Sample {
            name,
            labels: &self.labels,
            value,
            timestamp_ms,
            exemplar,
        })
    }

    /// The value, the timestamp and the exemplar; its labels are left in their buffer.
    #[expect(
        clippy::type_complexity,
        reason = "the three parts of a line's end, taken apart at once"
    )]
    fn behind_series(
        &mut self,
        cursor: &mut Cursor<'a>,
    ) -> Result<(f64, Option<i64>, Option<(f64, Option<Timestamp>)>)> {
        let value = float(cursor, "a value")?;
        let mut timestamp_ms = None;
        if !cursor.is_at_end() && !cursor.rest().starts_with(" # {") {
            // Prometheus cuts off what is finer than a millisecond; `as` keeps far times in range.
            timestamp_ms = Some((time(cursor)? * 1000.0) as i64);
        }
        let mut exemplar = None;
        if cursor.eat(" # {") {
            read_labels(
                cursor,
                None,
                self.label_count_max,
                &mut self.exemplar_labels,
            )?;
            let value = float(cursor, "an exemplar's value")?;
            let at = if cursor.is_at_end() {
                None
            } else {
                Some(timestamp(time(cursor)?))
            };
            exemplar = Some((value, at));
        }
        if !cursor.is_at_end() {
            return Err(ReadError::new(format!(
                "expected the end of the line, got {:?}",
                shown(cursor.rest())
            )));
        }
        Ok((value, timestamp_ms, exemplar))
    }
}

/// Reads labels behind their brace. A quoted string alone is the metric's name, where it may have one.
fn read_labels<'a>(
    cursor: &mut Cursor<'a>,
    mut metric: Option<&mut Option<Cow<'a, str>>>,
    label_count_max: usize,
    labels: &mut Vec<Label<'a>>,
) -> Result<()> {
    while !cursor.eat("}") {
        let quoted = cursor.peek() == Some(b'"');
        let name = match quoted {
            true => cursor
                .quoted()
                .ok_or_else(|| ReadError::new("a quoted name does not end"))?,
            false => Cow::Borrowed(cursor.label_name()),
        };
        if name.is_empty() {
            return Err(ReadError::new(format!(
                "expected a label name, got {:?}",
                shown(cursor.rest())
            )));
        }
        match &mut metric {
            Some(metric) if quoted && matches!(cursor.peek(), Some(b',' | b'}')) => {
                if metric.replace(name).is_some() {
                    return Err(ReadError::new("the metric has two names"));
                }
            }
            _ => {
                let value = label_value(cursor).map_err(|error| ReadError {
                    label: Some(name.to_string()),
                    ..error
                })?;
                if labels.len() == label_count_max {
                    return Err(ReadError::new(format!(
                        "a metric has more than {label_count_max} labels"
                    )));
                }
                labels.push(Label { name, value });
            }
        }
        if !cursor.eat(",") && cursor.peek() != Some(b'}') {
            return Err(ReadError::new(format!(
                "expected a comma or brace, got {:?}",
                shown(cursor.rest())
            )));
        }
    }
    check_distinct(labels)
}

fn label_value<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>> {
    if !cursor.eat("=") {
        return Err(ReadError::new(format!(
            "expected an equals sign, got {:?}",
            shown(cursor.rest())
        )));
    }
    cursor
        .quoted()
        .ok_or_else(|| ReadError::new("expected a quoted label value"))
}

fn check_distinct(labels: &[Label<'_>]) -> Result<()> {
    // Few labels, nearly always: comparing each with each is cheapest, and bounded.
    let twice = if labels.len() <= 16 {
        labels
            .iter()
            .enumerate()
            .find(|(at, label)| labels[..*at].iter().any(|before| before.name == label.name))
            .map(|(_, label)| &label.name)
    } else {
        let mut names: Vec<_> = labels.iter().map(|label| &label.name).collect();
        names.sort_unstable();
        names
            .windows(2)
            .find(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
    };
    match twice {
        Some(name) => Err(ReadError {
            label: Some(name.to_string()),
            ..ReadError::new("the label stands twice")
        }),
        None if labels.iter().any(|label| label.name == "__name__") => Err(ReadError {
            label: Some("__name__".to_owned()),
            ..ReadError::new("the name stands before the braces")
        }),
        None => Ok(()),
    }
}

fn float(cursor: &mut Cursor<'_>, what: &str) -> Result<f64> {
    let before = cursor.rest();
    let word = cursor.word().ok_or_else(|| {
        ReadError::new(format!(
            "expected one blank and {what}, got {:?}",
            shown(before)
        ))
    })?;
    number::parse(word.as_bytes())
        .ok_or_else(|| ReadError::new(format!("expected {what}, got {:?}", shown(word))))
}

/// A timestamp in float seconds.
fn time(cursor: &mut Cursor<'_>) -> Result<f64> {
    let seconds = float(cursor, "a timestamp")?;
    if seconds.is_finite() {
        Ok(seconds)
    } else {
        Err(ReadError::new(format!("invalid timestamp {seconds}")))
    }
}

/// Float seconds as whole nanoseconds: as few decimals as tell the float apart, so that `1.789`
/// becomes 789 milliseconds and not a little less.
pub(super) fn timestamp(time: f64) -> Timestamp {
    let whole = time.floor();
    let fraction = time - whole;
    let decimals = [1.0, 1e3, 1e6]
        .into_iter()
        .find(|&scale| whole + (fraction * scale).round() / scale == time);
    let nanos = match decimals {
        Some(scale) => (fraction * scale).round() * (1e9 / scale),
        None => (fraction * 1e9).round(),
    };
    // Rounding up to a full second is carried over.
    if nanos >= 1e9 {
        return Timestamp {
            seconds: (whole as i64).saturating_add(1),
            nanos: 0,
        };
    }
    Timestamp {
        seconds: whole as i64,
        nanos: nanos as i32,
    }
}

/// `# HELP`, `# TYPE` and `# UNIT`.
fn metadata<'a, 'r>(line: &'a str) -> Result<Line<'a, 'r>> {
    let mut cursor = Cursor::new(line);
    let keyword = ["# HELP ", "# TYPE ", "# UNIT "]
        .into_iter()
        .find(|keyword| cursor.eat(keyword));
    let Some(keyword) = keyword else {
        return Err(ReadError::new(format!(
            "expected # HELP, # TYPE, # UNIT or # EOF, got {:?}",
            shown(line)
        )));
    };
    let name = match cursor.peek() {
        Some(b'"') => cursor.quoted().unwrap_or_default(),
        _ => Cow::Borrowed(cursor.metric_name()),
    };
    if name.is_empty() {
        return Err(ReadError::new(format!(
            "expected a metric name, got {:?}",
            shown(cursor.rest())
        )));
    }
    let in_family = |message: String| ReadError {
        family: Some(name.to_string()),
        ..ReadError::new(message)
    };
    let Some(text) = cursor.rest().strip_prefix(' ') else {
        return Err(in_family(format!(
            "expected a blank and text in {}",
            keyword.trim_end()
        )));
    };
    match keyword {
        "# HELP " => Ok(Line::Help {
            name,
            text: unescape(text),
        }),
        "# TYPE " => match kind(text) {
            Some(kind) => Ok(Line::Type { name, kind }),
            None => Err(in_family(format!("invalid metric type {:?}", shown(text)))),
        },
        _ => {
            let ends = name
                .strip_suffix(text)
                .is_some_and(|before| before.ends_with('_'));
            if text.is_empty() || ends {
                Ok(Line::Unit { name, unit: text })
            } else {
                Err(in_family(format!(
                    "the name does not end with the unit {:?}",
                    shown(text)
                )))
            }
        }
    }
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "histogram" => Kind::Histogram,
        "gaugehistogram" => Kind::GaugeHistogram,
        "summary" => Kind::Summary,
        "info" => Kind::Info,
        "stateset" => Kind::StateSet,
        "unknown" => Kind::Untyped,
        _ => return None,
    })
}

/// The beginning of a text, short enough for a message.
fn shown(text: &str) -> &str {
    let end = text.char_indices().nth(40).map_or(text.len(), |(at, _)| at);
    &text[..end]
}
