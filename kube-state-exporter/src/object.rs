//! What objects of all kinds have in common, as slim as the families need it: borrowed from the JSON, and lenient.
//!
//! An absent field, a `null` and an empty value are the same here, as they are to Go's decoder. Nothing is validated:
//! the API server has done that, and an odd object must cost no more than odd samples.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use jiff::civil::DateTime;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A text that borrows from the JSON where nothing had to be unescaped; also inside `Option`, `Vec` and maps, where
/// serde would copy a plain `Cow`. `null` is the empty text.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
        }

        // `any` rather than `str`, so that null is taken.
        deserializer.deserialize_any(Reader)
    }
}

/// A map of texts (labels, annotations, selectors, resource lists), sorted by key as Go's `maps` users sort it.
#[derive(Clone, Debug, Default)]
pub struct Pairs<'a, V = Text<'a>>(Vec<(Text<'a>, V)>);

impl<'a, V> Pairs<'a, V> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&V> {
        let at = self
            .0
            .binary_search_by(|(name, _)| (**name).cmp(key))
            .ok()?;
        Some(&self.0[at].1)
    }
}

impl<'a, V> Deref for Pairs<'a, V> {
    type Target = [(Text<'a>, V)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Pairs<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Reader<V> {
            type Value = Pairs<'de, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                // The API server writes maps sorted; of a key given twice Go keeps the last.
                pairs.sort_by(|(a, _): &(Text<'_>, V), (b, _)| a.cmp(b));
                pairs.reverse();
                pairs.dedup_by(|(a, _), (b, _)| a == b);
                pairs.reverse();
                Ok(Pairs(pairs))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Pairs(Vec::new()))
            }
        }

        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// For `#[serde(deserialize_with = "nullable")]`: `null` is the empty value, as in Go.
///
/// # Errors
/// Whatever reading the value gives.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// For `#[serde(deserialize_with = "list")]`: the list and each of its elements may be `null`, which is the empty value,
/// as in Go.
///
/// # Errors
/// Whatever reading an element gives.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let elements = Option::<Vec<Option<T>>>::deserialize(deserializer)?.unwrap_or_default();
    // Made where the elements lie: an `Option` of these types takes no more room.
    Ok(elements
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect())
}

/// Go's zero time, the first second of year 1: to Go a time that says so is not set.
pub const GO_ZERO_TIME: i64 = -62_135_596_800;

/// A point in time (`metav1.Time`, RFC 3339) in whole seconds since 1970; `None` where it is not set.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Time(pub Option<i64>);

impl Time {
    /// The value of a family that shows the time.
    pub fn seconds(self) -> Option<f64> {
        self.0.map(|seconds| seconds as f64)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self(None));
        }
        let seconds = seconds(&text).map_err(serde::de::Error::custom)?;
        Ok(Self(Some(seconds).filter(|at| *at != GO_ZERO_TIME)))
    }
}

/// RFC 3339 to seconds since 1970, rounded down as by Go's `Unix`. Not by way of a `Timestamp`, which has no room for the
/// last day of the year 9999: people write that for "never".
fn seconds(text: &str) -> Result<i64, jiff::Error> {
    const EPOCH: DateTime = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let pieces = jiff::fmt::temporal::Pieces::parse(text)?;
    let (Some(time), Some(offset)) = (pieces.time(), pieces.to_numeric_offset()) else {
        return Err(jiff::Error::from_args(format_args!(
            "{text:?} is no point in time"
        )));
    };
    let whole = pieces
        .date()
        .at(time.hour(), time.minute(), time.second(), 0);
    Ok(whole.duration_since(EPOCH).as_secs() - i64::from(offset.seconds()))
}

/// A whole number; `null` is 0, as in Go.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, serde::Deserialize)]
#[serde(from = "Option<i64>")]
pub struct Number(pub i64);

impl From<Option<i64>> for Number {
    fn from(number: Option<i64>) -> Self {
        Self(number.unwrap_or_default())
    }
}

impl From<Number> for f64 {
    fn from(number: Number) -> Self {
        number.0 as Self
    }
}

/// `metadata` of an object, as much as families and the watch need.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta<'a> {
    /// Its name, unique in its namespace.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its namespace; empty for objects of the cluster.
    #[serde(borrow)]
    pub namespace: Text<'a>,
    /// Unique over all time.
    #[serde(borrow)]
    pub uid: Text<'a>,
    /// The version a watch goes on from.
    #[serde(borrow)]
    pub resource_version: Text<'a>,
    /// Counts changes of the specification.
    pub generation: Number,
    /// When it was made.
    pub creation_timestamp: Time,
    /// When it is or was to go.
    pub deletion_timestamp: Time,
    /// Its labels.
    #[serde(borrow)]
    pub labels: Pairs<'a>,
    /// Its annotations.
    #[serde(borrow)]
    pub annotations: Pairs<'a>,
    /// Who owns it.
    #[serde(borrow, deserialize_with = "list")]
    pub owner_references: Vec<OwnerReference<'a>>,
}

/// One owner of an object.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference<'a> {
    /// The owner's kind.
    #[serde(borrow)]
    pub kind: Text<'a>,
    /// The owner's name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Whether it is the one that manages the object.
    pub controller: Option<bool>,
}

/// One condition of a status; kinds of objects differ only in which of these they have.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition<'a> {
    /// What it is about: `Ready`.
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    /// `True`, `False` or `Unknown`.
    #[serde(borrow)]
    pub status: Text<'a>,
    /// A word for why.
    #[serde(borrow)]
    pub reason: Text<'a>,
    /// When the status changed last.
    pub last_transition_time: Time,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_absent_and_empty_are_the_same() {
        for json in [
            "{}",
            r#"{"name":null,"labels":null,"ownerReferences":null,"creationTimestamp":null,"generation":null}"#,
            r#"{"name":"","labels":{},"ownerReferences":[],"creationTimestamp":""}"#,
        ] {
            let meta: Meta<'_> = serde_json::from_str(json).unwrap();
            assert!(meta.name.is_empty() && meta.labels.is_empty(), "{json}");
            assert!(meta.owner_references.is_empty(), "{json}");
            assert_eq!(meta.creation_timestamp, Time(None), "{json}");
            assert_eq!(meta.generation, Number(0), "{json}");
        }
    }

    #[test]
    fn plain_text_is_borrowed_also_inside_lists_and_maps() {
        let json = String::from(r#"{"labels":{"b":"1","a":"2","b":"3"},"name":"x\u0041"}"#);
        let meta: Meta<'_> = serde_json::from_str(&json).unwrap();
        let labels: Vec<_> = meta
            .labels
            .iter()
            .map(|(key, value)| (&**key, &**value))
            .collect();
        assert_eq!(labels, [("a", "2"), ("b", "3")]);
        assert!(matches!(meta.labels[0].0, Text(Cow::Borrowed(_))));
        assert_eq!(meta.labels.get("b").map(|value| &**value), Some("3"));
        assert_eq!(&*meta.name, "xA");
    }

    #[test]
    fn times_are_whole_seconds_rounded_down() {
        let of = |text: &str| {
            serde_json::from_str::<Time>(&format!("{text:?}"))
                .unwrap()
                .0
        };
        assert_eq!(of("2024-02-29T12:00:00Z"), Some(1_709_208_000));
        assert_eq!(of("2024-02-29T12:00:00.999999Z"), Some(1_709_208_000));
        assert_eq!(of("1969-12-31T23:59:59.5Z"), Some(-1));
        assert_eq!(of("2024-02-29T13:00:00+01:00"), Some(1_709_208_000));
        assert_eq!(of("9999-12-31T23:59:59Z"), Some(253_402_300_799));
        assert_eq!(of("0001-01-01T00:00:00Z"), None);
    }
}
