//! The parts of an amount's text: sign, digits before and behind the point, suffix.

/// Digits that upstream counts in an `i64`.
const SMALL_DIGITS: i32 = 18;
/// The same, less than that by one for each digit that a binary suffix may add.
const SMALL_BINARY_DIGITS: i32 = 14;
/// The smallest power of ten that upstream counts in an `i64`: smaller ones are rounded.
const NANO: i32 = -9;

/// An amount, as it is spelled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Parts<'t> {
    pub(super) negative: bool,
    pub(super) whole: &'t str,
    pub(super) fraction: &'t str,
    pub(super) suffix: Suffix,
}

/// What the number is multiplied by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Suffix {
    /// This power of ten.
    Ten(i32),
    /// This power of two.
    Two(u32),
}

/// The parts; `None` where the suffix is none. There may be no digits at all: `-` and `k` are zero to upstream.
pub(super) fn split(text: &str) -> Option<Parts<'_>> {
    if text.is_empty() {
        return None;
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, rest) = digits(rest);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    Some(Parts {
        negative,
        whole,
        fraction,
        suffix: suffix(rest)?,
    })
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

fn suffix(text: &str) -> Option<Suffix> {
    Some(match text {
        "" => Suffix::Ten(0),
        "n" => Suffix::Ten(-9),
        "u" => Suffix::Ten(-6),
        "m" => Suffix::Ten(-3),
        "k" => Suffix::Ten(3),
        "M" => Suffix::Ten(6),
        "G" => Suffix::Ten(9),
        "T" => Suffix::Ten(12),
        "P" => Suffix::Ten(15),
        "E" => Suffix::Ten(18),
        "Ki" => Suffix::Two(10),
        "Mi" => Suffix::Two(20),
        "Gi" => Suffix::Two(30),
        "Ti" => Suffix::Two(40),
        "Pi" => Suffix::Two(50),
        "Ei" => Suffix::Two(60),
        _ => {
            let power = text.strip_prefix(['e', 'E'])?;
            // Go reads 64 bits and keeps 32.
            Suffix::Ten(power.parse::<i64>().ok()? as i32)
        }
    })
}

impl Parts<'_> {
    /// The amount as an `i64` and a power of ten, where upstream keeps it so.
    pub(super) fn small(&self) -> Option<(i64, i32)> {
        let whole = self.whole.trim_start_matches('0');
        let places = self.fraction.len() as i32;
        // No digit at all is the digit 0.
        let count = whole.len().max(1) as i32 + places;
        let (power, factor, room) = match self.suffix {
            Suffix::Ten(power) => (power.wrapping_sub(places), 1, SMALL_DIGITS),
            Suffix::Two(power) if places == 0 => {
                let added = power as i32 * 3 / 10;
                (0, 1i64 << power, SMALL_BINARY_DIGITS - added)
            }
            Suffix::Two(_) => return None,
        };
        if count > room || power < NANO {
            return None;
        }
        let digits = whole.bytes().chain(self.fraction.bytes());
        let value = digits.fold(0i64, |value, digit| value * 10 + i64::from(digit - b'0'));
        let value = value.checked_mul(factor)?;
        Some((if self.negative { -value } else { value }, power))
    }
}
