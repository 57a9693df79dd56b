//! What a sample can be in a family of each type, and the suffix that says so.

use crate::model::Kind;

/// What a sample is in its family.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Role {
    Plain,
    Created,
    Quantile,
    Bucket,
    Sum,
    Count,
}

/// Which roles a family of each type has, by suffix. The first suffix of a counter and an info metric
/// belongs to the name in the model.
pub(super) fn roles(kind: Kind) -> &'static [(&'static str, Role)] {
    match kind {
        Kind::Counter => &[
            ("_total", Role::Plain),
            ("", Role::Plain),
            ("_created", Role::Created),
        ],
        Kind::Info => &[("_info", Role::Plain), ("", Role::Plain)],
        Kind::Gauge | Kind::Untyped | Kind::StateSet => &[("", Role::Plain)],
        Kind::Summary => &[
            ("", Role::Quantile),
            ("_sum", Role::Sum),
            ("_count", Role::Count),
            ("_created", Role::Created),
        ],
        Kind::Histogram => &[
            ("_bucket", Role::Bucket),
            ("_sum", Role::Sum),
            ("_count", Role::Count),
            ("_created", Role::Created),
        ],
        Kind::GaugeHistogram => &[
            ("_bucket", Role::Bucket),
            ("_gsum", Role::Sum),
            ("_gcount", Role::Count),
            ("_sum", Role::Sum),
            ("_count", Role::Count),
        ],
    }
}

/// Every suffix in [`roles`], to find a family by the name of one of its samples.
pub(super) const SUFFIXES: [&str; 8] = [
    "_total", "_created", "_info", "_bucket", "_sum", "_count", "_gsum", "_gcount",
];
