//! What a line of OpenMetrics is made of: names, quoted strings, numbers, one blank between.

use std::borrow::Cow;

/// A place in a line. Methods take what they name and step behind it.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { line, at: 0 }
    }

    /// What has not been taken yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.line.len()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    /// Takes `expected` if it is next.
    pub(super) fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    /// Takes a metric name of the classic alphabet; empty if there is none.
    pub(super) fn metric_name(&mut self) -> &'a str {
        self.take_name(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b':')
    }

    /// Takes a label name of the classic alphabet; empty if there is none.
    pub(super) fn label_name(&mut self) -> &'a str {
        self.take_name(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    }

    fn take_name(&mut self, is_letter: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        if !rest.bytes().next().is_some_and(&is_letter) {
            return "";
        }
        let end = rest
            .bytes()
            .position(|byte| !is_letter(byte) && !byte.is_ascii_digit())
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes a string with its quotes; `None` if it does not end on this line.
    pub(super) fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let rest = self.rest().strip_prefix('"')?;
        let mut end = 0;
        let mut escaped = false;
        loop {
            end += memchr::memchr2(b'"', b'\\', &rest.as_bytes()[end..])?;
            if rest.as_bytes()[end] == b'"' {
                break;
            }
            escaped = true;
            // A character of several bytes behind the backslash is stepped into, which does no harm:
            // its bytes are neither quotes nor backslashes.
            end += 2;
            if end > rest.len() {
                return None;
            }
        }
        self.at += end + 2;
        let inside = &rest[..end];
        Some(if escaped {
            unescape(inside)
        } else {
            Cow::Borrowed(inside)
        })
    }

    /// Takes a blank and the word behind it; `None` if either is missing.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let rest = self.rest().strip_prefix(' ')?;
        let end = memchr::memchr(b' ', rest.as_bytes()).unwrap_or(rest.len());
        self.at += end + 1;
        (end > 0).then(|| &rest[..end])
    }
}

/// Resolves `\\`, `\"` and `\n`. A backslash before anything else stands for itself, as the
/// specification says and Prometheus does.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut characters = text[first..].chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        let mut ahead = characters.clone();
        match ahead.next() {
            Some('n') => out.push('\n'),
            Some(escaped @ ('\\' | '"')) => out.push(escaped),
            _ => {
                out.push('\\');
                continue;
            }
        }
        characters = ahead;
    }
    Cow::Owned(out)
}
