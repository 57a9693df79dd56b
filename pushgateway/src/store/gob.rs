//! The file of the program we replace: one Go gob of `map[string]MetricGroup` (`storage/interface.go` of
//! prometheus/pushgateway since 1.0), read once. Pure; `crate::migrate` makes records of it.
//!
//! A gob (see the documentation of Go's `encoding/gob`) is a sequence of messages, each with its length in front: some
//! define types by number, the last one is the value. Only the one type is read. Fields are found by name:
//!
//! ```text
//! map[string]struct {
//!     Labels  map[string]string
//!     Metrics map[string]struct {
//!         Timestamp            time.Time      // Go's binary form
//!         GobbableMetricFamily *MetricFamily  // protobuf
//!     }
//! }
//! ```
//!
//! Everything read is borrowed from the file's bytes, and no length is believed that goes beyond them.

#[cfg(test)]
mod tests;
mod types;
mod wire;

use types::{Plan, Types};
use wire::Reader;

/// Why bytes are no such file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct GobError(&'static str);

type Result<T> = std::result::Result<T, GobError>;

/// A group as the other program kept it.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct OldGroup<'a> {
    /// Its grouping labels, in no order.
    pub(crate) labels: Vec<(&'a [u8], &'a [u8])>,
    /// Its families, in no order.
    pub(crate) families: Vec<OldFamily<'a>>,
}

/// A family as the other program kept it.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct OldFamily<'a> {
    /// The name it is kept under.
    pub(crate) name: &'a [u8],
    /// When it was pushed, in nanoseconds since the epoch; 0 where that cannot be said.
    pub(crate) pushed_at: i64,
    /// An `io.prometheus.client.MetricFamily`.
    pub(crate) encoded: &'a [u8],
}

/// Whether a file that begins so may be one; foreign files do not.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let Ok(mut message) = reader.message() else {
        return false;
    };
    Types::default()
        .define_from(&mut message)
        .is_ok_and(|defined| defined)
}

/// Reads the whole file.
///
/// # Errors
/// It is cut off, or not of that type.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<OldGroup<'_>>> {
    let mut reader = Reader::new(bytes);
    let mut types = Types::default();
    loop {
        let mut message = reader.message()?;
        if types.define_from(&mut message)? {
            continue;
        }
        let plan = types.plan(message.int()?)?;
        // A value that is no struct has a zero in front.
        if message.uint()? != 0 {
            return Err(GobError("the value is not a map"));
        }
        let groups = map(&mut message, |_, reader| read_group(reader, &plan))?;
        return match (message.is_empty(), reader.is_empty()) {
            (true, true) => Ok(groups),
            _ => Err(GobError("there is something behind the value")),
        };
    }
}

/// The elements of a map with text keys.
fn map<'a, T>(
    reader: &mut Reader<'a>,
    mut element: impl FnMut(&'a [u8], &mut Reader<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = reader.uint()?;
    // Not with that capacity: the number is only believed as far as there are bytes.
    let mut elements = Vec::new();
    for _ in 0..count {
        let key = reader.bytes()?;
        elements.push(element(key, reader)?);
    }
    Ok(elements)
}

fn read_group<'a>(reader: &mut Reader<'a>, plan: &Plan) -> Result<OldGroup<'a>> {
    let mut group = OldGroup::default();
    reader.fields(|field, reader| {
        if field == plan.labels {
            group.labels = map(reader, |name, reader| Ok((name, reader.bytes()?)))?;
        } else if field == plan.metrics {
            group.families = map(reader, |name, reader| read_family(name, reader, plan))?;
        } else {
            return Err(GobError("a group has an unknown field"));
        }
        Ok(())
    })?;
    Ok(group)
}

fn read_family<'a>(name: &'a [u8], reader: &mut Reader<'a>, plan: &Plan) -> Result<OldFamily<'a>> {
    let mut family = OldFamily {
        name,
        ..OldFamily::default()
    };
    reader.fields(|field, reader| {
        if field == plan.timestamp {
            family.pushed_at = read_time(reader.bytes()?)?;
        } else if field == plan.family {
            family.encoded = reader.bytes()?;
        } else {
            return Err(GobError("a family has an unknown field"));
        }
        Ok(())
    })?;
    Ok(family)
}

/// Seconds from the first of January of the year 1, where Go's times begin, to 1970.
const EPOCH: i64 = 62_135_596_800;

/// Go's binary form of a time: a version, seconds since year 1, nanoseconds, and its zone, which is of no interest.
fn read_time(bytes: &[u8]) -> Result<i64> {
    let broken = GobError("a time is broken");
    let (1 | 2, Some(seconds), Some(nanos)) = (
        *bytes.first().ok_or(broken.clone())?,
        bytes.get(1..9).and_then(|part| part.try_into().ok()),
        bytes.get(9..13).and_then(|part| part.try_into().ok()),
    ) else {
        return Err(broken);
    };
    let seconds = i64::from_be_bytes(seconds).checked_sub(EPOCH);
    let nanos = i64::from(i32::from_be_bytes(nanos));
    // Go's zero time is long before what nanoseconds can say: never.
    Ok(seconds
        .filter(|seconds| *seconds >= 0)
        .and_then(|seconds| seconds.checked_mul(1_000_000_000)?.checked_add(nanos))
        .unwrap_or(0))
}
