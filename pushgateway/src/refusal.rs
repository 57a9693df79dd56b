//! Why a push is refused. Every reason names the culprit: the family, and the label, the series or the other
//! group where there is one.

use promontory_exposition::{Kind, ReadError};

use crate::group::GroupingKey;

/// Why a push is refused. `Display` names the culprit and is what the client may read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A body that keeps to its format and says what no family can hold: a gauge without a value, a label
    /// that is not UTF-8. Upstream notices only when it checks the push, so the push counts as failed.
    #[error(transparent)]
    Content(#[from] ReadError),
    /// A metric carries a timestamp; old samples would be scraped again and again.
    #[error("family {family:?}: pushed metrics must not have timestamps")]
    Timestamp {
        /// The family.
        family: String,
    },
    /// A family without a name.
    #[error("a family has no name")]
    NoName,
    /// A family name with a NUL byte: Prometheus' parser ends there, and refuses the whole page.
    #[error("family {family:?}: invalid metric name")]
    Name {
        /// The family.
        family: String,
    },
    /// A label name that is empty, reserved (`__…`) or holds a NUL byte.
    #[error("family {family:?}, label {label:?}: invalid label name")]
    LabelName {
        /// The family.
        family: String,
        /// The label.
        label: String,
    },
    /// One metric has a label twice, also when only the classic spellings are equal.
    #[error("family {family:?}, label {label:?}: two or more labels with the same name")]
    LabelTwice {
        /// The family.
        family: String,
        /// The label.
        label: String,
    },
    /// `quantile` on a summary or `le` on a histogram: its own samples use that label.
    #[error(
        "family {family:?}, label {label:?}: must not be set explicitly on a {}",
        kind
    )]
    LabelTaken {
        /// The family.
        family: String,
        /// The label.
        label: &'static str,
        /// The type that uses the label.
        kind: Kind,
    },
    /// A metric's value is not of its family's type.
    #[error("family {family:?}: a metric is not a {}", kind)]
    NotOfKind {
        /// The family.
        family: String,
        /// The family's type.
        kind: Kind,
    },
    /// The same series is there already.
    #[error("family {family:?}: {series} was collected before with the same name and label values{}", beside(holder.as_ref()))]
    SeriesTwice {
        /// The family.
        family: String,
        /// The series.
        series: String,
        /// The group that holds it, where it is not the pushed one.
        holder: Option<GroupingKey>,
    },
    /// The family has another type elsewhere.
    #[error("family {family:?} has type {} but should have {}{}", kind, held, beside(holder.as_ref()))]
    TypeClash {
        /// The family.
        family: String,
        /// The pushed type.
        kind: Kind,
        /// The type it has elsewhere.
        held: Kind,
        /// A group that holds it; `None` for the Pushgateway's own families.
        holder: Option<GroupingKey>,
    },
    /// The family is spelled like one of the program's own for readers that know only classic names.
    #[error(
        "family {family:?} is spelled like the Pushgateway's own {spelled:?} where only classic names are known"
    )]
    SpelledLikeOwn {
        /// The family.
        family: String,
        /// The name of the other.
        spelled: String,
    },
    /// A family is named like a sample of a summary or histogram.
    #[error("family {family:?} collides with the {} {other:?}", kind)]
    SuffixClash {
        /// The family whose name ends in `_count`, `_sum` or `_bucket`.
        family: String,
        /// The summary or histogram.
        other: String,
        /// Which of the two it is.
        kind: Kind,
    },
}

fn beside(holder: Option<&GroupingKey>) -> String {
    holder.map_or_else(String::new, |key| format!(" (held by group {key})"))
}
