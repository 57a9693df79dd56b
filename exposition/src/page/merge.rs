//! Many chunks to one family: copied whole where their ranges are apart, merged where they overlap.

use super::{Chunk, SortKey};
use crate::encode;
use crate::model::Header;
use crate::target::{Format, Target};

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

/// Writes what stands above the metrics of a family in a line-based format; other formats have no such part.
pub fn write_header(target: Target, header: Header<'_>, out: &mut Vec<u8>) {
    if matches!(target.format, Format::Text | Format::OpenMetrics) {
        encode::end(encode::begin(target, header, out), out);
    }
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
    let lowest = chunks.iter().map(|chunk| chunk.first.as_bytes()).min();
    let highest = chunks.iter().map(|chunk| chunk.last.as_bytes()).max();
    // Every key lies between these two, so what they begin with, all do.
    let common = shared_length(lowest.unwrap_or_default(), highest.unwrap_or_default());
    let mut cursors: Vec<_> = chunks
        .iter()
        .map(|chunk| Cursor::new(chunk, common))
        .collect();
    // Chunks come sorted by their first keys, and what is sorted is a heap.
    let mut heap: Vec<_> = cursors
        .iter()
        .enumerate()
        .map(|(at, cursor)| (cursor.rank(), at))
        .collect();
    while let Some(&(_, at)) = heap.first() {
        let cursor = &mut cursors[at];
        out.extend_from_slice(cursor.metric);
        if cursor.advance() {
            heap[0].0 = cursor.rank();
        } else {
            heap.swap_remove(0);
        }
        sift_down(&mut heap, &cursors);
    }
}

/// A cursor's rank, and where it stands in the list of cursors. The rank decides most comparisons
/// without a look at the keys, which lie somewhere in memory.
type Entry = (u64, usize);

/// Moves the first entry of a heap down to its place.
fn sift_down(heap: &mut [Entry], cursors: &[Cursor<'_>]) {
    let is_before = |a: Entry, b: Entry| {
        let keys = || cursors[a.1].rest().cmp(cursors[b.1].rest());
        // Equal keys keep the order of their chunks.
        a.0.cmp(&b.0).then_with(keys).then(a.1.cmp(&b.1)).is_lt()
    };
    let mut at = 0;
    loop {
        let mut child = 2 * at + 1;
        if child >= heap.len() {
            return;
        }
        if child + 1 < heap.len() && is_before(heap[child + 1], heap[child]) {
            child += 1;
        }
        if is_before(heap[at], heap[child]) {
            return;
        }
        heap.swap(at, child);
        at = child;
    }
}

/// One chunk while it is merged: the metric at hand and what follows.
struct Cursor<'c> {
    key: Vec<u8>,
    /// How much of the key all cursors share.
    common: usize,
    metric: &'c [u8],
    bytes: &'c [u8],
    index: &'c [u8],
}

impl<'c> Cursor<'c> {
    fn new(chunk: &'c Chunk, common: usize) -> Self {
        let mut cursor = Self {
            key: Vec::new(),
            common,
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

    /// The key without what all share.
    fn rest(&self) -> &[u8] {
        &self.key[self.common..]
    }

    /// The first eight bytes of the rest as a number: ranks are in the order of the keys, or equal.
    fn rank(&self) -> u64 {
        let mut bytes = [0; 8];
        let rest = self.rest();
        let length = rest.len().min(8);
        bytes[..length].copy_from_slice(&rest[..length]);
        u64::from_be_bytes(bytes)
    }
}

fn shared_length(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Builds a chunk's index: for each metric how much of the key before it shares, what it adds, and
/// how long its bytes are. Sorted keys share much, so this is a fraction of the keys themselves.
#[derive(Default)]
pub(super) struct IndexBuilder<'k> {
    before: &'k [u8],
    bytes: Vec<u8>,
}

impl<'k> IndexBuilder<'k> {
    pub(super) fn push(&mut self, key: &'k [u8], length: usize) {
        let shared = shared_length(key, self.before);
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
