//! Amounts of resources as Kubernetes spells them (`100m`, `1.5Gi`, `12e6`), to numbers.
//!
//! `k8s.io/apimachinery/pkg/api/resource.Quantity` is the source: amounts are decimal and exact, rounding goes away
//! from zero, and nothing is larger than 2^63 - 1. A text that is none is no reason to lose the object.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// The largest amount.
const MAX: u128 = i64::MAX as u128;
/// The largest amount that upstream shows with its thousandths (`resource.MaxMilliValue`).
const MAX_MILLI: u128 = MAX / 1000;
/// Digits of a fraction that count; more only say that it is not zero. With a binary suffix of 2^60 they still fit.
const FRACTION_DIGITS: usize = 20;
/// Amounts of more digits before the point than this are the largest.
const WHOLE_DIGITS: usize = 38;
/// Longer texts are no amounts.
const TEXT_BYTES_MAX: usize = 256;

/// An amount; zero where the field was absent or `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantity(Option<Amount>);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Amount {
    negative: bool,
    whole: u128,
    /// Thousandths beside the whole ones, rounded up.
    milli: u128,
    /// Whether there is anything behind the point.
    has_fraction: bool,
}

impl Quantity {
    /// Reads an amount; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        parse(text).map(|amount| Self(Some(amount)))
    }

    /// The amount with thousandths, as upstream shows cores: `convertValueToFloat64`. `None` where the text was none.
    pub fn number(self) -> Option<f64> {
        let amount = self.0?;
        let up = amount.rounded_up();
        if up > MAX_MILLI {
            return Some(amount.signed(up as f64));
        }
        let milli = amount.whole * 1000 + amount.milli;
        Some(amount.signed(milli as f64 / 1000.0))
    }

    /// The amount as a whole number, as upstream shows bytes: `Quantity.Value`. `None` where the text was none.
    pub fn whole(self) -> Option<f64> {
        let amount = self.0?;
        Some(amount.signed(amount.rounded_up() as f64))
    }
}

impl Amount {
    fn rounded_up(self) -> u128 {
        (self.whole + u128::from(self.has_fraction)).min(MAX)
    }

    fn signed(self, value: f64) -> f64 {
        // Zero has no sign: Go converts an integer.
        if self.negative && value != 0.0 {
            -value
        } else {
            value
        }
    }
}

/// A suffix: a power of ten and a power of two.
fn suffix(text: &str) -> Option<(i32, u32)> {
    let decimal = |power| Some((power, 0));
    let binary = |power| Some((0, power));
    match text {
        "" => decimal(0),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let power = text.strip_prefix(['e', 'E'])?;
            let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
            let fine = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            decimal(fine.then(|| power.parse().ok())??)
        }
    }
}

fn parse(text: &str) -> Option<Amount> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(rest.len());
    let (number, unit) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let (ten, two) = suffix(unit)?;
    let digits = format!("{whole}{fraction}");
    // Where the point stands among the digits; far outside them, how far makes no difference.
    let point = (whole.len() as i64 + i64::from(ten)).clamp(-1000, 1000);
    let (whole, fraction) = if point < 0 {
        (
            String::new(),
            "0".repeat(point.unsigned_abs() as usize) + &digits,
        )
    } else {
        let point = point as usize;
        let at = point.min(digits.len());
        let zeros = "0".repeat(point - at);
        (digits[..at].to_owned() + &zeros, digits[at..].to_owned())
    };
    Some(amount(negative, &whole, &fraction, two))
}

/// Digits before and behind the point, times a power of two.
fn amount(negative: bool, whole: &str, fraction: &str, two: u32) -> Amount {
    let whole = whole.trim_start_matches('0');
    let largest = Amount {
        negative,
        whole: MAX,
        ..Amount::default()
    };
    if whole.len() > WHOLE_DIGITS {
        return largest;
    }
    // Digits only, and few enough.
    let whole: u128 = whole.parse().unwrap_or(0);
    let kept = &fraction[..fraction.len().min(FRACTION_DIGITS)];
    let rest = fraction[kept.len()..].bytes().any(|digit| digit != b'0');
    let unit = 10u128.pow(kept.len() as u32);
    let parts = kept.parse().unwrap_or(0u128) << two;
    let Some(whole) = whole
        .checked_mul(1 << two)
        .map(|whole| whole + parts / unit)
        .filter(|whole| *whole < MAX)
    else {
        return largest;
    };
    let parts = parts % unit;
    let has_fraction = parts > 0 || rest;
    let milli = (parts * 1000).div_ceil(unit);
    Amount {
        negative,
        whole,
        milli: if milli == 0 && rest { 1 } else { milli },
        has_fraction,
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount")
            }

            fn visit_str<E>(self, text: &str) -> Result<Quantity, E> {
                Ok(Quantity(parse(text)))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Quantity, E> {
                Ok(Quantity(parse(&number.to_string())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Quantity, E> {
                Ok(Quantity(parse(&number.to_string())))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Quantity, E> {
                Ok(Quantity(parse(&number.to_string())))
            }

            fn visit_unit<E>(self) -> Result<Quantity, E> {
                Ok(Quantity(Some(Amount::default())))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_upstream_shows_them() {
        // What Go's Quantity gives: with thousandths, and whole.
        for (text, number, whole) in [
            ("0", 0.0, 0.0),
            ("-0", 0.0, 0.0),
            ("100m", 0.1, 1.0),
            ("1500m", 1.5, 2.0),
            ("-1500m", -1.5, -2.0),
            ("1n", 0.001, 1.0),
            ("999u", 0.001, 1.0),
            ("1001u", 0.002, 1.0),
            (".5", 0.5, 1.0),
            ("5.", 5.0, 5.0),
            ("+1", 1.0, 1.0),
            ("1e3", 1000.0, 1000.0),
            ("1E3", 1000.0, 1000.0),
            ("1E", 1e18, 1e18),
            ("12e-1", 1.2, 2.0),
            ("12Ki", 12288.0, 12288.0),
            ("0.5Gi", 536_870_912.0, 536_870_912.0),
            ("1.5Ki", 1536.0, 1536.0),
            ("0.1Ki", 102.4, 103.0),
            (
                "9223372036854775807",
                9_223_372_036_854_775_807.0,
                9_223_372_036_854_775_807.0,
            ),
            (
                "99999999999999999999",
                9_223_372_036_854_775_807.0,
                9_223_372_036_854_775_807.0,
            ),
            (
                "8Ei",
                9_223_372_036_854_775_807.0,
                9_223_372_036_854_775_807.0,
            ),
            (
                "1e999",
                9_223_372_036_854_775_807.0,
                9_223_372_036_854_775_807.0,
            ),
            ("1e-999", 0.001, 1.0),
            (
                "9223372036854775.5",
                9_223_372_036_854_776.0,
                9_223_372_036_854_776.0,
            ),
            ("0.000000000000000000000000000001", 0.001, 1.0),
            (
                "1.2345678901234567890123456789Ei",
                1.423_359_869_420_436_2e18,
                1.423_359_869_420_436_2e18,
            ),
        ] {
            let quantity = Quantity::parse(text).unwrap_or_else(|| panic!("{text} is an amount"));
            assert_eq!(quantity.number(), Some(number), "{text}");
            assert_eq!(quantity.whole(), Some(whole), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount() {
        for text in [
            "", ".", "m", "1mm", "1 Ki", "1.2.3", "1ki", "e3", "1e", "1e+", "--1", "1e3Ki", "０",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
        assert_eq!(Quantity::parse(&"1".repeat(300)), None);
    }

    #[test]
    fn in_json_numbers_and_null_are_taken_and_the_rest_costs_only_itself() {
        let of = |json: &str| serde_json::from_str::<Quantity>(json).unwrap().number();
        assert_eq!(of("2"), Some(2.0));
        assert_eq!(of("-3"), Some(-3.0));
        assert_eq!(of("0.25"), Some(0.25));
        assert_eq!(of("null"), Some(0.0));
        assert_eq!(of(r#""1.5""#), Some(1.5));
        assert_eq!(of(r#""much""#), None);
    }
}
