//! Which names are valid, and how a name is spelled for a reader that knows only the classic alphabet.

use std::borrow::Cow;

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

/// Whether `name` is a metric name of the classic alphabet.
pub fn is_classic_metric_name(name: &str) -> bool {
    let _ = name;
    todo!()
}

/// Whether `name` is a label name of the classic alphabet.
pub fn is_classic_label_name(name: &str) -> bool {
    let _ = name;
    todo!()
}

/// Spells `name` under a scheme, as `model.EscapeName` of prometheus/common does.
pub fn escape(name: &str, escaping: Escaping) -> Cow<'_, str> {
    let _ = (name, escaping);
    todo!()
}

/// Undoes [`Escaping::Values`], as `model.UnescapeName` does: a name that is not a valid escaped
/// spelling comes back unchanged.
pub fn unescape_values(name: &str) -> Cow<'_, str> {
    let _ = name;
    todo!()
}
