//! Single metrics of a shape, read without the others: a family may have a million.

use std::ops::Range;

use promontory_exposition::{Family, Metric, ReadError, protobuf};

use super::size::page_bytes;
use super::{Shape, UNBOUNDED, numbers};

/// Bytes of a number and the end of its line, about.
const END_BYTES: usize = 8;

/// Where one metric of a shape is.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// In the shape's bytes.
    byte: u32,
    /// Its first number, in a column.
    number: u32,
}

impl Shape {
    /// One metric with its own labels and the numbers of a column: the one that was pushed as so manieth.
    ///
    /// # Errors
    /// None in practice: the bytes are our own.
    pub(crate) fn metric(&self, pushed: usize, column: &[u64]) -> Result<Metric<'_>, ReadError> {
        let at = self.metrics.get(pushed);
        let at = at.ok_or_else(|| ReadError::new("no such metric"))?;
        let bytes = &self.bytes[at.byte as usize..];
        let mut metric = protobuf::read_metric(bytes, self.kind, &UNBOUNDED)?;
        let column = column.get(at.number as usize..).unwrap_or_default();
        numbers::put_in(&mut metric, &mut column.iter().copied());
        Ok(metric)
    }

    /// The first number of each metric, in the order they were pushed in.
    pub(crate) fn first_numbers(&self, column: &[u64]) -> impl Iterator<Item = u64> {
        let number = |at: &At| column.get(at.number as usize).copied();
        self.metrics.iter().filter_map(number)
    }

    /// How many bytes the metrics at some places have on a page, about, with so many bytes of grouping values in each line.
    pub(crate) fn page_bytes(&self, places: Range<usize>, key_bytes: usize) -> usize {
        if let Some(template) = &self.template {
            let (bytes, lines) = template.size_of(places.clone());
            // Exemplars are not in the lines.
            let encoded = places.map(|place| self.encoded_bytes(self.order.pushed(place)));
            return encoded.sum::<usize>().max(bytes) + lines * (key_bytes + END_BYTES);
        }
        let bytes = |place| match self.metric(self.order.pushed(place), &[]) {
            Ok(metric) => page_bytes(&self.name, &metric) + key_bytes,
            Err(_) => 0,
        };
        places.map(bytes).sum()
    }

    /// How many of the shape's bytes are a metric's.
    fn encoded_bytes(&self, pushed: usize) -> usize {
        let start = |at: &At| at.byte as usize;
        let end = self.metrics.get(pushed + 1).map_or(self.bytes.len(), start);
        end - self.metrics.get(pushed).map_or(end, start)
    }
}

/// Where the metrics of a family are in its bytes and in its column.
pub(super) fn places(family: &Family<'_>, bytes: &[u8]) -> Box<[At]> {
    // Bytes just written are readable; if they were not, each page would fail naming the family.
    let starts = protobuf::metric_starts(bytes).unwrap_or_default();
    let mut number = 0;
    let places = starts.iter().zip(&family.metrics).map(|(byte, metric)| {
        let at = At {
            // Both are bounded by what `spell` checks.
            byte: *byte as u32,
            number: number as u32,
        };
        number += numbers::count(metric);
        at
    });
    places.collect()
}
