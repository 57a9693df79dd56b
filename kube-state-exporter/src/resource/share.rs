//! What several resources show in the same way.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

use crate::object::{Condition, GO_ZERO_TIME, Meta, Time};
use crate::samples::{CONDITION_STATUSES, Samples, flag};

/// A time as a sample's value, also where it is not set: upstream shows Go's zero time where it does not look.
pub(super) fn unix(time: Time) -> f64 {
    time.0.unwrap_or(GO_ZERO_TIME) as f64
}

/// The labels of owners.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OwnerLabels {
    /// Kind and name.
    Name,
    /// And whether it is the controller.
    NameAndController,
}

/// One sample an owner; one with empty labels where there is none.
pub(super) fn owners(meta: &Meta<'_>, labels: OwnerLabels, samples: &mut Samples<'_>) {
    let mut add = |kind: &str, name: &str, controller: &str| {
        let all = [
            ("owner_kind", kind),
            ("owner_name", name),
            ("owner_is_controller", controller),
        ];
        let count = match labels {
            OwnerLabels::Name => 2,
            OwnerLabels::NameAndController => 3,
        };
        samples.add(&all[..count], 1.0);
    };
    if meta.owner_references.is_empty() {
        add("", "", "");
    }
    for owner in &meta.owner_references {
        add(
            &owner.kind,
            &owner.name,
            word(owner.controller == Some(true)),
        );
    }
}

/// `true` or `false`.
pub(super) fn word(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

/// For each condition of this type a sample a status, 1 for the one it has: `{condition="true"}`.
pub(super) fn statuses(conditions: &[Condition<'_>], kind: &str, samples: &mut Samples<'_>) {
    for condition in conditions.iter().filter(|condition| condition.kind == kind) {
        for (status, word) in CONDITION_STATUSES {
            samples.add(&[("condition", word)], flag(condition.status == status));
        }
    }
}

/// For each condition a sample a status, 1 for the one it has: `{condition="Ready",status="true"}`.
pub(super) fn conditions(conditions: &[Condition<'_>], samples: &mut Samples<'_>) {
    for condition in conditions {
        for (status, word) in CONDITION_STATUSES {
            let labels = [("condition", &*condition.kind), ("status", word)];
            samples.add(&labels, flag(condition.status == status));
        }
    }
}

/// A number or a percentage, as rolling updates have them: apimachinery's `IntOrString`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Share {
    /// So many.
    Count(i64),
    /// So many of a hundred.
    Percent(i64),
    /// A text that is neither; upstream shows nothing for it.
    Neither,
}

/// How a percentage becomes a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Round {
    /// To the next larger.
    Up,
    /// To the next smaller.
    Down,
}

impl Share {
    /// The number it means, of so many replicas.
    pub(super) fn of(self, replicas: i32, round: Round) -> Option<f64> {
        match self {
            Self::Count(count) => Some(count as f64),
            Self::Percent(percent) => {
                let exact = percent as f64 * f64::from(replicas) / 100.0;
                Some(match round {
                    Round::Up => exact.ceil(),
                    Round::Down => exact.floor(),
                })
            }
            Self::Neither => None,
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Share;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a percentage")
            }

            fn visit_i64<E>(self, count: i64) -> Result<Share, E> {
                Ok(Share::Count(count))
            }

            fn visit_u64<E>(self, count: u64) -> Result<Share, E> {
                Ok(i64::try_from(count).map_or(Share::Neither, Share::Count))
            }

            fn visit_str<E>(self, text: &str) -> Result<Share, E> {
                let percent = text
                    .strip_suffix('%')
                    .and_then(|number| number.parse().ok());
                Ok(percent.map_or(Share::Neither, Share::Percent))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_replicas() {
        for (json, up, down) in [
            ("3", Some(3.0), Some(3.0)),
            ("\"25%\"", Some(2.0), Some(1.0)),
            ("\"100%\"", Some(5.0), Some(5.0)),
            ("\"0%\"", Some(0.0), Some(0.0)),
            ("\"3\"", None, None),
            ("\"x%\"", None, None),
        ] {
            let share: Share = serde_json::from_str(json).unwrap();
            assert_eq!(share.of(5, Round::Up), up, "{json}");
            assert_eq!(share.of(5, Round::Down), down, "{json}");
        }
    }
}
