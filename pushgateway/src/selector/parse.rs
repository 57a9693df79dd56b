//! Reading one selector.

use std::str::Chars;

use regex::{Regex, RegexBuilder};

use super::quoted::quoted;
use super::{Matcher, NAME, SelectorError, Test};

/// Bytes that an expression may take once compiled.
const REGEX_BYTES: usize = 512 << 10;

/// Reads a selector of at most so many matchers.
pub(super) fn parse(text: &str, matchers_max: usize) -> Result<Vec<Matcher>, SelectorError> {
    let mut cursor = Cursor::new(text);
    let matchers = selector(&mut cursor, matchers_max).map_err(|reason| match reason {
        Some(reason) => SelectorError::Text {
            selector: text.to_owned(),
            at: cursor.at(),
            reason,
        },
        None => SelectorError::TooMany,
    })?;
    if matchers.iter().all(|matcher| matcher.takes("")) {
        return Err(SelectorError::TakesEmpty {
            selector: text.to_owned(),
        });
    }
    Ok(matchers)
}

/// The characters of a selector and how many were read.
pub(super) struct Cursor<'t> {
    rest: Chars<'t>,
    read: usize,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            rest: text.chars(),
            read: 0,
        }
    }

    /// Where the character is that was read last, or the first one.
    fn at(&self) -> usize {
        self.read.max(1)
    }

    /// Reads a character.
    pub(super) fn next(&mut self) -> Option<char> {
        // The end has a place too: the one behind the last character.
        self.read += 1;
        self.rest.next()
    }

    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    /// Reads a character if it is this one.
    fn takes(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.next();
        }
        found
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    /// The letters, digits and underscores (and colons) that are next; empty where none is, or a digit is first.
    fn word(&mut self, colons: bool) -> &'t str {
        let text = self.rest.as_str();
        let belongs = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':');
        let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return "";
        }
        self.read += end;
        self.rest = text[end..].chars();
        &text[..end]
    }
}

/// Why a text is no selector; `None` for too many matchers.
type Reason = Option<String>;

fn selector(cursor: &mut Cursor<'_>, matchers_max: usize) -> Result<Vec<Matcher>, Reason> {
    let mut matchers = Vec::new();
    cursor.skip_blanks();
    let name = cursor.word(true);
    if !name.is_empty() {
        matchers.push(named(name.to_owned()));
    }
    cursor.skip_blanks();
    if cursor.takes('{') {
        in_braces(cursor, &mut matchers, matchers_max)?;
        cursor.skip_blanks();
    } else if matchers.is_empty() {
        cursor.next();
        return Err(Some("a metric name or { is missing".to_owned()));
    }
    if matchers.len() > matchers_max {
        return Err(None);
    }
    match cursor.next() {
        None => Ok(matchers),
        Some(other) => Err(Some(format!("{other:?} does not belong here"))),
    }
}

/// Matchers up to the closing brace; a comma may stand behind the last one.
fn in_braces(
    cursor: &mut Cursor<'_>,
    matchers: &mut Vec<Matcher>,
    matchers_max: usize,
) -> Result<(), Reason> {
    loop {
        cursor.skip_blanks();
        if cursor.takes('}') {
            return Ok(());
        }
        if matchers.len() == matchers_max {
            return Err(None);
        }
        matchers.push(matcher(cursor)?);
        cursor.skip_blanks();
        if cursor.takes('}') {
            return Ok(());
        }
        if cursor.next() != Some(',') {
            return Err(Some("a comma or } is missing".to_owned()));
        }
    }
}

fn matcher(cursor: &mut Cursor<'_>) -> Result<Matcher, Reason> {
    let is_quoted = matches!(cursor.peek(), Some('"' | '\'' | '`'));
    let label = if is_quoted {
        quoted(cursor)?
    } else {
        cursor.word(false).to_owned()
    };
    if label.is_empty() && !is_quoted {
        cursor.next();
        return Err(Some("a label name is missing".to_owned()));
    }
    cursor.skip_blanks();
    if is_quoted && matches!(cursor.peek(), Some(',' | '}')) {
        return Ok(named(label));
    }
    let operator = operator(cursor)?;
    cursor.skip_blanks();
    if !matches!(cursor.peek(), Some('"' | '\'' | '`')) {
        cursor.next();
        return Err(Some("a quoted value is missing".to_owned()));
    }
    let value = quoted(cursor)?;
    let test = match operator {
        (false, false) => Test::Equals(value),
        (true, false) => Test::EqualsNot(value),
        (false, true) => Test::Matches(anchored(&value)?),
        (true, true) => Test::MatchesNot(anchored(&value)?),
    };
    Ok(Matcher { label, test })
}

/// A name that stands for itself.
fn named(name: String) -> Matcher {
    Matcher {
        label: NAME.to_owned(),
        test: Test::Equals(name),
    }
}

/// An operator: whether what it says is turned round, and whether it takes an expression.
fn operator(cursor: &mut Cursor<'_>) -> Result<(bool, bool), Reason> {
    let (negated, expression) = match (cursor.next(), cursor.peek()) {
        (Some('='), Some('~')) => (false, true),
        (Some('='), _) => return Ok((false, false)),
        (Some('!'), Some('~')) => (true, true),
        (Some('!'), Some('=')) => (true, false),
        _ => return Err(Some("=, !=, =~ or !~ is missing".to_owned())),
    };
    cursor.next();
    Ok((negated, expression))
}

/// An expression that matches whole values, in which a dot is any character, as in Prometheus.
fn anchored(expression: &str) -> Result<Regex, String> {
    let compile = |expression: &str| {
        RegexBuilder::new(expression)
            .size_limit(REGEX_BYTES)
            .dfa_size_limit(REGEX_BYTES)
            .build()
            .map_err(|error| not_compiled(&error.to_string()))
    };
    // By itself first: `a)|(b` must not end the group that is put around it.
    compile(expression)?;
    compile(&format!("^(?s:{expression})$"))
}

/// The compiler draws a picture of what is wrong; its last line says it.
fn not_compiled(error: &str) -> String {
    let last = error.lines().last().unwrap_or_default();
    let reason = last.strip_prefix("error: ").unwrap_or(last);
    format!("not a regular expression: {reason}")
}
