//! The regular expressions of flags: written for Go's engine, run by Rust's.
//!
//! Both are linear in time and nearly one language. Where they differ, [`compile`] rewrites: Go's `\d`, `\w`, `\s` and
//! `\b` know ASCII only, `\Q…\E` quotes, a brace that is no count is a brace, and a class is no set algebra.

use std::iter::Peekable;
use std::str::Chars;

use anyhow::Context as _;
use regex::{Regex, RegexBuilder};

/// An expression in Go's syntax, ready to match. It matches anywhere unless anchored, as in Go.
///
/// # Errors
/// It is not a regular expression; the message names the flag.
pub(crate) fn compile(flag: &str, pattern: &str) -> anyhow::Result<Regex> {
    // Go takes octal escapes: `\07` is the bell.
    let built = RegexBuilder::new(&translate(pattern)).octal(true).build();
    built.with_context(|| format!("--{flag}: not a regular expression"))
}

/// Which names a collector takes: not what matches `exclude`, and what matches `include` where it is given.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    exclude: Option<Regex>,
    include: Option<Regex>,
}

impl Selection {
    /// A selection from the values of two flags; an empty one is none.
    ///
    /// # Errors
    /// As [`compile`].
    pub(crate) fn new(exclude: (&str, &str), include: (&str, &str)) -> anyhow::Result<Self> {
        let some = |(flag, pattern): (&str, &str)| {
            (!pattern.is_empty())
                .then(|| compile(flag, pattern))
                .transpose()
        };
        Ok(Self {
            exclude: some(exclude)?,
            include: some(include)?,
        })
    }

    /// Whether the collector takes this name.
    pub(crate) fn takes(&self, name: &str) -> bool {
        self.exclude
            .as_ref()
            .is_none_or(|pattern| !pattern.is_match(name))
            && self
                .include
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(name))
    }
}

/// Go's syntax in Rust's.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\\' => escape(&mut rest, &mut out, Place::Outside),
            '[' => class(&mut rest, &mut out),
            '{' if !is_count(rest.clone()) => out.push_str("\\{"),
            char => out.push(char),
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Outside,
    Class,
}

/// What follows a backslash.
fn escape(rest: &mut Peekable<Chars<'_>>, out: &mut String, place: Place) {
    let Some(char) = rest.next() else {
        // A lone backslash is wrong in both languages; the compiler says so.
        out.push('\\');
        return;
    };
    match (char, place) {
        ('d', _) => out.push_str("[0-9]"),
        ('D', _) => out.push_str("[^0-9]"),
        ('w', _) => out.push_str("[0-9A-Za-z_]"),
        ('W', _) => out.push_str("[^0-9A-Za-z_]"),
        ('s', _) => out.push_str("[\\t\\n\\x0c\\r ]"),
        ('S', _) => out.push_str("[^\\t\\n\\x0c\\r ]"),
        ('b', Place::Outside) => out.push_str("(?-u:\\b)"),
        ('Q', Place::Outside) => quote(rest, out),
        // Word boundaries in Rust, plain characters in Go.
        ('<' | '>', _) => out.push(char),
        _ => {
            out.push('\\');
            out.push(char);
        }
    }
}

/// Everything up to `\E` stands for itself.
fn quote(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(char) = rest.next() {
        if char == '\\' && rest.peek() == Some(&'E') {
            rest.next();
            return;
        }
        out.push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
    }
}

/// A class, up to its bracket. In Rust `[`, `&&`, `--` and `~~` inside mean sets; in Go they are characters.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if rest.peek() == Some(&'^') {
        rest.next();
        out.push('^');
    }
    let mut first = true;
    while let Some(char) = rest.next() {
        match char {
            ']' if !first => {
                out.push(']');
                return;
            }
            ']' => out.push_str("\\]"),
            '[' if rest.peek() == Some(&':') => {
                out.push('[');
                for char in rest.by_ref() {
                    out.push(char);
                    if char == ']' {
                        break;
                    }
                }
            }
            '[' => out.push_str("\\["),
            '&' | '~' => {
                out.push('\\');
                out.push(char);
            }
            '\\' => escape(rest, out, Place::Class),
            char => out.push(char),
        }
        first = false;
    }
}

/// Whether what follows a brace makes it a count: `{2}`, `{2,}`, `{2,5}`.
fn is_count(rest: Peekable<Chars<'_>>) -> bool {
    let mut digits = 0;
    let mut commas = 0;
    for char in rest {
        match char {
            '0'..='9' => digits += 1,
            ',' if digits > 0 && commas == 0 => commas += 1,
            '}' => return digits > 0,
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, matches: &[&str], others: &[&str]) {
        let regex = compile("flag", pattern).unwrap();
        for text in matches {
            assert!(regex.is_match(text), "{pattern} should match {text:?}");
        }
        for text in others {
            assert!(!regex.is_match(text), "{pattern} should not match {text:?}");
        }
    }

    #[test]
    fn go_s_classes_are_ascii() {
        check(r"^\d+$", &["12"], &["١٢", "x"]);
        check(r"^[\d_]+$", &["1_2"], &["١"]);
        check(r"^[^\W]+$", &["a_1"], &["é"]);
        check(r"^\w+\s\S$", &["ab c"], &["é c", "ab\u{a0}c"]);
        // `é` is no word to Go: there is a boundary before it only behind a word.
        check(r"\bé", &["aé é"], &["é", "é é", "éa"]);
    }

    #[test]
    fn what_is_special_in_rust_only() {
        check(r"^a{,2}$", &["a{,2}"], &["aa"]);
        check(r"^a{2}$", &["aa"], &["a{2}"]);
        check(r"^a{1,}b{x}$", &["aab{x}"], &["b{x}"]);
        check(r"^[a&&b]+$", &["a&b"], &["c"]);
        check(r"^[[a]+$", &["[a"], &["b"]);
        check(r"^[]a]+$", &["]a"], &["b"]);
        check(r"^[[:alpha:]-]+$", &["a-b"], &["1"]);
        check(r"\<a\>", &["<a>"], &["a"]);
        check(r"^\Qa.b\E.$", &["a.bc"], &["axbc"]);
        check(r"^\101\7$", &["A\u{7}"], &["1017"]);
    }

    #[test]
    fn a_wrong_one_names_its_flag() {
        let error = compile("collector.x.include", "(").unwrap_err();
        assert!(
            format!("{error:#}").starts_with("--collector.x.include: not a regular expression")
        );
    }

    #[test]
    fn a_selection() {
        let both = Selection::new(("e", "^lo$"), ("i", "^(lo|eth)")).unwrap();
        assert!(both.takes("eth0") && !both.takes("lo") && !both.takes("wlan0"));
        assert!(Selection::default().takes("anything"));
    }
}
