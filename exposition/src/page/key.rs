//! Sort keys: label values spelled so that comparing bytes is comparing metrics.

use std::ops::Range;
use std::sync::Arc;

/// Where a metric stands among its siblings: byte order of keys is the order on a page.
///
/// Cheap to clone: the bytes are shared.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SortKey(Arc<[u8]>);

impl SortKey {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes to compare.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Appends the key of a metric: the number of labels, their values in the order of their names,
/// the timestamp (none, which means now, comes last).
///
/// Each value ends with a zero byte, so a value stands before those it is a prefix of. Zero and one
/// within a value become two bytes each, which keeps their order.
pub(crate) fn put<'v>(
    values: impl Iterator<Item = &'v str>,
    timestamp_ms: Option<i64>,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.extend_from_slice(&[0; 2]);
    let mut count = 0u16;
    for value in values {
        count = count.saturating_add(1);
        if value.bytes().all(|byte| byte > 1) {
            out.extend_from_slice(value.as_bytes());
        } else {
            for byte in value.bytes() {
                match byte {
                    0 => out.extend_from_slice(&[1, 1]),
                    1 => out.extend_from_slice(&[1, 2]),
                    _ => out.push(byte),
                }
            }
        }
        out.push(0);
    }
    out[start..start + 2].copy_from_slice(&count.to_be_bytes());
    if let Some(timestamp) = timestamp_ms {
        out.push(0);
        // Flipping the sign bit puts negative times before positive ones.
        out.extend_from_slice(&((timestamp as u64) ^ (1 << 63)).to_be_bytes());
    } else {
        out.push(1);
    }
}

/// The keys of many metrics in one buffer.
#[derive(Default)]
pub(super) struct Arena {
    bytes: Vec<u8>,
    keys: Vec<Range<usize>>,
}

impl Arena {
    pub(super) fn push<'v>(
        &mut self,
        values: impl Iterator<Item = &'v str>,
        timestamp_ms: Option<i64>,
    ) {
        let start = self.bytes.len();
        put(values, timestamp_ms, &mut self.bytes);
        self.keys.push(start..self.bytes.len());
    }

    pub(super) fn get(&self, at: usize) -> &[u8] {
        &self.bytes[self.keys[at].clone()]
    }

    /// The positions of the keys in sorted order; equal keys keep the order they came in.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<_> = (0..self.keys.len()).collect();
        if !order.is_sorted_by(|&a, &b| self.get(a) <= self.get(b)) {
            order.sort_by(|&a, &b| self.get(a).cmp(self.get(b)));
        }
        order
    }
}
