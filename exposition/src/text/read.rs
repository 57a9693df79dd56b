//! Lines to families, as `expfmt.TextParser` puts them together.

use crate::error::ReadError;
use crate::format::Limits;
use crate::model::Family;
use crate::name::NameRules;

/// Reads a whole body.
///
/// Families come in the order in which their first line stands; those without samples are dropped.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn read<'a>(
    bytes: &'a [u8],
    names: NameRules,
    limits: &Limits,
) -> Result<Vec<Family<'a>>, ReadError> {
    let _ = (bytes, names, limits);
    todo!()
}
