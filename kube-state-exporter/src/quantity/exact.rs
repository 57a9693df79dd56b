//! Amounts of any size: what upstream does with `inf.Dec`, down to how it wraps around.

use super::Amount;
use super::text::{Parts, Suffix};

/// Where amounts end that have a binary suffix.
const MAX: u64 = i64::MAX as u64;
/// Beyond this many places, on either side of the point, how many makes no difference: all digits of a text stay there.
const PLACES_MAX: i64 = 600;
/// Places behind the point that upstream keeps.
const NANO_PLACES: i64 = 9;

/// The amount; `None` where there is no digit.
pub(super) fn amount(parts: &Parts<'_>) -> Option<Amount> {
    if parts.whole.is_empty() && parts.fraction.is_empty() {
        return None;
    }
    let mut number = Natural::default();
    for digit in parts.whole.bytes().chain(parts.fraction.bytes()) {
        number.times(10, u32::from(digit - b'0'));
    }
    let places = parts.fraction.len() as i64;
    let places = match parts.suffix {
        Suffix::Ten(power) => places - i64::from(power),
        Suffix::Two(power) => {
            (0..power).for_each(|_| number.times(2, 0));
            places
        }
    };
    number.keep_nanos(places.clamp(-PLACES_MAX, PLACES_MAX));
    if matches!(parts.suffix, Suffix::Two(_)) && number.is_above_max() {
        let most = if parts.negative { -i64::MAX } else { i64::MAX };
        return Some(Amount {
            whole: most,
            milli: most.wrapping_mul(1000),
        });
    }
    Some(Amount {
        whole: number.scaled(1_000_000_000, parts.negative),
        milli: number.scaled(1_000_000, parts.negative),
    })
}

/// A natural number; its digits to the base 2^32, the lowest first, the highest not 0.
#[derive(Clone, Debug, Default)]
struct Natural(Vec<u32>);

impl Natural {
    /// Multiplies, then adds.
    fn times(&mut self, factor: u32, plus: u32) {
        let mut carry = u64::from(plus);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Divides; returns the remainder.
    fn divide(&mut self, divisor: u32) -> u32 {
        let mut rest = 0u64;
        for digit in self.0.iter_mut().rev() {
            rest = rest << 32 | u64::from(*digit);
            *digit = (rest / u64::from(divisor)) as u32;
            rest %= u64::from(divisor);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        rest as u32
    }

    /// The lowest 64 bits.
    fn low(&self) -> u64 {
        let digit = |at| self.0.get(at).copied().map_or(0, u64::from);
        digit(1) << 32 | digit(0)
    }

    /// From so many places behind the point to those of nano, rounded up.
    fn keep_nanos(&mut self, places: i64) {
        for _ in places..NANO_PLACES {
            self.times(10, 0);
        }
        let mut inexact = false;
        for _ in NANO_PLACES..places {
            inexact |= self.divide(10) != 0;
        }
        self.times(1, u32::from(inexact));
    }

    /// Whether this many nano are more than [`MAX`].
    fn is_above_max(&self) -> bool {
        let mut whole = self.clone();
        let rest = whole.divide(1_000_000_000);
        whole.0.len() > 2 || whole.low() > MAX || (whole.low() == MAX && rest > 0)
    }

    /// Divided and rounded up, or what Go's `scaledValue` makes of it: it takes every negative number for one that fits
    /// 64 bits.
    fn scaled(&self, divisor: u32, negative: bool) -> i64 {
        if negative || (self.0.len() <= 2 && self.low() < MAX) {
            let value = self.low() as i64;
            let value = if negative {
                value.wrapping_neg()
            } else {
                value
            };
            let divisor = i64::from(divisor);
            return value / divisor + i64::from(value % divisor != 0);
        }
        let mut quotient = self.clone();
        let rest = quotient.divide(divisor);
        (quotient.low() as i64).wrapping_add(i64::from(rest > 0))
    }
}
