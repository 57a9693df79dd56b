//! The smallest pieces of a line: names, quoted strings, blanks.
//!
//! A piece borrows from the line unless something in it had to be unescaped. Positions are bytes, and
//! every cut is made at an ASCII byte, so it never splits a character.

use std::borrow::Cow;

use crate::name::{CLASS, CONTINUE, METRIC_ONLY, START};

/// What went wrong in a piece, as the end of a sentence.
pub(super) type Result<T> = std::result::Result<T, String>;

/// Which names a token may be: label names have no colon.
#[derive(Clone, Copy)]
pub(super) enum NameToken {
    Metric,
    Label,
}

impl NameToken {
    fn extra(self) -> u8 {
        match self {
            Self::Metric => METRIC_ONLY,
            Self::Label => 0,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Label => "label",
        }
    }
}

/// The byte at a position; behind the line stands the line feed that ended it.
#[inline]
pub(super) fn byte(line: &str, at: usize) -> u8 {
    line.as_bytes().get(at).copied().unwrap_or(b'\n')
}

/// Skips blanks and tabs.
#[inline]
pub(super) fn skip_blanks(line: &str, mut at: usize) -> usize {
    while matches!(byte(line, at), b' ' | b'\t') {
        at += 1;
    }
    at
}

/// The end of what stands up to the next blank, tab or line end.
#[inline]
pub(super) fn word_end(line: &str, mut at: usize) -> usize {
    while !matches!(byte(line, at), b' ' | b'\t' | b'\n') {
        at += 1;
    }
    at
}

/// Reads a name, plain or quoted, and says where it ends; empty where none starts here.
#[inline]
pub(super) fn name(line: &str, start: usize, kind: NameToken) -> Result<(Cow<'_, str>, usize)> {
    let extra = kind.extra();
    let mut at = start;
    if CLASS[usize::from(byte(line, at))] & (START | extra) != 0 {
        let rest = &line.as_bytes()[start..];
        let foreign = |&byte: &u8| CLASS[usize::from(byte)] & (CONTINUE | extra) == 0;
        at += rest.iter().position(foreign).unwrap_or(rest.len());
    }
    if byte(line, at) == b'"' {
        return quoted_name(line, start, kind);
    }
    Ok((Cow::Borrowed(&line[start..at]), at))
}

/// Reads a name with quotes. Upstream lets them open in the middle of a name too: `a"b c"` is the
/// name `ab c`, and ends with the closing quote.
#[cold]
fn quoted_name(line: &str, start: usize, kind: NameToken) -> Result<(Cow<'_, str>, usize)> {
    let opening = start + line[start..].find('"').unwrap_or(0);
    let (text, end) = quoted(line, opening + 1, kind.word(), "name")?;
    if opening == start {
        return Ok((text, end));
    }
    Ok((Cow::Owned(format!("{}{text}", &line[start..opening])), end))
}

/// Reads the value of a label, from behind its opening quote to behind the closing one.
#[inline]
pub(super) fn label_value(line: &str, start: usize) -> Result<(Cow<'_, str>, usize)> {
    quoted(line, start, "label", "value")
}

#[inline]
fn quoted<'a>(line: &'a str, start: usize, of: &str, what: &str) -> Result<(Cow<'a, str>, usize)> {
    let bytes = &line.as_bytes()[start..];
    let stop = find_quote(bytes);
    match stop {
        Some(at) if bytes[at] == b'"' => {
            Ok((Cow::Borrowed(&line[start..start + at]), start + at + 1))
        }
        Some(at) => {
            let mut text = line[start..start + at].to_owned();
            let end = unescape(line, start + at, Some(b'"'), &mut text)?;
            if byte(line, end) != b'"' {
                return Err(unclosed(&text, of, what));
            }
            Ok((Cow::Owned(text), end + 1))
        }
        None => Err(unclosed(&line[start..], of, what)),
    }
}

/// Where the first quote or backslash stands.
#[inline]
fn find_quote(bytes: &[u8]) -> Option<usize> {
    // Most values are shorter than what a vector search needs to start up: two words are looked at
    // by hand, each byte of a word at once.
    let mut at = 0;
    while at < 16 {
        let Some((word, _)) = bytes[at.min(bytes.len())..].split_first_chunk::<8>() else {
            break;
        };
        let word = u64::from_le_bytes(*word);
        let found = zero_bytes(word ^ QUOTES) | zero_bytes(word ^ BACKSLASHES);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr::memchr2(b'"', b'\\', &bytes[at..]).map(|found| at + found)
}

const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);

/// Marks zero bytes with their highest bit; below the first mark every bit is right.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

#[cold]
fn unclosed(text: &str, of: &str, what: &str) -> String {
    format!("{of} {what} {text:?} contains unescaped new-line")
}

/// Reads a HELP text, to the end of the line.
pub(super) fn help(line: &str, start: usize) -> Result<Cow<'_, str>> {
    match memchr::memchr(b'\\', &line.as_bytes()[start..]) {
        None => Ok(Cow::Borrowed(&line[start..])),
        Some(at) => {
            let mut text = line[start..start + at].to_owned();
            unescape(line, start + at, None, &mut text)?;
            Ok(Cow::Owned(text))
        }
    }
}

/// Unescapes from `at` to the closing byte or the end of the line, and says where that stands.
fn unescape(line: &str, mut at: usize, closing: Option<u8>, out: &mut String) -> Result<usize> {
    let bytes = line.as_bytes();
    while at < bytes.len() && Some(bytes[at]) != closing {
        if bytes[at] == b'\\' {
            out.push(match byte(line, at + 1) {
                b'\\' => '\\',
                b'"' => '"',
                b'n' => '\n',
                // Also a backslash as the last byte of the line.
                _ => {
                    let culprit = line[at + 1..].chars().next().unwrap_or('\n');
                    return Err(format!("invalid escape sequence '\\{culprit}'"));
                }
            });
            at += 2;
            continue;
        }
        let rest = &bytes[at..];
        let run = match closing {
            Some(closing) => memchr::memchr2(b'\\', closing, rest),
            None => memchr::memchr(b'\\', rest),
        };
        let end = run.map_or(bytes.len(), |run| at + run);
        out.push_str(&line[at..end]);
        at = end;
    }
    Ok(at)
}
