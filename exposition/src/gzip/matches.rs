//! Finds what stands before already. The lines of a page are nearly alike: names and labels are those of the line
//! before, but for a value or two, and the number at the end is another. So the line before is looked at first, at the
//! same place; only where it is of no help, a table tells where the same five bytes stood last.

use super::steps::Steps;
use super::symbols::DISTANCE_MAX;
use super::words::{self, eight};

/// How many places the table holds, as a power of two.
const SLOTS_LOG: u32 = 12;
/// Where the table is asked, so many bytes are equal at least; fewer hardly pay.
const SEEN_MIN: usize = 5;
/// Beyond this distance, one byte more.
const FAR: usize = 4096;
/// What a new line has in common with the line before at least.
const LINE_MIN: usize = 4;

/// The table: where five bytes stood last, by their hash; 0 where there was none.
pub(super) struct Matches {
    slots: Box<[u32; 1 << SLOTS_LOG]>,
}

impl Default for Matches {
    fn default() -> Self {
        Self {
            slots: Box::new([0; 1 << SLOTS_LOG]),
        }
    }
}

impl Matches {
    /// Turns a block into steps.
    pub(super) fn find(&mut self, block: &[u8], steps: &mut Steps) {
        self.slots.fill(0);
        steps.clear();
        let Some(first) = block.first() else {
            return;
        };
        // Nothing stands before the first byte.
        steps.literal(u64::from(*first), 1);
        let mut walk = Walk {
            block,
            slots: &mut self.slots,
            steps,
            at: 1,
            from: 1,
            distance: 1,
            line: 0,
        };
        // Everywhere eight bytes can be read.
        let end = block.len().saturating_sub(16);
        while walk.at < end {
            walk.next();
        }
        for rest in block[walk.from..].chunks(8) {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            walk.steps.literal(u64::from_le_bytes(word), rest.len());
        }
    }
}

/// A walk through a block.
struct Walk<'b> {
    block: &'b [u8],
    slots: &'b mut [u32; 1 << SLOTS_LOG],
    steps: &'b mut Steps,
    /// What is looked at.
    at: usize,
    /// Where the literals begin that are not written yet, at most eight.
    from: usize,
    /// That of the last repeat.
    distance: usize,
    /// A line feed before, mostly the last.
    line: usize,
}

impl Walk<'_> {
    /// One step on, or some: past what repeats, or past what does not.
    #[inline(always)]
    fn next(&mut self) {
        let now = eight(self.block, self.at);
        let ends = words::find(now, b'\n');
        if ends != 0 && now as u8 <= b'9' {
            // What is left of the line is most likely a number.
            self.at += words::before(ends);
            if !self.line_before() {
                self.search();
            }
        } else if !self.same_distance(now) {
            if words::digits(now) {
                self.at += 8;
                self.literals();
            } else {
                self.search();
            }
        }
    }

    /// At a line feed: repeats the line before.
    #[inline(always)]
    fn line_before(&mut self) -> bool {
        let line = std::mem::replace(&mut self.line, self.at);
        let distance = self.at - line;
        if distance.wrapping_sub(1) >= DISTANCE_MAX {
            return false;
        }
        let length = words::common(self.block, line, self.at);
        if length < LINE_MIN {
            return false;
        }
        // The last digits may be the same, too.
        let back = match line.checked_sub(8) {
            Some(line) => words::behind(eight(self.block, line) ^ eight(self.block, self.at - 8)),
            None => 0,
        };
        self.repeat(back.min(self.at - self.from), length, distance);
        true
    }

    /// Goes on at the distance of the last repeat, where a value as long as the one before has ended.
    #[inline(always)]
    fn same_distance(&mut self, now: u64) -> bool {
        let same = words::four_zeros(now ^ eight(self.block, self.at - self.distance));
        if same == 0 {
            return false;
        }
        self.at += words::before(same);
        *self.slot(eight(self.block, self.at)) = self.at as u32;
        let length = words::common(self.block, self.at - self.distance, self.at);
        self.repeat(0, length, self.distance);
        true
    }

    /// Asks the table at eight bytes in a row, at most.
    #[inline(always)]
    fn search(&mut self) {
        while !self.seen_before() {
            self.at += 1;
            if self.at - self.from >= 8 {
                return self.literals();
            }
            if self.block[self.at] == b'\n' && self.line_before() {
                return;
            }
        }
    }

    /// Repeats what the table knows.
    #[inline(always)]
    fn seen_before(&mut self) -> bool {
        let (at, now) = (self.at, eight(self.block, self.at));
        let seen = std::mem::replace(self.slot(now), at as u32) as usize;
        let length = words::before(now ^ eight(self.block, seen));
        let distance = at - seen;
        if length < SEEN_MIN + usize::from(distance > FAR) || distance > DISTANCE_MAX {
            return false;
        }
        let length = words::common(self.block, seen, at);
        self.repeat(0, length, distance);
        true
    }

    /// The place of the table for the first five of eight bytes.
    #[inline(always)]
    fn slot(&mut self, word: u64) -> &mut u32 {
        let five = word << (64 - 8 * SEEN_MIN);
        let hash = five.wrapping_mul(0x9e37_79b1_85eb_ca87) >> (64 - SLOTS_LOG);
        &mut self.slots[hash as usize & ((1 << SLOTS_LOG) - 1)]
    }

    /// Writes a repeat that begins so many bytes back and has so many ahead, and the literals before it.
    #[inline(always)]
    fn repeat(&mut self, back: usize, ahead: usize, distance: usize) {
        let literals = self.at - self.from - back;
        let word = eight(self.block, self.from);
        self.steps.repeat(word, literals, back + ahead, distance);
        self.distance = distance;
        self.at += ahead;
        self.from = self.at;
    }

    /// Writes what is looked at and not written as literals.
    #[inline(always)]
    fn literals(&mut self) {
        let word = eight(self.block, self.from);
        self.steps.literal(word, self.at - self.from);
        self.from = self.at;
    }
}
