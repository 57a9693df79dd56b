//! How often a push asks for memory and for how much, and what a series takes once it is held.
//!
//! The bounds are a tenth above what was measured. They are the same for both sizes, because a push costs what it
//! carries and not what is held. Who makes a push dearer on purpose raises them, and says why.

use crate::load::{Held, SERIES};
use crate::{allocator, alone};

/// Pushes that are counted together; what one costs is their mean.
pub(crate) const COUNTED: usize = 100;

/// The first push of a group: allocations, and bytes asked for.
const FIRST: (usize, usize) = (37, 4_400);
/// A push to a group that is held.
const AGAIN: (usize, usize) = (35, 3_950);
/// A push that other groups have made impossible.
const REFUSED: (usize, usize) = (104, 8_750);
/// Bytes a series takes where 100,000 are held, with its part of the group; without what the C library adds.
const HELD_BYTES: usize = 96;

#[test]
fn with_1_000_series_held() {
    pushes(100);
}

#[test]
fn with_100_000_series_held() {
    let bytes = pushes(10_000);
    println!("{bytes} bytes a series held");
    assert!(bytes <= HELD_BYTES, "a series takes {bytes} bytes");
}

/// Counts pushes to a gateway that holds so many groups; the bytes a series takes there. `instructions` runs this too and
/// relies on the order: some that do not count, first pushes, pushes to groups that are held, refused ones.
fn pushes(groups: usize) -> usize {
    let _alone = alone();
    let before = allocator::live_bytes();
    let held = Held::of(groups);
    let series_bytes = (allocator::live_bytes() - before) / (groups * SERIES);
    // What is left over from the filling is counted with the first pushes after it.
    let _ = held.counted(0..COUNTED, 1);
    let first = held.counted(groups..groups + COUNTED, 2);
    let again = held.counted(0..COUNTED, 3);
    let refused = held.counted_refusals(COUNTED);
    held.close();
    println!("{groups} groups held: first push {first:?}, again {again:?}, refused {refused:?}");
    for (what, usage, bound) in [
        ("first", first, FIRST),
        ("again", again, AGAIN),
        ("refused", refused, REFUSED),
    ] {
        let within = usage.allocations <= bound.0 && usage.bytes <= bound.1;
        assert!(within, "{what}: {usage:?}, at most {bound:?}");
    }
    series_bytes
}
