//! os-release(5): lines `KEY=value` in the syntax of a shell, as upstream's reader takes them.

use std::collections::BTreeMap;

use super::Trouble;
use crate::words::{lines, text, trim};

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Release(BTreeMap<String, String>);

impl Release {
    /// Reads what can be read; a bad line costs itself.
    pub(super) fn parse(bytes: &[u8], trouble: &mut Trouble) -> Self {
        let mut release = Self::default();
        for line in lines(bytes) {
            match parse_line(line) {
                Some(Some((key, value))) => {
                    let (key, value) = (text(key).into_owned(), text(&value).into_owned());
                    release.0.insert(key, value);
                }
                Some(None) => {}
                None => trouble.line("os-release", line),
            }
        }
        release
    }

    /// The value of a key; empty where there is none.
    pub(super) fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Whether it says nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A key and its value.
type Pair<'l> = (&'l [u8], Vec<u8>);

/// `Some(None)` for blank lines and comments; `None` for what is neither those nor an assignment.
fn parse_line(line: &[u8]) -> Option<Option<Pair<'_>>> {
    let line = trim(line);
    if line.is_empty() || line[0] == b'#' {
        return Some(None);
    }
    let at = memchr::memchr(b'=', line)?;
    let (mut key, value) = (trim(&line[..at]), trim(&line[at + 1..]));
    if let Some(rest) = key.strip_prefix(b"export ")
        && !rest.is_empty()
    {
        key = rest;
    }
    let (first, rest) = key.split_first()?;
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_./".contains(byte);
    let begins = first.is_ascii_alphabetic() || *first == b'_';
    (begins && rest.iter().all(word)).then(|| Some(Some((key, unquote(value)?))))?
}

/// A value without its quotes and escapes; outside of quotes a `#` begins a comment.
fn unquote(value: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(value.len());
    // The length of the value without white space before a comment.
    let mut solid = 0;
    let mut quote = None;
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        at += 1;
        if byte < 32 {
            return None;
        }
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'#') => {
                out.truncate(solid);
                return Some(out);
            }
            (None, b' ') => out.push(byte),
            (Some(open), close) if open == close => quote = None,
            (Some(b'"'), b'\\') => {
                at += escape(&value[at..], &mut out)?;
                solid = out.len();
            }
            _ => {
                out.push(byte);
                solid = out.len();
            }
        }
    }
    quote.is_none().then_some(out)
}

/// Appends what an escape stands for; the length of the escape behind its backslash.
fn escape(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let plain = match rest.first()? {
        byte @ (b'"' | b'\\' | b'/') => *byte,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode(&rest[1..], out).map(|length| length + 1),
        _ => return None,
    };
    out.push(plain);
    Some(1)
}

/// `\u00e9`, or two of them for what lies beyond 16 bits.
fn unicode(rest: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let unit = |at: usize| {
        let digits = std::str::from_utf8(rest.get(at..at + 4)?).ok()?;
        let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        plain.then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let first = unit(0)?;
    let surrogate = (0xd800..0xe000).contains(&first);
    let (units, length) = if surrogate {
        if rest.get(4..6)? != b"\\u" {
            return None;
        }
        (vec![first, unit(6)?], 10)
    } else {
        (vec![first], 4)
    };
    out.extend_from_slice(String::from_utf16_lossy(&units).as_bytes());
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(&str, &str)>) {
        let mut trouble = Trouble::default();
        let release = Release::parse(line.as_bytes(), &mut trouble);
        let found = release
            .0
            .iter()
            .next()
            .map(|(key, value)| (&**key, &**value));
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn values() {
        check("NAME=Debian", Some(("NAME", "Debian")));
        check(
            r#"NAME="Debian GNU/Linux" "#,
            Some(("NAME", "Debian GNU/Linux")),
        );
        check(
            "NAME='single \"quotes\"'",
            Some(("NAME", "single \"quotes\"")),
        );
        check(
            r#"NAME="a \"quote\" \\ \t\u00e9""#,
            Some(("NAME", "a \"quote\" \\ \té")),
        );
        check(r#"NAME="\ud83d\ude00""#, Some(("NAME", "😀")));
        check("NAME=value # comment", Some(("NAME", "value")));
        check("export NAME=value", Some(("NAME", "value")));
        check("NAME=a=b", Some(("NAME", "a=b")));
        check("NAME=", Some(("NAME", "")));
        check("NAME=é", Some(("NAME", "é")));
        check("# comment", None);
        check("  ", None);
    }

    #[test]
    fn bad_lines() {
        for line in [
            "NAME",
            "=x",
            "1A=x",
            "A-B=x",
            "A=\"x",
            "A='x",
            r#"A="\x""#,
            "A=\u{1}",
            r#"A="\u12""#,
        ] {
            let mut trouble = Trouble::default();
            assert!(
                Release::parse(line.as_bytes(), &mut trouble).is_empty(),
                "{line}"
            );
            assert!(trouble.outcome().is_err(), "{line}");
        }
    }
}
