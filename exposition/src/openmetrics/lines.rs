//! One line after the other, borrowed from the body: for callers that check, count or re-label
//! without holding families.
//!
//! [`Lines`] knows the grammar of a line and nothing of the lines before it; what makes a family of
//! lines is in [`read`](mod@super::read). It accepts what Prometheus' own parser (`textparse`) accepts, but
//! refuses what cannot mean anything: an empty name, one label name twice, a line feed within quotes.
//! It allocates nothing per line: the labels live in two buffers that are used again, and a string is
//! copied only where something in it is escaped.

use std::borrow::Cow;

use super::metadata::metadata;
use super::part::{float, read_labels, shown, time, timestamp};
use super::token::Cursor;
use crate::error::{ReadError, Result};
use crate::limits::Limits;
use crate::model::{Label, Timestamp};

pub use super::line::{ExemplarPart, Line, Sample};

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
