//! The record of one family in the store; [`crate::store`] describes it.

use promontory_exposition::{Family, Kind};

use crate::family::{Origin, PushedFamily};
use crate::group::GroupingKey;
use crate::ingest::make_ready;
use crate::shape;
use crate::store::StoreError;
use crate::time::UnixNanos;

/// The first byte of a value: the rest is the time and the family in protobuf, as earlier builds wrote it.
const WHOLE: u8 = 1;
/// The first byte of a value: the rest is the time, the length of the shape, the shape, and the numbers.
const SHAPED: u8 = 2;
/// As [`SHAPED`], of a family that was pushed as OpenMetrics; the next two have types that protobuf does not say.
const OPENMETRICS: u8 = 3;
const OPENMETRICS_INFO: u8 = 4;
const OPENMETRICS_STATE_SET: u8 = 5;

/// The key of a family's record.
pub(crate) fn key(group: &GroupingKey, family: &str) -> Vec<u8> {
    let mut key = group.to_bytes();
    key.push(0xFF);
    key.extend_from_slice(family.as_bytes());
    key
}

/// The value of a family's record.
pub(crate) fn value(family: &PushedFamily) -> Vec<u8> {
    let shape = family.shape.bytes();
    let mut value = Vec::with_capacity(13 + shape.len() + 8 * family.column.len());
    value.push(match (family.origin, family.kind()) {
        (Origin::Classic, _) => SHAPED,
        (Origin::OpenMetrics, Kind::Info) => OPENMETRICS_INFO,
        (Origin::OpenMetrics, Kind::StateSet) => OPENMETRICS_STATE_SET,
        (Origin::OpenMetrics, _) => OPENMETRICS,
    });
    value.extend_from_slice(&family.pushed_at().0.to_le_bytes());
    // Bodies are bounded far below 4 GiB; a longer shape would be refused when it is read.
    let length = u32::try_from(shape.len()).unwrap_or(u32::MAX);
    value.extend_from_slice(&length.to_le_bytes());
    value.extend_from_slice(shape);
    for number in &family.column {
        value.extend_from_slice(&number.to_le_bytes());
    }
    value
}

/// Reads a record back.
///
/// # Errors
/// [`StoreError::Read`] naming the record, where it is none of ours.
pub(crate) fn read_record(key: &[u8], value: &[u8]) -> Result<PushedFamily, StoreError> {
    let broken =
        |why: &str| StoreError::Read(format!("record {:?}: {why}", String::from_utf8_lossy(key)));
    // An empty label value makes two marks in a row as well; the last pair is the end of the group.
    let split = key.windows(2).rposition(|pair| pair == [0xFF, 0xFF]);
    let split = split.ok_or_else(|| broken("no end of the group"))?;
    let group =
        GroupingKey::from_bytes(&key[..=split]).ok_or_else(|| broken("not a grouping key"))?;
    let (version, rest) = value.split_first().ok_or_else(|| broken("too short"))?;
    let (time, rest) = rest
        .split_first_chunk()
        .ok_or_else(|| broken("too short"))?;
    let at = UnixNanos(i64::from_le_bytes(*time));
    let mut family = match *version {
        WHOLE => shape::read(rest, []).map_err(|error| broken(&error.to_string()))?,
        SHAPED..=OPENMETRICS_STATE_SET => read_shaped(rest).map_err(|why| broken(&why))?,
        _ => return Err(broken("written by another version")),
    };
    let origin = match *version {
        OPENMETRICS..=OPENMETRICS_STATE_SET => Origin::OpenMetrics,
        _ => Origin::Classic,
    };
    match *version {
        OPENMETRICS_INFO => family.kind = Kind::Info,
        OPENMETRICS_STATE_SET => family.kind = Kind::StateSet,
        _ => {}
    }
    make_ready(&group, family, origin, at).map_err(|refusal| broken(&refusal.to_string()))
}

fn read_shaped(rest: &[u8]) -> Result<Family<'_>, String> {
    let too_short = || "too short".to_owned();
    let (length, rest) = rest.split_first_chunk().ok_or_else(too_short)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (shape, numbers) = rest.split_at_checked(length).ok_or_else(too_short)?;
    let (numbers, []) = numbers.as_chunks() else {
        return Err("half a number at its end".to_owned());
    };
    let numbers = numbers.iter().map(|number| u64::from_le_bytes(*number));
    shape::read(shape, numbers).map_err(|error| error.to_string())
}
