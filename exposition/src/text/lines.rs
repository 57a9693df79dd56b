//! One line after the other, borrowed from the body: for callers that check, count or re-label
//! without holding families.
//!
//! [`Lines`] knows the grammar of a line and nothing of the lines before it; what makes a family of
//! lines is in [`read`](super::read). It allocates nothing per line: the labels live in one buffer
//! that is used again, and a name or value is copied only where something in it is escaped.

use std::borrow::Cow;

use super::token::{self, NameToken, byte, skip_blanks, word_end};
use crate::error::ReadError;
use crate::format::Limits;
use crate::model::{Kind, Label};
use crate::name::NameRules;
use crate::number;

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
    label_count_max: usize,
    labels: Vec<Label<'a>>,
    order: Vec<u32>,
}

type Result<T> = std::result::Result<T, ReadError>;

impl<'a> Lines<'a> {
    /// A reader at the first line.
    pub fn new(body: &'a [u8], names: NameRules, limits: &Limits) -> Self {
        Self {
            body,
            text: simdutf8::basic::from_utf8(body).ok(),
            at: 0,
            number: 0,
            names,
            label_count_max: limits.labels,
            labels: Vec::new(),
            order: Vec::new(),
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
    pub fn next_line(&mut self) -> Result<Option<Line<'a, '_>>> {
        // The borrow checker cannot see that a returned line ends the loop, so the loop ends first.
        let (line, start) = loop {
            let Some(line) = self.advance()? else {
                return Ok(None);
            };
            let start = skip_blanks(line, 0);
            match byte(line, start) {
                b'\n' => {}
                b'#' => {
                    if let Some(line) = self.comment(line, start + 1)? {
                        return Ok(Some(line));
                    }
                }
                _ => break (line, start),
            }
        };
        self.labels.clear();
        let mut name = None;
        let mut at = start;
        if byte(line, at) != b'{' {
            let (token, end) = self.metric_name(line, start)?;
            name = Some(token);
            at = skip_blanks(line, end);
        }
        if byte(line, at) == b'{' {
            at = skip_blanks(line, self.read_labels(line, at + 1, &mut name)?);
        }
        let name = name.ok_or_else(|| self.error("invalid metric name"))?;
        let (value, timestamp_ms) = self.read_value(line, at, &name)?;
        Ok(Some(Line::Sample(Sample {
            name,
            labels: &self.labels,
            value,
            timestamp_ms,
        })))
    }

    /// An error on the line at hand.
    #[cold]
    pub fn error(&self, message: impl Into<String>) -> ReadError {
        ReadError {
            line: Some(self.number),
            ..ReadError::new(message)
        }
    }

    #[cold]
    fn sample_error(&self, family: &str, message: impl Into<String>) -> ReadError {
        ReadError {
            family: Some(family.to_owned()),
            ..self.error(message)
        }
    }

    /// Steps to the next line, without its line feed.
    fn advance(&mut self) -> Result<Option<&'a str>> {
        let start = self.at;
        let rest = &self.body[start..];
        self.number += 1;
        let Some(length) = memchr::memchr(b'\n', rest) else {
            self.at = self.body.len();
            if rest.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
                return Ok(None);
            }
            return Err(self.error("unexpected end of input stream"));
        };
        self.at = start + length + 1;
        match self.text {
            Some(text) => Ok(Some(&text[start..start + length])),
            None => self.doubtful(&rest[..length]).map(Some),
        }
    }

    /// A line of a body that holds invalid UTF-8 somewhere.
    #[cold]
    fn doubtful(&self, line: &'a [u8]) -> Result<&'a str> {
        match simdutf8::basic::from_utf8(line) {
            Ok(text) => Ok(text),
            Err(_) if is_plain_comment(line) => Ok(""),
            Err(_) => Err(self.error("invalid UTF-8")),
        }
    }

    fn metric_name(&self, line: &'a str, start: usize) -> Result<(Cow<'a, str>, usize)> {
        let (name, end) =
            token::name(line, start, NameToken::Metric).map_err(|message| self.error(message))?;
        if end == start {
            return Err(self.error("invalid metric name"));
        }
        // Only quotes let other names through.
        if line.as_bytes()[end - 1] == b'"' && !self.names.allow_metric(&name) {
            return Err(self.error(format!("invalid metric name {name:?}")));
        }
        Ok((name, end))
    }

    /// What stands behind `#`: HELP, TYPE, or a comment for people.
    fn comment<'r>(&self, line: &'a str, start: usize) -> Result<Option<Line<'a, 'r>>>
    where
        'a: 'r,
    {
        let start = skip_blanks(line, start);
        let end = word_end(line, start);
        let keyword = &line[start..end];
        let at = skip_blanks(line, end);
        if !matches!(keyword, "HELP" | "TYPE") || byte(line, at) == b'\n' {
            return Ok(None);
        }
        let (name, end) =
            token::name(line, at, NameToken::Metric).map_err(|message| self.error(message))?;
        match byte(line, end) {
            b'\n' if end > at => return Ok(None),
            b' ' | b'\t' if self.names.allow_metric(&name) => {}
            b' ' | b'\t' => return Err(self.error(format!("invalid metric name {name:?}"))),
            _ => return Err(self.error("invalid metric name in comment")),
        }
        let at = skip_blanks(line, end);
        if byte(line, at) == b'\n' {
            return Ok(None);
        }
        if keyword == "HELP" {
            let text =
                token::help(line, at).map_err(|message| self.sample_error(&name, message))?;
            return Ok(Some(Line::Help { name, text }));
        }
        match parse_kind(&line[at..]) {
            Some(kind) => Ok(Some(Line::Type { name, kind })),
            None => {
                let message = format!("unknown metric type {:?}", &line[at..]);
                Err(self.sample_error(&name, message))
            }
        }
    }

    /// Reads labels from behind the opening brace to behind the closing one. A token without `=` is
    /// the name of the metric, where none stood before the brace.
    fn read_labels(
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
            let (token, end) =
                token::name(line, at, NameToken::Label).map_err(|message| self.error(message))?;
            if token.is_empty() {
                let metric = name.as_deref().unwrap_or_default();
                let message = format!("invalid label name for metric {metric:?}");
                return Err(self.sample_error(metric, message));
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
                return Err(self.sample_error(name.as_deref().unwrap_or_default(), message));
            }
            match byte(line, at) {
                b',' => at += 1,
                b'}' => break,
                found => return Err(self.unexpected_end(name.as_deref(), found)),
            }
        }
        if !ascending {
            self.check_duplicates(name.as_deref())?;
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
            ..self.error(message)
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
        if self.labels.len() == self.label_count_max {
            let message = format!("more than {} labels", self.label_count_max);
            return Err(fail(message));
        }
        let (value, end) = token::label_value(line, at + 1).map_err(fail)?;
        self.labels.push(Label { name, value });
        Ok(skip_blanks(line, end))
    }

    /// Takes a token of `{token}` as the metric's name.
    #[cold]
    fn set_name(&self, name: &mut Option<Cow<'a, str>>, token: Cow<'a, str>) -> Result<()> {
        if let Some(first) = name {
            let message = format!("multiple metric names for metric {first:?}");
            return Err(self.sample_error(first, message));
        }
        if !self.names.allow_metric(&token) {
            return Err(self.error(format!("invalid metric name {token:?}")));
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
        self.sample_error(metric.unwrap_or_default(), message)
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

    fn check_duplicates(&mut self, metric: Option<&str>) -> Result<()> {
        let labels = &self.labels;
        let twice = if labels.len() <= FEW {
            let pairs = labels.iter().enumerate();
            pairs
                .flat_map(|(at, label)| labels[..at].iter().map(move |before| (before, label)))
                .find(|(before, label)| before.name == label.name && !is_value_label(&label.name))
                .map(|(_, label)| &label.name)
        } else {
            let name = |at: u32| &labels[at as usize].name;
            self.order.clear();
            self.order.extend(0..labels.len() as u32);
            self.order.sort_unstable_by(|&a, &b| name(a).cmp(name(b)));
            let mut pairs = self
                .order
                .windows(2)
                .map(|pair| (name(pair[0]), name(pair[1])));
            pairs
                .find(|(a, b)| a == b && !is_value_label(a))
                .map(|(a, _)| a)
        };
        match twice {
            None => Ok(()),
            Some(label) => {
                let error = duplicate(metric.unwrap_or_default(), label);
                Err(ReadError {
                    line: Some(self.number),
                    ..error
                })
            }
        }
    }

    fn read_value(&self, line: &str, at: usize, name: &str) -> Result<(f64, Option<i64>)> {
        let end = word_end(line, at);
        let Some(value) = number::parse(&line.as_bytes()[at..end]) else {
            let message = format!("expected float as value, got {:?}", &line[at..end]);
            return Err(self.sample_error(name, message));
        };
        if end == line.len() {
            return Ok((value, None));
        }
        let at = skip_blanks(line, end);
        let end = word_end(line, at);
        let Ok(timestamp_ms) = line[at..end].parse() else {
            let message = format!("expected integer as timestamp, got {:?}", &line[at..end]);
            return Err(self.sample_error(name, message));
        };
        if end < line.len() {
            let message = format!("spurious string after timestamp: {:?}", &line[end..]);
            return Err(self.sample_error(name, message));
        }
        Ok((value, Some(timestamp_ms)))
    }
}

/// Up to so many labels are compared each with each; more are sorted first.
const FEW: usize = 10;

/// The labels that belong to the value of a histogram or summary.
pub(super) fn is_value_label(name: &str) -> bool {
    matches!(name, "le" | "quantile")
}

/// The error for a label name that stands twice, on a line yet to be named.
#[cold]
pub(super) fn duplicate(metric: &str, label: &str) -> ReadError {
    ReadError {
        line: None,
        family: Some(metric.to_owned()),
        label: Some(label.to_owned()),
        message: format!("duplicate label names for metric {metric:?}"),
    }
}

/// Whether a line is a comment that nobody reads: such a line may hold any bytes.
fn is_plain_comment(line: &[u8]) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut words = line.split(is_blank).filter(|word| !word.is_empty());
    match words.next() {
        Some(b"#") => !matches!(words.next(), Some(b"HELP" | b"TYPE")),
        Some([b'#', keyword @ ..]) => !matches!(keyword, b"HELP" | b"TYPE"),
        _ => false,
    }
}

/// The type of a TYPE line, in any case. Upstream drops backslashes from it, so we do.
fn parse_kind(text: &str) -> Option<Kind> {
    let kind = match text {
        "counter" => Kind::Counter,
        "gauge" => Kind::Gauge,
        "untyped" => Kind::Untyped,
        "summary" => Kind::Summary,
        "histogram" => Kind::Histogram,
        "gaugehistogram" | "gauge_histogram" => Kind::GaugeHistogram,
        // Long texts are not worth a copy.
        _ if text.len() > 100 => return None,
        _ => {
            let plain = text.replace('\\', "").to_uppercase().to_ascii_lowercase();
            return if plain == text {
                None
            } else {
                parse_kind(&plain)
            };
        }
    };
    Some(kind)
}
