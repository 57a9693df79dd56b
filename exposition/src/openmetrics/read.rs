//! OpenMetrics to families.

use crate::error::ReadError;
use crate::format::Limits;
use crate::model::Family;

/// Reads a whole body, which must end with `# EOF`.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Vec<Family<'a>>, ReadError> {
    let _ = (bytes, limits);
    todo!()
}
