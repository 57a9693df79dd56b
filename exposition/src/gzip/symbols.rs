//! Lengths and distances as symbols with extra bits (RFC 1951, 3.2.5).

/// The symbol that ends a block.
pub(super) const END: usize = 256;
/// The symbols of literals, of the end and of lengths.
pub(super) const LITERALS: usize = 286;
/// The symbols of distances.
pub(super) const DISTANCES: usize = 30;
/// The shortest and the longest repeat.
pub(super) const LENGTH_MIN: usize = 3;
/// See [`LENGTH_MIN`].
pub(super) const LENGTH_MAX: usize = 258;
/// The longest way back.
pub(super) const DISTANCE_MAX: usize = 32 << 10;

/// A symbol, and the extra bits behind its code; their number depends on the symbol.
#[derive(Clone, Copy)]
pub(super) struct Symbol {
    pub(super) symbol: u16,
    pub(super) bits: u16,
}

/// All lengths, from the shortest.
const LENGTHS: [Symbol; 256] = lengths();

const fn lengths() -> [Symbol; 256] {
    let mut table = [Symbol { symbol: 0, bits: 0 }; 256];
    let mut length = 0;
    while length < 255 {
        table[length] = scaled(length as u32, 2, 257);
        length += 1;
    }
    // The longest has a symbol of its own.
    table[255] = Symbol {
        symbol: 285,
        bits: 0,
    };
    table
}

/// A number on a scale where every 2^`steps` symbols the numbers have one extra bit more.
const fn scaled(number: u32, steps: u32, first: u32) -> Symbol {
    let extra = (number | 1 << steps).ilog2() - steps;
    Symbol {
        symbol: (first + (extra << steps) + (number >> extra)) as u16,
        bits: (number & ((1 << extra) - 1)) as u16,
    }
}

/// The symbol of a length.
#[inline(always)]
pub(super) fn length(length: usize) -> Symbol {
    LENGTHS[length.wrapping_sub(LENGTH_MIN) & 0xff]
}

/// The symbol of a distance.
#[inline(always)]
pub(super) fn distance(distance: usize) -> Symbol {
    scaled(distance as u32 - 1, 1, 0)
}

/// How many extra bits follow a symbol that is a literal, the end or a length.
pub(super) fn literal_extra(symbol: usize) -> u8 {
    match symbol {
        265..285 => (symbol as u8).wrapping_sub(5) >> 2,
        _ => 0,
    }
}

/// How many extra bits follow the symbol of a distance.
pub(super) fn distance_extra(symbol: usize) -> u8 {
    (symbol as u8 >> 1).saturating_sub(1)
}
