//! A block as what is written of it: literals and repeats, and how often each symbol occurs.

use super::symbols::{self, DISTANCES, END, LENGTH_MAX, LENGTH_MIN, LITERALS};

/// Literals of a step.
const LITERALS_MAX: usize = 4;
/// Stands where a step has fewer literals, and beside it, by their place: no counter waits for the one before.
const NO_LITERAL: u16 = 288;
/// Stands where a step has no repeat.
const NO_LENGTH: u16 = NO_LITERAL + LITERALS_MAX as u16;
/// See [`NO_LENGTH`].
const NO_DISTANCE: u8 = DISTANCES as u8;

/// Up to four literals, then perhaps a repeat; all are written without asking what is there.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) literals: [u16; LITERALS_MAX],
    pub(super) length: u16,
    pub(super) distance_bits: u16,
    pub(super) length_bits: u8,
    pub(super) distance: u8,
}

/// See the module.
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    /// By symbol; the last stand for nothing.
    literals: [u32; 512],
    /// By symbol; the last stand for nothing.
    distances: [u32; 32],
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            literals: [0; 512],
            distances: [0; 32],
        }
    }
}

impl Steps {
    /// Begins a block.
    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.literals.fill(0);
        self.distances.fill(0);
        self.literals[END] = 1;
    }

    /// How often each literal, the end and each length occurs.
    pub(super) fn literals(&self) -> &[u32] {
        &self.literals[..LITERALS]
    }

    /// How often each distance occurs.
    pub(super) fn distances(&self) -> &[u32] {
        &self.distances[..DISTANCES]
    }

    /// Writes up to eight literals, which begin at `from`.
    #[inline(always)]
    pub(super) fn literal(&mut self, word: u64, count: usize) {
        let step = self.four(word, count);
        self.steps.push(step);
        if count > LITERALS_MAX {
            let step = self.four(word >> 32, count - LITERALS_MAX);
            self.steps.push(step);
        }
    }

    /// Writes up to eight literals and a repeat of what stands so far before.
    #[inline(always)]
    pub(super) fn repeat(
        &mut self,
        mut word: u64,
        mut count: usize,
        mut length: usize,
        far: usize,
    ) {
        if count > LITERALS_MAX {
            let step = self.four(word, LITERALS_MAX);
            self.steps.push(step);
            word >>= 32;
            count -= LITERALS_MAX;
        }
        let distance = symbols::distance(far);
        let mut step = self.four(word, count);
        loop {
            // What is left must be long enough for a repeat.
            let part = if length <= LENGTH_MAX {
                length
            } else {
                LENGTH_MAX.min(length - LENGTH_MIN)
            };
            let symbol = symbols::length(part);
            self.literals[usize::from(symbol.symbol & 511)] += 1;
            self.distances[usize::from(distance.symbol & 31)] += 1;
            self.steps.push(Step {
                length: symbol.symbol,
                length_bits: symbol.bits as u8,
                distance: distance.symbol as u8,
                distance_bits: distance.bits,
                ..step
            });
            length -= part;
            if length == 0 {
                break;
            }
            step = self.four(0, 0);
        }
    }

    /// A step of up to four literals.
    #[inline(always)]
    fn four(&mut self, word: u64, count: usize) -> Step {
        let mut literals = [0; LITERALS_MAX];
        for (place, literal) in literals.iter_mut().enumerate() {
            let byte = (word >> (8 * place)) as u16 & 0xff;
            *literal = if place < count {
                byte
            } else {
                NO_LITERAL + place as u16
            };
            self.literals[usize::from(*literal & 511)] += 1;
        }
        Step {
            literals,
            length: NO_LENGTH,
            distance_bits: 0,
            length_bits: 0,
            distance: NO_DISTANCE,
        }
    }
}
