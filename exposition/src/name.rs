//! Which names are valid, and how a name is spelled for a reader that knows only the classic alphabet.
//!
//! Everything here follows `model/metric.go` of prometheus/common. A name is never changed silently:
//! callers choose a scheme, and only [`Escaping::AllowUtf8`] keeps every name as it is.

use std::borrow::Cow;

#[cfg(test)]
mod tests;

/// How names outside `[a-zA-Z_:][a-zA-Z0-9_:]*` are spelled, as the `escaping` parameter of a
/// content type says it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Escaping {
    /// `allow-utf-8`: names stay as they are, quoted where they must be.
    AllowUtf8,
    /// `underscores`: each foreign character becomes `_`.
    #[default]
    Underscores,
    /// `dots`: `.` becomes `_dot_`, `_` becomes `__`, other foreign characters `__`.
    Dots,
    /// `values`: `U__` and each foreign character as `_HEX_`; can be undone.
    Values,
}

impl Escaping {
    /// All schemes.
    pub const ALL: [Self; 4] = [Self::AllowUtf8, Self::Underscores, Self::Dots, Self::Values];

    /// The name of the scheme in a content type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllowUtf8 => "allow-utf-8",
            Self::Underscores => "underscores",
            Self::Dots => "dots",
            Self::Values => "values",
        }
    }

    /// The scheme of that name; names are compared exactly, as upstream does.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == name)
    }
}

/// Which names a reader takes.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum NameRules {
    /// Metric names of `[a-zA-Z_:][a-zA-Z0-9_:]*`, label names of the same without colons.
    Classic,
    /// Any name that is not empty. (That it is UTF-8 its type says already.)
    #[default]
    Utf8,
}

impl NameRules {
    /// Whether a metric may be called that.
    pub fn allow_metric(self, name: &str) -> bool {
        match self {
            Self::Classic => is_classic_metric_name(name),
            Self::Utf8 => !name.is_empty(),
        }
    }

    /// Whether a label may be called that.
    pub fn allow_label(self, name: &str) -> bool {
        match self {
            Self::Classic => is_classic_label_name(name),
            Self::Utf8 => !name.is_empty(),
        }
    }
}

/// Whether a byte may stand in a classic name: first, later, or only in metric names.
pub(crate) const START: u8 = 1;
/// See [`START`].
pub(crate) const CONTINUE: u8 = 2;
/// See [`START`]: the colon, which labels may not have.
pub(crate) const METRIC_ONLY: u8 = 4;

/// What each byte may be in a classic name, as a set of [`START`], [`CONTINUE`] and [`METRIC_ONLY`].
pub(crate) const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => START | CONTINUE,
            b'0'..=b'9' => CONTINUE,
            b':' => METRIC_ONLY,
            _ => 0,
        };
        byte += 1;
    }
    class
};

/// Whether `name` is a metric name of the classic alphabet.
pub fn is_classic_metric_name(name: &str) -> bool {
    is_classic(name.as_bytes(), METRIC_ONLY)
}

/// Whether `name` is a label name of the classic alphabet.
pub fn is_classic_label_name(name: &str) -> bool {
    is_classic(name.as_bytes(), 0)
}

fn is_classic(name: &[u8], also: u8) -> bool {
    match name {
        [] => false,
        [first, rest @ ..] => {
            CLASS[usize::from(*first)] & (START | also) != 0
                && rest
                    .iter()
                    .all(|&byte| CLASS[usize::from(byte)] & (CONTINUE | also) != 0)
        }
    }
}

/// Spells a metric name for a page written under a scheme, as `model.EscapeMetricFamily` does: a
/// classic name stays as it is whatever the scheme, every other name is [`escape`]d.
pub fn spell(name: &str, escaping: Escaping) -> Cow<'_, str> {
    if escaping == Escaping::AllowUtf8 || is_classic_metric_name(name) {
        return Cow::Borrowed(name);
    }
    escape(name, escaping)
}

/// Spells a label name for a page written under a scheme.
///
/// Unlike upstream, which measures label names by the metric alphabet, a colon is foreign here: left
/// alone, one label called `a:b` would make Prometheus refuse the whole page.
pub fn spell_label(name: &str, escaping: Escaping) -> Cow<'_, str> {
    if escaping == Escaping::AllowUtf8 || name.is_empty() || is_classic_label_name(name) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(replace_foreign(name, escaping, 0))
}

/// Spells `name` under a scheme, as `model.EscapeName` of prometheus/common does.
///
/// [`Escaping::Dots`] changes classic names as well (`a_b` becomes `a__b`); pages want [`spell`].
pub fn escape(name: &str, escaping: Escaping) -> Cow<'_, str> {
    let untouched = match escaping {
        Escaping::AllowUtf8 => true,
        Escaping::Underscores | Escaping::Values => name.is_empty() || is_classic_metric_name(name),
        Escaping::Dots => name.is_empty(),
    };
    if untouched {
        return Cow::Borrowed(name);
    }
    Cow::Owned(replace_foreign(name, escaping, METRIC_ONLY))
}

/// Replaces the characters that are not of the classic label alphabet, nor of the class `also`.
fn replace_foreign(name: &str, escaping: Escaping, also: u8) -> String {
    let mut out = String::with_capacity(name.len() + 16);
    if escaping == Escaping::Values {
        out.push_str("U__");
    }
    for (at, character) in name.char_indices() {
        // Upstream asks for the position in bytes: a digit is foreign only as the very first byte.
        let classic = matches!(character, 'a'..='z' | 'A'..='Z' | '_')
            || (at > 0 && character.is_ascii_digit())
            || (character == ':' && also == METRIC_ONLY);
        match (escaping, character) {
            (Escaping::Dots | Escaping::Values, '_') => out.push_str("__"),
            (Escaping::Dots, '.') => out.push_str("_dot_"),
            _ if classic => out.push(character),
            (Escaping::Values, _) => out.push_str(&format!("_{:x}_", u32::from(character))),
            (Escaping::Dots, _) => out.push_str("__"),
            _ => out.push('_'),
        }
    }
    out
}

/// Undoes [`Escaping::Values`], as `model.UnescapeName` does: a name that is not a valid escaped
/// spelling comes back unchanged.
pub fn unescape_values(name: &str) -> Cow<'_, str> {
    match name.strip_prefix("U__") {
        Some(escaped) => decode_values(escaped).map_or(Cow::Borrowed(name), Cow::Owned),
        None => Cow::Borrowed(name),
    }
}

/// `__` is an underscore, `_HEX_` a character, anything else itself; `None` where that does not fit.
fn decode_values(escaped: &str) -> Option<String> {
    let mut out = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(at) = rest.find('_') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find('_')?;
        let hex = &rest[..end];
        if hex.is_empty() {
            out.push('_');
        } else {
            out.push(decode_character(hex)?);
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// Upstream stops after five digits, so characters from U+100000 on cannot be undone.
fn decode_character(hex: &str) -> Option<char> {
    if hex.len() > 5 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)
}
