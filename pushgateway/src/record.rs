//! The record of one family in the store; [`crate::store`] describes it.

use promontory_exposition::Kind;

use crate::family::{Origin, PushedFamily};
use crate::group::GroupingKey;
use crate::ingest::make_ready;
use crate::shape::{self, Shape};
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
const TOO_SHORT: &str = "too short";

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

/// Reads records back. It knows the last group, since the records of a group mostly follow each other: its families
/// then share one key.
#[derive(Default)]
pub(crate) struct Reader {
    group: Option<(Vec<u8>, GroupingKey)>,
}

impl Reader {
    /// Reads a record.
    ///
    /// # Errors
    /// [`StoreError::Read`] naming the record, where it is none of ours.
    pub(crate) fn read(&mut self, key: &[u8], value: &[u8]) -> Result<PushedFamily, StoreError> {
        self.try_read(key, value).map_err(|why| {
            StoreError::Read(format!("record {:?}: {why}", String::from_utf8_lossy(key)))
        })
    }

    fn try_read(&mut self, key: &[u8], value: &[u8]) -> Result<PushedFamily, String> {
        // An empty label value makes two marks in a row as well; the last pair is the end of the group.
        let split = key.windows(2).rposition(|pair| pair == [0xFF, 0xFF]);
        let split = split.ok_or("no end of the group")?;
        let group = self.key(&key[..=split]).ok_or("not a grouping key")?;
        let (version, rest) = value.split_first().ok_or(TOO_SHORT)?;
        let (time, rest) = rest.split_first_chunk().ok_or(TOO_SHORT)?;
        let at = UnixNanos(i64::from_le_bytes(*time));
        let (origin, unsaid) = match *version {
            WHOLE | SHAPED => (Origin::Classic, None),
            OPENMETRICS => (Origin::OpenMetrics, None),
            OPENMETRICS_INFO => (Origin::OpenMetrics, Some(Kind::Info)),
            OPENMETRICS_STATE_SET => (Origin::OpenMetrics, Some(Kind::StateSet)),
            _ => return Err("written by another version".to_owned()),
        };
        let said = Said {
            group,
            origin,
            unsaid,
            at,
        };
        match *version {
            WHOLE => said.read_family(rest, []),
            _ => said.read_shaped(rest),
        }
    }

    fn key(&mut self, bytes: &[u8]) -> Option<GroupingKey> {
        if let Some((_, key)) = self.group.as_ref().filter(|(last, _)| last == bytes) {
            return Some(key.clone());
        }
        let key = GroupingKey::from_bytes(bytes)?;
        self.group = Some((bytes.to_vec(), key.clone()));
        Some(key)
    }
}

/// What a record says before the family.
struct Said {
    group: GroupingKey,
    origin: Origin,
    /// The type, where the family's protobuf does not say it.
    unsaid: Option<Kind>,
    at: UnixNanos,
}

impl Said {
    fn read_shaped(&self, rest: &[u8]) -> Result<PushedFamily, String> {
        let (length, rest) = rest.split_first_chunk().ok_or(TOO_SHORT)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (bytes, numbers) = rest.split_at_checked(length).ok_or(TOO_SHORT)?;
        let (numbers, []) = numbers.as_chunks() else {
            return Err("half a number at its end".to_owned());
        };
        let column = numbers.iter().map(|number| u64::from_le_bytes(*number));
        match Shape::find(self.unsaid, bytes, numbers.len(), &self.group) {
            Some(shape) => {
                let column = column.collect();
                Ok(PushedFamily::shaped(
                    &self.group,
                    shape,
                    column,
                    self.origin,
                    self.at,
                ))
            }
            None => self.read_family(bytes, column),
        }
    }

    fn read_family(
        &self,
        bytes: &[u8],
        column: impl IntoIterator<Item = u64>,
    ) -> Result<PushedFamily, String> {
        let mut family = shape::read(bytes, column).map_err(|error| error.to_string())?;
        family.kind = self.unsaid.unwrap_or(family.kind);
        make_ready(&self.group, family, self.origin, self.at).map_err(|refusal| refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use promontory_exposition::model::{Counter, Timestamp};
    use promontory_exposition::{Family, Label, Metric, Value, format};

    use super::*;
    use crate::shape::ENCODED;

    fn counter(value: f64) -> Family<'static> {
        let mut family = Family::new("f_total", Kind::Counter);
        family.metrics.push(Metric {
            labels: vec![Label::new("instance", "")],
            value: Value::Counter(Counter {
                value,
                exemplar: None,
                created: Some(Timestamp {
                    seconds: 1_700_000_000,
                    nanos: 5,
                }),
            }),
            timestamp_ms: None,
        });
        family
    }

    /// Earlier builds left created times in the shape.
    #[test]
    fn a_created_time_in_the_shape_is_read() {
        let group = GroupingKey::from_labels(vec![Label::new("job", "j")]);
        let mut shape = Vec::new();
        // Where a number was taken out stands a 1.
        format::write(ENCODED, &[counter(1.0)], &mut shape).unwrap();
        let mut old = vec![SHAPED];
        old.extend_from_slice(&7_i64.to_le_bytes());
        old.extend_from_slice(&(shape.len() as u32).to_le_bytes());
        old.extend_from_slice(&shape);
        old.extend_from_slice(&2.5_f64.to_le_bytes());
        let name = key(&group, "f_total");
        let read = Reader::default().read(&name, &old).unwrap();
        let again = Reader::default().read(&name, &value(&read)).unwrap();
        for read in [read, again] {
            let metric = read.own_metric(0).unwrap();
            assert_eq!(metric, counter(2.5).metrics[0]);
        }
    }
}
