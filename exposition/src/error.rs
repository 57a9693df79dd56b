//! Why bytes could not be read, or values not be written.

use std::fmt;

/// What the readers give.
pub(crate) type Result<T> = std::result::Result<T, ReadError>;

/// Why a body could not be read, and where.
///
/// Every reader fills in as much of the place as it knows; `Display` prints
/// `line 3, family "x", label "le": message`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ReadError {
    /// The line, counted from 1, in the line-based formats.
    pub line: Option<usize>,
    /// The family or metric name at hand.
    pub family: Option<String>,
    /// The label at hand.
    pub label: Option<String>,
    /// What is wrong, as the end of a sentence: `expected float as value, got "x"`.
    pub message: String,
    /// Whether the bytes keep to the grammar of the format to their end, and only say what no family
    /// can hold. A Go program would fail on such a body later, when it checks what it read; a
    /// gateway that marks groups whose push failed needs to know.
    pub well_formed: bool,
    /// Whether what is wrong is that a metric has more labels than
    /// [`Limits::labels`](crate::format::Limits::labels) allows.
    pub too_many_labels: bool,
}

impl ReadError {
    /// An error of a body that is well-formed: see [`ReadError::well_formed`].
    pub fn of_content(message: impl Into<String>) -> Self {
        Self {
            well_formed: true,
            ..Self::new(message)
        }
    }

    /// An error of a metric with more than `labels_max` labels.
    pub(crate) fn of_labels(labels_max: usize) -> Self {
        Self {
            too_many_labels: true,
            ..Self::new(format!("a metric has more than {labels_max} labels"))
        }
    }

    /// An error whose place is not known yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            separator = ", ";
        }
        if let Some(family) = &self.family {
            write!(f, "{separator}family {family:?}")?;
            separator = ", ";
        }
        if let Some(label) = &self.label {
            write!(f, "{separator}label {label:?}")?;
            separator = ", ";
        }
        if !separator.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// Why a family could not be written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WriteError {
    /// A metric's value is not of the kind its family declares.
    #[error("family {family:?} is a {kind}, but one of its metrics holds another kind of value")]
    KindMismatch {
        /// The family.
        family: String,
        /// What the family declares.
        kind: crate::Kind,
    },
    /// One name was given two types.
    #[error("family {family:?} is a {first} and a {second}")]
    TwoTypes {
        /// The family.
        family: String,
        /// The type it had first.
        first: crate::Kind,
        /// The type that came later.
        second: crate::Kind,
    },
    /// One series stands in the page twice, or one of its labels does, as names are spelled there.
    #[error("family {family:?} has the series {labels} twice")]
    Duplicate {
        /// The family.
        family: String,
        /// The labels of the series, as `{name="value"}`.
        labels: String,
    },
    /// A label that no metric of the family may have.
    #[error("family {family:?}, label {label:?}: {reason}")]
    Label {
        /// The family.
        family: String,
        /// The label's name.
        label: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The family's name is also a part of another family, or another family's spelling.
    #[error("family {family:?} collides with {other:?}")]
    Collision {
        /// The family.
        family: String,
        /// What it collides with.
        other: String,
    },
    /// The format has no spelling for the value.
    #[error("family {family:?}: {reason}")]
    Unsupported {
        /// The family.
        family: String,
        /// What cannot be spelled.
        reason: &'static str,
    },
    /// The family has no name.
    #[error("a family without a name")]
    NoName,
}
