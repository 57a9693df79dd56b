//! The record of one family in the store; [`crate::store`] describes it.

use promontory_exposition::Format;
use promontory_exposition::format::read;

use crate::family::UNBOUNDED;
use crate::group::GroupingKey;
use crate::ingest::{Ready, make_ready};
use crate::store::StoreError;
use crate::time::UnixNanos;

/// The first byte of every value.
const VERSION: u8 = 1;
const HEADER: usize = 9;

/// The key of a family's record.
pub(crate) fn key(group: &GroupingKey, family: &str) -> Vec<u8> {
    let mut key = group.to_bytes();
    key.push(0xFF);
    key.extend_from_slice(family.as_bytes());
    key
}

/// The value of a family's record.
pub(crate) fn value(pushed_at: UnixNanos, encoded: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEADER + encoded.len());
    value.push(VERSION);
    value.extend_from_slice(&pushed_at.0.to_le_bytes());
    value.extend_from_slice(encoded);
    value
}

/// Reads a record back; the record itself is not kept.
///
/// # Errors
/// [`StoreError::Read`] naming the record, where it is none of ours.
pub(crate) fn read_record(key: &[u8], value: &[u8]) -> Result<Ready, StoreError> {
    let broken =
        |why: &str| StoreError::Read(format!("record {:?}: {why}", String::from_utf8_lossy(key)));
    // An empty label value makes two marks in a row as well; the last pair is the end of the group.
    let split = key.windows(2).rposition(|pair| pair == [0xFF, 0xFF]);
    let split = split.ok_or_else(|| broken("no end of the group"))?;
    let group =
        GroupingKey::from_bytes(&key[..=split]).ok_or_else(|| broken("not a grouping key"))?;
    let (header, encoded) = value
        .split_at_checked(HEADER)
        .ok_or_else(|| broken("too short"))?;
    let Some((&VERSION, time)) = header.split_first() else {
        return Err(broken("written by another version"));
    };
    let at = UnixNanos(i64::from_le_bytes(
        time.try_into().map_err(|_| broken("too short"))?,
    ));
    let families =
        read(Format::Protobuf, encoded, &UNBOUNDED).map_err(|error| broken(&error.to_string()))?;
    let [family] = &families[..] else {
        return Err(broken("not one family"));
    };
    let mut ready =
        make_ready(&group, family, at).map_err(|refusal| broken(&refusal.to_string()))?;
    ready.record = Vec::new();
    Ok(ready)
}

impl Ready {
    /// The whole value for the store.
    pub(crate) fn into_value(self) -> Vec<u8> {
        value(self.family.pushed_at(), &self.record)
    }
}
