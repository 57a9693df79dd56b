//! Pieces to deflate blocks (RFC 1951, 3.2.3), each written in the shortest of the three ways there are.

use super::bits::Bits;
use super::header::Header;
use super::huffman::{self, Code};
use super::matches::Matches;
use super::steps::Steps;
use super::symbols::{self, DISTANCES, LITERALS};

/// As much of a piece, in bytes, as is looked through, and gets codes, at a time.
const BLOCK: usize = 128 << 10;
/// The most a stored block takes.
const STORED: usize = 0xffff;
/// The most bits of a code of literals and lengths, so that four can be held at once.
const LITERAL_BITS: usize = 12;
/// The most bits of any code.
const CODE_BITS: usize = 15;

/// The lengths of all codes of a block.
struct Lengths {
    /// Two more than there are symbols: fixed codes count them.
    literals: [u8; LITERALS + 2],
    distances: [u8; DISTANCES],
}

/// Writes pieces; it keeps its memory from one to the next.
#[derive(Default)]
pub(super) struct Deflate {
    matches: Matches,
    steps: Steps,
    out: Vec<u8>,
}

impl Deflate {
    /// A piece as deflate data that ends on a byte boundary, without a final block.
    pub(super) fn piece(&mut self, piece: &[u8]) -> &[u8] {
        // No way of writing takes more than stored blocks; each has a header of at most 5 bytes.
        let blocks = 1 + piece.len() / BLOCK;
        let room = piece.len() + blocks * 5 * BLOCK.div_ceil(STORED) + 5 + Bits::SLACK;
        if self.out.len() < room {
            self.out.resize(room, 0);
        }
        let mut bits = Bits::new(&mut self.out);
        for block in piece.chunks(BLOCK) {
            self.matches.find(block, &mut self.steps);
            bits = write(block, &self.steps, bits);
        }
        // An empty stored block ends on a boundary.
        store(&[], &mut bits);
        let length = bits.len();
        self.out.get(..length).unwrap_or_default()
    }
}

fn write<'b>(block: &[u8], steps: &Steps, mut bits: Bits<'b>) -> Bits<'b> {
    let own = Lengths::of(steps);
    let header = Header::new(&own.literals, &own.distances);
    let fixed = Lengths::fixed();
    let (own_bits, fixed_bits) = (header.bits + own.bits(steps), fixed.bits(steps));
    let extra = extra_bits(steps);
    if own_bits.min(fixed_bits) + extra >= 8 * block.len() + 32 * block.len().div_ceil(STORED) {
        for part in block.chunks(STORED) {
            store(part, &mut bits);
        }
        bits
    } else if fixed_bits <= own_bits {
        bits.push(0b010, 3);
        fixed.write(steps, bits)
    } else {
        bits.push(0b100, 3);
        header.write(&mut bits);
        own.write(steps, bits)
    }
}

/// A stored block (3.2.4).
fn store(part: &[u8], bits: &mut Bits<'_>) {
    bits.push(0b000, 3);
    bits.align();
    let length = part.len() as u64;
    bits.push(length | (length ^ 0xffff) << 16, 32);
    bits.flush();
    bits.copy(part);
}

impl Lengths {
    fn of(steps: &Steps) -> Self {
        let mut new = Self {
            literals: [0; LITERALS + 2],
            distances: [0; DISTANCES],
        };
        huffman::lengths(steps.literals(), LITERAL_BITS, &mut new.literals);
        huffman::lengths(steps.distances(), CODE_BITS, &mut new.distances);
        new
    }

    /// Those of fixed codes (3.2.6).
    fn fixed() -> Self {
        let mut new = Self {
            literals: [8; LITERALS + 2],
            distances: [5; DISTANCES],
        };
        new.literals[144..256].fill(9);
        new.literals[256..280].fill(7);
        new
    }

    /// How many bits a block takes, without extra bits.
    fn bits(&self, steps: &Steps) -> usize {
        let sum = |counts: &[u32], lengths: &[u8]| {
            let products = counts.iter().zip(lengths);
            products
                .map(|(count, length)| *count * u32::from(*length))
                .sum::<u32>() as usize
        };
        sum(steps.literals(), &self.literals) + sum(steps.distances(), &self.distances)
    }

    /// Writes a block.
    fn write<'b>(&self, steps: &Steps, mut bits: Bits<'b>) -> Bits<'b> {
        let literals: [Code; 512] = huffman::codes(&self.literals, symbols::literal_extra);
        let distances: [Code; 32] = huffman::codes(&self.distances, symbols::distance_extra);
        bits.flush();
        for step in &steps.steps {
            for literal in step.literals {
                let code = literals[usize::from(literal & 511)];
                bits.push(u64::from(code.bits), u32::from(code.count));
            }
            bits.flush();
            let code = literals[usize::from(step.length & 511)];
            bits.push(
                u64::from(code.bits) | u64::from(step.length_bits) << (code.count & 15),
                u32::from(code.whole),
            );
            let code = distances[usize::from(step.distance & 31)];
            bits.push(
                u64::from(code.bits) | u64::from(step.distance_bits) << (code.count & 15),
                u32::from(code.whole),
            );
            bits.flush();
        }
        let end = literals[symbols::END];
        bits.push(u64::from(end.bits), u32::from(end.count));
        bits.flush();
        bits
    }
}

/// How many extra bits a block takes.
fn extra_bits(steps: &Steps) -> usize {
    let sum = |counts: &[u32], extra: fn(usize) -> u8| {
        let products = counts.iter().enumerate();
        products
            .map(|(symbol, count)| *count as usize * usize::from(extra(symbol)))
            .sum::<usize>()
    };
    sum(steps.literals(), symbols::literal_extra) + sum(steps.distances(), symbols::distance_extra)
}
