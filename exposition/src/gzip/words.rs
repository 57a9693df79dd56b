//! Eight bytes at a time: where two texts differ, and where some byte stands. Marks are the highest bits of bytes.

/// A one in every byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// Every bit but the marks.
const LOW: u64 = 0x7f * ONES;

/// The eight bytes at a place, the first lowest; zero where there are no eight.
#[inline(always)]
pub(super) fn eight(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..);
    rest.and_then(|rest| rest.first_chunk())
        .map_or(0, |eight| u64::from_le_bytes(*eight))
}

/// How many bytes lie before the first that is not zero, or marked.
#[inline(always)]
pub(super) fn before(word: u64) -> usize {
    (word.trailing_zeros() >> 3) as usize
}

/// How many bytes lie behind the last that is not zero.
#[inline(always)]
pub(super) fn behind(word: u64) -> usize {
    (word.leading_zeros() >> 3) as usize
}

/// Marks where a byte stands; only the first mark is sure.
#[inline(always)]
pub(super) fn find(word: u64, byte: u8) -> u64 {
    let differ = word ^ (ONES * u64::from(byte));
    differ.wrapping_sub(ONES) & !differ & !LOW
}

/// Marks where four zero bytes in a row begin.
#[inline(always)]
pub(super) fn four_zeros(word: u64) -> u64 {
    let zeros = !(((word & LOW) + LOW) | word | LOW);
    zeros & zeros >> 8 & zeros >> 16 & zeros >> 24
}

/// Whether all eight are decimal digits.
#[inline(always)]
pub(super) fn digits(word: u64) -> bool {
    let value = word ^ (ONES * u64::from(b'0'));
    (((value & LOW) + ONES * (0x80 - 10)) | value) & !LOW == 0
}

/// How many bytes from two places on are equal; `at` is the later one.
#[inline(always)]
pub(super) fn common(bytes: &[u8], earlier: usize, at: usize) -> usize {
    let old = bytes.get(earlier..).unwrap_or_default();
    let new = bytes.get(at..).unwrap_or_default();
    let mut length = 0;
    for (old, new) in old.chunks_exact(8).zip(new.chunks_exact(8)) {
        let differ = eight(old, 0) ^ eight(new, 0);
        if differ != 0 {
            return length + before(differ);
        }
        length += 8;
    }
    let rest = old[length..].iter().zip(&new[length..]);
    length + rest.take_while(|(old, new)| old == new).count()
}
