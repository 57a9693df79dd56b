//! Families to text 0.0.4, as `expfmt.MetricFamilyToText` writes them.

use crate::error::WriteError;
use crate::model::{Header, Label, Value};
use crate::name::Escaping;

/// Starts a family: HELP and TYPE.
pub fn begin(header: Header<'_>, escaping: Escaping, out: &mut Vec<u8>) {
    let _ = (header, escaping, out);
    todo!()
}

/// Writes the lines of one metric.
///
/// # Errors
/// See [`WriteError`]; nothing is written then.
pub fn metric(
    header: Header<'_>,
    labels: &[Label<'_>],
    value: &Value<'_>,
    timestamp_ms: Option<i64>,
    escaping: Escaping,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    let _ = (header, labels, value, timestamp_ms, escaping, out);
    todo!()
}
