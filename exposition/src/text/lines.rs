//! One line after the other, borrowed from the body: for callers that check, count or re-label
//! without holding families.
//!
//! [`Lines`] knows the grammar of a line and nothing of the lines before it; what makes a family of
//! lines is in [`read`](mod@super::read). It allocates nothing per line: the labels live in one buffer
//! that is used again, and a name or value is copied only where something in it is escaped.

use std::borrow::Cow;

use super::comment::{self, Comment};
use super::sample::{self, Labels};
use super::token::{byte, skip_blanks};
use crate::error::ReadError;
use crate::limits::Limits;
use crate::model::{Kind, Label};
use crate::name::NameRules;

/// A line that says something; blank lines and comments are passed over.
#[derive(Debug, PartialEq)]
pub enum Line<'a, 'r> {
    /// `# HELP name text`
    Help {
        /// The name as it stands, perhaps with a suffix.
        name: Cow<'a, str>,
        /// The text, unescaped.
        text: Cow<'a, str>,
    },
    /// `# TYPE name kind`
    Type {
        /// The name as it stands, perhaps with a suffix.
        name: Cow<'a, str>,
        /// The type.
        kind: Kind,
    },
    /// `name{label="value"} 1 1000`
    Sample(Sample<'a, 'r>),
}

/// One sample line.
#[derive(Debug, PartialEq)]
pub struct Sample<'a, 'r> {
    /// The name as it stands, perhaps with a suffix.
    pub name: Cow<'a, str>,
    /// The labels in the order of the line. No name stands twice, `le` and `quantile` excepted:
    /// upstream takes the last of them where they belong to the value.
    pub labels: &'r [Label<'a>],
    /// The value.
    pub value: f64,
    /// Milliseconds since the epoch.
    pub timestamp_ms: Option<i64>,
}

/// Reads the lines of a body.
pub struct Lines<'a> {
    body: &'a [u8],
    /// The body as text, unless some of it is not: then each line is looked at by itself, because
    /// comments may hold any bytes.
    text: Option<&'a str>,
    /// Where the next line starts.
    at: usize,
    /// The number of the line at hand, from 1.
    number: usize,
    names: NameRules,
    labels: Labels<'a>,
}

impl<'a> Lines<'a> {
    /// A reader at the first line.
    pub fn new(body: &'a [u8], names: NameRules, limits: &Limits) -> Self {
        Self {
            body,
            text: simdutf8::basic::from_utf8(body).ok(),
            at: 0,
            number: 0,
            names,
            labels: Labels::new(names, limits.labels),
        }
    }

    /// The number of the line that was read last, from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Reads on to the next line that says something; `None` at the end of the body.
    ///
    /// # Errors
    /// What is wrong with the line. The last line must end with a line feed like every other.
    pub fn next_line(&mut self) -> Result<Option<Line<'a, '_>>, ReadError> {
        while let Some(line) = self.advance().map_err(|error| self.place(error))? {
            let start = skip_blanks(line, 0);
            match byte(line, start) {
                b'\n' => {}
                b'#' => {
                    let comment = comment::read(line, start + 1, self.names);
                    match comment.map_err(|error| self.place(error))? {
                        Some(Comment::Help(name, text)) => {
                            return Ok(Some(Line::Help { name, text }));
                        }
                        Some(Comment::Type(name, kind)) => {
                            return Ok(Some(Line::Type { name, kind }));
                        }
                        None => {}
                    }
                }
                _ => return self.sample(line, start).map(Some),
            }
        }
        Ok(None)
    }

    fn sample(&mut self, line: &'a str, start: usize) -> Result<Line<'a, '_>, ReadError> {
        let number = self.number;
        let place = |error| ReadError {
            line: Some(number),
            ..error
        };
        let (name, at) = self.labels.read(line, start).map_err(place)?;
        let (value, timestamp_ms) = sample::read_value(line, at, &name).map_err(place)?;
        Ok(Line::Sample(Sample {
            name,
            labels: self.labels.as_slice(),
            value,
            timestamp_ms,
        }))
    }

    /// Puts the number of the line at hand into an error.
    #[cold]
    fn place(&self, error: ReadError) -> ReadError {
        ReadError {
            line: Some(self.number),
            ..error
        }
    }

    /// Steps to the next line, without its line feed.
    fn advance(&mut self) -> Result<Option<&'a str>, ReadError> {
        let start = self.at;
        let rest = &self.body[start..];
        self.number += 1;
        let Some(length) = memchr::memchr(b'\n', rest) else {
            self.at = self.body.len();
            if rest.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
                return Ok(None);
            }
            return Err(ReadError::new("unexpected end of input stream"));
        };
        self.at = start + length + 1;
        match self.text {
            Some(text) => Ok(Some(&text[start..start + length])),
            None => doubtful(&rest[..length]).map(Some),
        }
    }
}

/// A line of a body that holds invalid UTF-8 somewhere.
#[cold]
fn doubtful(line: &[u8]) -> Result<&str, ReadError> {
    match simdutf8::basic::from_utf8(line) {
        Ok(text) => Ok(text),
        Err(_) if comment::is_ignored(line) => Ok(""),
        Err(_) => Err(ReadError::new("invalid UTF-8")),
    }
}
