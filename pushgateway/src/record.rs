//! The record of one family in the store; [`crate::store`] describes it.

use promontory_exposition::format::read;
use promontory_exposition::{Format, Kind};

use crate::family::{Origin, PushedFamily, UNBOUNDED};
use crate::group::GroupingKey;
use crate::ingest::{Ready, make_ready};
use crate::store::StoreError;
use crate::time::UnixNanos;

/// The first byte of every value: its layout, the way the family was pushed, and its type where protobuf has none.
const CLASSIC: u8 = 1;
const OPENMETRICS: u8 = 2;
const OPENMETRICS_INFO: u8 = 3;
const OPENMETRICS_STATE_SET: u8 = 4;
const HEADER: usize = 9;

/// The key of a family's record.
pub(crate) fn key(group: &GroupingKey, family: &str) -> Vec<u8> {
    let mut key = group.to_bytes();
    key.push(0xFF);
    key.extend_from_slice(family.as_bytes());
    key
}

/// The value of a family's record.
pub(crate) fn value(family: &PushedFamily, encoded: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEADER + encoded.len());
    value.push(match (family.origin, family.kind) {
        (Origin::Classic, _) => CLASSIC,
        (Origin::OpenMetrics, Kind::Info) => OPENMETRICS_INFO,
        (Origin::OpenMetrics, Kind::StateSet) => OPENMETRICS_STATE_SET,
        (Origin::OpenMetrics, _) => OPENMETRICS,
    });
    value.extend_from_slice(&family.pushed_at().0.to_le_bytes());
    value.extend_from_slice(encoded);
    value
}

/// How the family of a record was pushed, and the type that its protobuf form does not say; `None` where another
/// version wrote it.
fn origin(first: u8) -> Option<(Origin, Option<Kind>)> {
    Some(match first {
        CLASSIC => (Origin::Classic, None),
        OPENMETRICS => (Origin::OpenMetrics, None),
        OPENMETRICS_INFO => (Origin::OpenMetrics, Some(Kind::Info)),
        OPENMETRICS_STATE_SET => (Origin::OpenMetrics, Some(Kind::StateSet)),
        _ => return None,
    })
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
    let (first, time) = header.split_first().ok_or_else(|| broken("too short"))?;
    let (origin, kind) = origin(*first).ok_or_else(|| broken("written by another version"))?;
    let at = UnixNanos(i64::from_le_bytes(
        time.try_into().map_err(|_| broken("too short"))?,
    ));
    let mut families =
        read(Format::Protobuf, encoded, &UNBOUNDED).map_err(|error| broken(&error.to_string()))?;
    let [family] = &mut families[..] else {
        return Err(broken("not one family"));
    };
    family.kind = kind.unwrap_or(family.kind);
    let mut ready =
        make_ready(&group, family, origin, at).map_err(|refusal| broken(&refusal.to_string()))?;
    ready.record = Vec::new();
    Ok(ready)
}

impl Ready {
    /// The whole value for the store.
    pub(crate) fn into_value(self) -> Vec<u8> {
        value(&self.family, &self.record)
    }
}
