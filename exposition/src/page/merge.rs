//! Many chunks to one family: copied whole where their ranges are apart, merged where they overlap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Chunk, SortKey};
use crate::encode;
use crate::format::Target;
use crate::model::Header;

/// Writes one family of a page: header, then the chunks merged metric by metric where their ranges
/// overlap, and copied whole where they do not. `chunks` come sorted by [`Chunk::first`].
///
/// Nothing is written where there is no chunk, as no format lists a family without metrics. Metrics
/// with equal keys keep the order of their chunks.
pub fn write_family<'c>(
    target: Target,
    header: Header<'_>,
    chunks: impl IntoIterator<Item = &'c Chunk>,
    out: &mut Vec<u8>,
) {
    let mut chunks = chunks.into_iter().peekable();
    if chunks.peek().is_none() {
        return;
    }
    let open = encode::begin(target, header, out);
    write_chunks(chunks, out);
    encode::end(open, out);
}

fn write_chunks<'c>(chunks: impl Iterator<Item = &'c Chunk>, out: &mut Vec<u8>) {
    // Chunks whose ranges overlap, each with one before it.
    let mut overlapping: Vec<&Chunk> = Vec::new();
    let mut last: Option<&SortKey> = None;
    for chunk in chunks {
        if last.is_some_and(|last| *last <= chunk.first) {
            merge(&overlapping, out);
            overlapping.clear();
            last = None;
        }
        overlapping.push(chunk);
        last = Some(last.map_or(&chunk.last, |last| last.max(&chunk.last)));
    }
    merge(&overlapping, out);
}

fn merge(chunks: &[&Chunk], out: &mut Vec<u8>) {
    if let [only] = chunks {
        out.extend_from_slice(&only.bytes);
        return;
    }
    // A cursor is ordered by its key and then by its chunk's place.
    let mut cursors: BinaryHeap<Reverse<Cursor<'_>>> = chunks
        .iter()
        .enumerate()
        .map(|(place, chunk)| Reverse(Cursor::new(place, chunk)))
        .collect();
    while let Some(mut lowest) = cursors.peek_mut() {
        // `PeekMut` puts the changed cursor back into its place: cheaper than a pop and a push.
        out.extend_from_slice(lowest.0.metric);
        if !lowest.0.advance() {
            std::collections::binary_heap::PeekMut::pop(lowest);
        }
    }
}

/// One chunk while it is merged: the metric at hand and what follows.
struct Cursor<'c> {
    key: Vec<u8>,
    place: usize,
    metric: &'c [u8],
    bytes: &'c [u8],
    index: &'c [u8],
}

impl<'c> Cursor<'c> {
    fn new(place: usize, chunk: &'c Chunk) -> Self {
        let mut cursor = Self {
            key: Vec::new(),
            place,
            metric: &[],
            bytes: &chunk.bytes,
            index: &chunk.index,
        };
        if !cursor.advance() {
            cursor.key.extend_from_slice(chunk.first.as_bytes());
            cursor.metric = cursor.bytes;
        }
        cursor
    }

    /// Goes to the next metric; false at the end.
    fn advance(&mut self) -> bool {
        if self.index.is_empty() {
            return false;
        }
        let shared = take_number(&mut self.index);
        let added = take_number(&mut self.index);
        let length = take_number(&mut self.index);
        self.key.truncate(shared);
        let (suffix, index) = self.index.split_at(added);
        self.key.extend_from_slice(suffix);
        self.index = index;
        (self.metric, self.bytes) = self.bytes.split_at(length);
        true
    }
}

impl Ord for Cursor<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key).then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for Cursor<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cursor<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cursor<'_> {}

/// Builds a chunk's index: for each metric how much of the key before it shares, what it adds, and
/// how long its bytes are. Sorted keys share much, so this is a fraction of the keys themselves.
#[derive(Default)]
pub(super) struct IndexBuilder<'k> {
    before: &'k [u8],
    bytes: Vec<u8>,
}

impl<'k> IndexBuilder<'k> {
    pub(super) fn push(&mut self, key: &'k [u8], length: usize) {
        let shared = key
            .iter()
            .zip(self.before)
            .take_while(|(a, b)| a == b)
            .count();
        for number in [shared, key.len() - shared, length] {
            put_number(number, &mut self.bytes);
        }
        self.bytes.extend_from_slice(&key[shared..]);
        self.before = key;
    }

    pub(super) fn finish(self) -> Box<[u8]> {
        self.bytes.into()
    }
}

fn put_number(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number that [`put_number`] wrote.
fn take_number(bytes: &mut &[u8]) -> usize {
    let mut number = 0;
    let mut shift = 0;
    while let [byte, rest @ ..] = *bytes {
        *bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            break;
        }
        shift += 7;
    }
    number
}
