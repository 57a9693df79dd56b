//! The protobuf text formats, for people: `encoding=text` and `encoding=compact-text`. Write only.

use crate::error::WriteError;
use crate::model::{Header, Label, Value};
use crate::name::Escaping;

/// How the text is laid out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Layout {
    /// One field a line, indented.
    Lines,
    /// One family a line.
    OneLine,
}

/// A family that is still open.
#[must_use = "a family that is not ended leaves an invalid page"]
#[derive(Debug)]
pub struct Open {
    layout: Layout,
    unit: Box<str>,
}

/// Starts a family: name, help and type.
pub fn begin(layout: Layout, header: Header<'_>, escaping: Escaping, out: &mut Vec<u8>) -> Open {
    let _ = (escaping, out);
    Open {
        layout,
        unit: header.unit.into(),
    }
}

/// Ends a family.
pub fn end(open: Open, out: &mut Vec<u8>) {
    let _ = (open.layout, open.unit, out);
}

/// Writes one `metric` field.
///
/// # Errors
/// [`WriteError::KindMismatch`]; nothing is written then.
pub fn metric(
    layout: Layout,
    header: Header<'_>,
    labels: &[Label<'_>],
    value: &Value<'_>,
    timestamp_ms: Option<i64>,
    escaping: Escaping,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    let _ = (layout, header, labels, value, timestamp_ms, escaping, out);
    todo!()
}
