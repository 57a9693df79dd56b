//! What a line can say, as values that borrow from the body and the reader's buffers.

use std::borrow::Cow;

use crate::model::{Kind, Label, Timestamp};

/// A line that says something. Others do not exist: blank lines and comments are errors.
#[derive(Debug, PartialEq)]
pub enum Line<'a, 'r> {
    /// `# HELP name text`
    Help {
        /// The name of the family, without `_total` or `_info`.
        name: Cow<'a, str>,
        /// The text, unescaped.
        text: Cow<'a, str>,
    },
    /// `# TYPE name kind`
    Type {
        /// The name of the family, without `_total` or `_info`.
        name: Cow<'a, str>,
        /// The type; `unknown` is [`Kind::Untyped`].
        kind: Kind,
    },
    /// `# UNIT name unit`
    Unit {
        /// The name of the family, which ends with the unit.
        name: Cow<'a, str>,
        /// The unit, perhaps empty.
        unit: &'a str,
    },
    /// `name{label="value"} 1.0 1.5 # {trace_id="x"} 0.5 1.4`
    Sample(Sample<'a, 'r>),
}

/// One sample line.
#[derive(Debug, PartialEq)]
pub struct Sample<'a, 'r> {
    /// The name as it stands, with its suffix.
    pub name: Cow<'a, str>,
    /// The labels in the order of the line; no name stands twice.
    pub labels: &'r [Label<'a>],
    /// The value.
    pub value: f64,
    /// Milliseconds since the epoch; what is finer is cut off, as Prometheus does.
    pub timestamp_ms: Option<i64>,
    /// What stands behind ` # `.
    pub exemplar: Option<ExemplarPart<'a, 'r>>,
}

/// The exemplar of a sample line.
#[derive(Debug, PartialEq)]
pub struct ExemplarPart<'a, 'r> {
    /// Its labels, perhaps none.
    pub labels: &'r [Label<'a>],
    /// The observed value.
    pub value: f64,
    /// When it was observed.
    pub timestamp: Option<Timestamp>,
}
