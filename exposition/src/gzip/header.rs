//! What stands before a block with codes of its own: their lengths (RFC 1951, 3.2.7).

use super::bits::Bits;
use super::huffman;
use super::symbols::{DISTANCES, LITERALS};

/// The symbols that lengths are written with: 0 to 15 are lengths, the others repeat.
const SYMBOLS: usize = 19;
/// Repeats the last length 3 to 6 times.
const AGAIN: u8 = 16;
/// Repeats zero 3 to 10 times.
const ZEROS: u8 = 17;
/// Repeats zero 11 to 138 times.
const MANY_ZEROS: u8 = 18;
/// The order in which the lengths of these symbols' own codes stand.
const ORDER: [u8; SYMBOLS] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// How many extra bits follow a symbol.
fn extra(symbol: usize) -> u8 {
    match symbol as u8 {
        AGAIN => 2,
        ZEROS => 3,
        MANY_ZEROS => 7,
        _ => 0,
    }
}

/// The lengths of a block's codes.
pub(super) struct Header {
    /// Those of literals, the end and lengths, then those of distances.
    lengths: [u8; LITERALS + DISTANCES],
    /// How many of the first, and of the second, are written.
    written: [usize; 2],
    /// Symbols with their extra bits.
    items: [(u8, u8); LITERALS + DISTANCES],
    items_count: usize,
    /// The lengths of the symbols' own codes, and how many of them are written.
    own: [u8; SYMBOLS],
    own_written: usize,
    /// How many bits all this takes.
    pub(super) bits: usize,
}

impl Header {
    /// For the lengths of all codes.
    pub(super) fn new(literals: &[u8], distances: &[u8]) -> Self {
        let written = [used(literals), used(distances)];
        let mut lengths = [0; LITERALS + DISTANCES];
        lengths[..written[0]].copy_from_slice(&literals[..written[0]]);
        lengths[written[0]..][..written[1]].copy_from_slice(&distances[..written[1]]);
        let mut header = Self {
            lengths,
            written,
            items: [(0, 0); LITERALS + DISTANCES],
            items_count: 0,
            own: [0; SYMBOLS],
            own_written: 0,
            bits: 0,
        };
        header.shorten(written[0] + written[1]);
        let mut counts = [0; SYMBOLS];
        for (symbol, _) in &header.items[..header.items_count] {
            counts[usize::from(*symbol)] += 1;
        }
        huffman::lengths(&counts, 7, &mut header.own);
        let last = ORDER
            .iter()
            .rposition(|symbol| header.own[usize::from(*symbol)] != 0);
        header.own_written = last.map_or(4, |last| 4.max(last + 1));
        let items = counts.iter().zip(header.own).enumerate();
        let bits =
            items.map(|(symbol, (count, own))| *count as usize * usize::from(own + extra(symbol)));
        header.bits = 14 + 3 * header.own_written + bits.sum::<usize>();
        header
    }

    /// Turns lengths into items.
    fn shorten(&mut self, count: usize) {
        let mut at = 0;
        while at < count {
            let value = self.lengths[at];
            let mut run = self.lengths[at..count]
                .iter()
                .take_while(|next| **next == value)
                .count();
            at += run;
            if value != 0 {
                self.item(value, 0);
                run -= 1;
            }
            while run > 0 {
                let (symbol, least, most) = match (value, run) {
                    (0, 11..) => (MANY_ZEROS, 11, 138),
                    (0, 3..) => (ZEROS, 3, 10),
                    (_, 3..) => (AGAIN, 3, 6),
                    _ => (value, 1, 1),
                };
                let part = run.min(most);
                self.item(symbol, (part - least) as u8);
                run -= part;
            }
        }
    }

    fn item(&mut self, symbol: u8, extra: u8) {
        self.items[self.items_count] = (symbol, extra);
        self.items_count += 1;
    }

    /// Writes it; 3 bits that begin the block stand before.
    pub(super) fn write(&self, bits: &mut Bits<'_>) {
        bits.push(self.written[0] as u64 - 257, 5);
        bits.push(self.written[1] as u64 - 1, 5);
        bits.push(self.own_written as u64 - 4, 4);
        for symbol in &ORDER[..self.own_written] {
            bits.flush();
            bits.push(u64::from(self.own[usize::from(*symbol)]), 3);
        }
        let codes: [_; SYMBOLS] = huffman::codes(&self.own, extra);
        for (symbol, extra) in &self.items[..self.items_count] {
            let code = codes[usize::from(*symbol)];
            bits.flush();
            bits.push(
                u64::from(code.bits) | u64::from(*extra) << code.count,
                u32::from(code.whole),
            );
        }
        bits.flush();
    }
}

/// How many lengths there are up to the last that is not zero.
fn used(lengths: &[u8]) -> usize {
    lengths
        .iter()
        .rposition(|length| *length != 0)
        .map_or(0, |last| last + 1)
}
