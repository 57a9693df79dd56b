//! What stands behind a `#`: HELP, TYPE, or words for people.
//!
//! Errors come without a line number; [`Lines`](super::lines::Lines) puts it in.

use std::borrow::Cow;

use super::token::{self, NameToken, byte, skip_blanks, word_end};
use crate::error::ReadError;
use crate::model::Kind;
use crate::name::NameRules;

/// A comment with a meaning.
pub(super) enum Comment<'a> {
    Help(Cow<'a, str>, Cow<'a, str>),
    Type(Cow<'a, str>, Kind),
}

/// Reads a line from behind its `#`; `None` for what is not HELP or TYPE, or says nothing.
pub(super) fn read(
    line: &str,
    start: usize,
    names: NameRules,
) -> Result<Option<Comment<'_>>, ReadError> {
    let start = skip_blanks(line, start);
    let end = word_end(line, start);
    let keyword = &line[start..end];
    let at = skip_blanks(line, end);
    if !matches!(keyword, "HELP" | "TYPE") || byte(line, at) == b'\n' {
        return Ok(None);
    }
    let (name, end) = token::name(line, at, NameToken::Metric).map_err(ReadError::new)?;
    match byte(line, end) {
        b'\n' if end > at => return Ok(None),
        b' ' | b'\t' if names.allow_metric(&name) => {}
        b' ' | b'\t' => return Err(ReadError::new(format!("invalid metric name {name:?}"))),
        _ => return Err(ReadError::new("invalid metric name in comment")),
    }
    let at = skip_blanks(line, end);
    if byte(line, at) == b'\n' {
        return Ok(None);
    }
    if keyword == "HELP" {
        return match token::help(line, at) {
            Ok(text) => Ok(Some(Comment::Help(name, text))),
            Err(message) => Err(of_family(&name, message)),
        };
    }
    match parse_kind(&line[at..]) {
        Some(kind) => Ok(Some(Comment::Type(name, kind))),
        None => {
            let message = format!("unknown metric type {:?}", &line[at..]);
            Err(of_family(&name, message))
        }
    }
}

#[cold]
fn of_family(name: &str, message: String) -> ReadError {
    ReadError {
        family: Some(name.to_owned()),
        ..ReadError::new(message)
    }
}

/// Whether a line is a comment that nobody reads: such a line may hold any bytes.
pub(super) fn is_ignored(line: &[u8]) -> bool {
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
