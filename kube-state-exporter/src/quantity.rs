//! Amounts of resources as Kubernetes spells them (`100m`, `1.5Gi`, `12e6`), to numbers.
//!
//! `k8s.io/apimachinery/pkg/api/resource.Quantity` is the source, with its accidents: rounding goes away from zero, and
//! amounts beyond 2^63 - 1 are capped with a binary suffix; with a decimal one they are 0 or wrap around. A text that is no
//! amount is no reason to lose the object.

mod exact;
mod text;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// The largest amount that upstream shows with its thousandths (`resource.MaxMilliValue`).
const MAX_MILLI: i64 = i64::MAX / 1000;
/// Longer texts are no amounts.
const TEXT_BYTES_MAX: usize = 256;

/// An amount; zero where the field was `null`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Quantity(Option<Amount>);

/// An amount as upstream's two questions see it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Amount {
    /// `Quantity.Value`
    whole: i64,
    /// `Quantity.MilliValue`
    milli: i64,
}

impl Quantity {
    /// Reads an amount; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        amount(text).map(|amount| Self(Some(amount)))
    }

    /// The amount with thousandths, as upstream shows cores: `convertValueToFloat64`. `None` where the text was none.
    pub fn number(self) -> Option<f64> {
        let amount = self.0?;
        Some(if amount.whole > MAX_MILLI {
            amount.whole as f64
        } else {
            amount.milli as f64 / 1000.0
        })
    }

    /// The amount as a whole number, as upstream shows bytes: `Quantity.Value`. `None` where the text was none.
    pub fn whole(self) -> Option<f64> {
        self.0.map(|amount| amount.whole as f64)
    }
}

/// Upstream's `ParseQuantity`: few digits are counted in an `i64`, all else as a number of any size.
fn amount(text: &str) -> Option<Amount> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let parts = text::split(text)?;
    let Some((value, power)) = parts.small() else {
        return exact::amount(&parts);
    };
    Some(Amount {
        whole: scaled(value, power),
        milli: scaled(value, power.saturating_add(3)),
    })
}

/// `value` times a power of ten, rounded away from zero (`int64Amount.AsScaledInt64`).
fn scaled(value: i64, power: i32) -> i64 {
    let unit = 10i64.checked_pow(power.unsigned_abs());
    match (unit, power) {
        // Upstream multiplies by these at once and does not look whether it fits; by others in steps, and gives up.
        (Some(unit), 0..=3 | 6 | 9) => value.wrapping_mul(unit),
        (unit, 0..) => unit.and_then(|unit| value.checked_mul(unit)).unwrap_or(0),
        (None, _) => value.signum(),
        (Some(unit), _) if value % unit != 0 => value / unit + value.signum(),
        (Some(unit), _) => value / unit,
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
                Ok(Quantity(amount(text.trim())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Quantity, E> {
                Ok(Quantity(amount(&number.to_string())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Quantity, E> {
                Ok(Quantity(amount(&number.to_string())))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Quantity, E> {
                Ok(Quantity(amount(&number.to_string())))
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

    /// What upstream makes of amounts; the file says how it was made.
    const CASES: &str = include_str!("quantity/cases.txt");

    #[test]
    fn amounts_are_upstreams() {
        let cases = CASES.lines().filter(|line| !line.starts_with('#'));
        let mut count = 0;
        for (text, expected) in cases.map(|line| line.rsplit_once(" = ").unwrap()) {
            let found = Quantity::parse(text).map(|amount| (amount.number(), amount.whole()));
            let expected = expected.split_once(' ').map(|(number, whole)| {
                let [number, whole] = [number, whole].map(|value| value.parse().ok());
                (number, whole)
            });
            assert_eq!(found, expected, "{text:?}");
            count += 1;
        }
        assert!(count > 200, "{count} cases");
    }

    #[test]
    fn endless_texts_are_no_amounts_and_large_powers_cost_nothing() {
        assert_eq!(Quantity::parse(&"1".repeat(300)), None);
        let zero = Quantity(Some(Amount::default()));
        for text in ["1e2147483647", "1.0000000000000000001e2147483647"] {
            assert_eq!(Quantity::parse(text), Some(zero), "{text}");
        }
        let least = Quantity(Some(Amount { whole: 1, milli: 1 }));
        assert_eq!(Quantity::parse("1e-2147483648"), Some(least));
    }

    #[test]
    fn in_json_numbers_and_null_are_taken_and_the_rest_costs_only_itself() {
        let of = |json: &str| serde_json::from_str::<Quantity>(json).unwrap().number();
        assert_eq!(of("2"), Some(2.0));
        assert_eq!(of("-3"), Some(-3.0));
        assert_eq!(of("0.25"), Some(0.25));
        assert_eq!(of("null"), Some(0.0));
        assert_eq!(of(r#""1.5""#), Some(1.5));
        assert_eq!(of(r#"" 1.5 ""#), Some(1.5));
        assert_eq!(of(r#""much""#), None);
    }
}
