//! What one push may hold, and what may be held in all. Pure.
//!
//! The numbers are flags, each with its row in [`crate::flags`]; every refusal names flag, limit and culprit. A push
//! over a limit leaves no trace, not even a failed group: whoever sends too much must not make us keep something for it.
//! How large a body may be stands with its unpacking, in `http::content`.

use promontory_exposition::format::Limits;
use promontory_exposition::{Family, Label};

use crate::group::GroupingKey;
use crate::shape::page_bytes;

/// Which part of all decoded bytes one metric may have on a page, since a page is made at least one metric at a
/// time. Labels stand in each line, but in protobuf once a metric: a small push could ask for gigabytes.
const METRIC_PART: usize = 64;
/// What it may have in any case, in bytes.
const METRIC_ANYWAY: usize = 1 << 20;

/// What one push may hold. [`usize::MAX`] is no limit.
#[derive(Clone, Copy, Debug)]
pub struct PushLimits {
    /// `--push.max-decoded-bytes`
    pub decoded_bytes_max: usize,
    /// `--push.max-ratio`: unpacked bytes for each that was sent.
    pub ratio_max: usize,
    /// `--push.max-series`: metrics of all families; a histogram or summary counts once.
    pub series_max: usize,
    /// `--push.max-labels`: of one metric, and of a group's path.
    pub labels_max: usize,
    /// `--push.max-label-name-bytes`
    pub label_name_bytes_max: usize,
    /// `--push.max-label-value-bytes`
    pub label_value_bytes_max: usize,
}

/// No limits, but those of the readers.
impl Default for PushLimits {
    fn default() -> Self {
        Self {
            decoded_bytes_max: usize::MAX,
            ratio_max: usize::MAX,
            series_max: usize::MAX,
            labels_max: usize::MAX,
            label_name_bytes_max: usize::MAX,
            label_value_bytes_max: usize::MAX,
        }
    }
}

/// What may be held in all. [`usize::MAX`] is no limit.
#[derive(Clone, Copy, Debug)]
pub struct StoreLimits {
    /// `--store.max-series`: metrics of all groups, their push times too; a histogram or summary counts once.
    pub series_max: usize,
    /// `--store.max-groups`
    pub groups_max: usize,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            series_max: usize::MAX,
            groups_max: usize::MAX,
        }
    }
}

/// Why a push holds too much. `Display` is what the client may read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OverLimit {
    /// Too many series.
    #[error("family {family:?}: more than {max} series in one push (--push.max-series)")]
    Series {
        /// The family that has the first one too many.
        family: String,
        /// What is allowed.
        max: usize,
    },
    /// Too many labels in a path.
    #[error("the group's path has {count} labels, of {max} allowed (--push.max-labels)")]
    Labels {
        /// How many there are.
        count: usize,
        /// What is allowed.
        max: usize,
    },
    /// A metric has too much text.
    #[error(
        "family {family:?}: one metric has more than {max} bytes on a page, a part of what is allowed in all (--push.max-decoded-bytes)"
    )]
    Metric {
        /// The family.
        family: String,
        /// What is allowed.
        max: usize,
    },
    /// A label name is too long.
    #[error(
        "{place}, label {label:?}: the name has {bytes} bytes, of {max} allowed (--push.max-label-name-bytes)"
    )]
    LabelName {
        /// The family or the group's path.
        place: String,
        /// The beginning of the name.
        label: String,
        /// How long it is.
        bytes: usize,
        /// What is allowed.
        max: usize,
    },
    /// A label value is too long.
    #[error(
        "{place}, label {label:?}: the value has {bytes} bytes, of {max} allowed (--push.max-label-value-bytes)"
    )]
    LabelValue {
        /// The family or the group's path.
        place: String,
        /// The beginning of the name.
        label: String,
        /// How long the value is.
        bytes: usize,
        /// What is allowed.
        max: usize,
    },
}

/// Why there is no room. Not the push is at fault but what is held, so it may succeed later.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Full {
    /// The group would be one too many.
    #[error(
        "there are {held} groups, of {max} allowed (--store.max-groups): no room for group {group}"
    )]
    Groups {
        /// The group.
        group: GroupingKey,
        /// How many there are.
        held: usize,
        /// What is allowed.
        max: usize,
    },
    /// There would be too many series.
    #[error(
        "{held} series are held, of {max} allowed (--store.max-series): no room for {more} more in group {group}"
    )]
    Series {
        /// The group.
        group: GroupingKey,
        /// How many are held.
        held: usize,
        /// What is allowed.
        max: usize,
        /// How many the push would add.
        more: usize,
    },
}

impl PushLimits {
    /// What the readers check while they read; their own bound on everything that is kept stays.
    pub(crate) fn of_reading(&self) -> Limits {
        Limits {
            labels: self.labels_max,
            ..Limits::default()
        }
    }

    /// Whether a group may be pushed to. A delete needs no such check.
    ///
    /// # Errors
    /// The first label that is too long, or that there are too many.
    pub(crate) fn check_key(&self, key: &GroupingKey) -> Result<(), OverLimit> {
        let labels = key.labels();
        if labels.len() > self.labels_max {
            return Err(OverLimit::Labels {
                count: labels.len(),
                max: self.labels_max,
            });
        }
        self.check_labels(labels, || "the group's path".to_owned())
    }

    /// Whether a push may hold these families.
    ///
    /// # Errors
    /// The first thing that is too much.
    pub(crate) fn check(&self, families: &[Family<'_>]) -> Result<(), OverLimit> {
        let mut room = self.series_max;
        let text_max = (self.decoded_bytes_max / METRIC_PART).max(METRIC_ANYWAY);
        for family in families {
            room = room
                .checked_sub(family.metrics.len())
                .ok_or_else(|| OverLimit::Series {
                    family: family.name.to_string(),
                    max: self.series_max,
                })?;
            for metric in &family.metrics {
                self.check_labels(&metric.labels, || format!("family {:?}", family.name))?;
                if page_bytes(&family.name, metric) > text_max {
                    return Err(OverLimit::Metric {
                        family: family.name.to_string(),
                        max: text_max,
                    });
                }
            }
        }
        Ok(())
    }

    fn check_labels(
        &self,
        labels: &[Label<'_>],
        place: impl Fn() -> String,
    ) -> Result<(), OverLimit> {
        for label in labels {
            if label.name.len() > self.label_name_bytes_max {
                return Err(OverLimit::LabelName {
                    place: place(),
                    label: beginning(&label.name),
                    bytes: label.name.len(),
                    max: self.label_name_bytes_max,
                });
            }
            if label.value.len() > self.label_value_bytes_max {
                return Err(OverLimit::LabelValue {
                    place: place(),
                    label: beginning(&label.name),
                    bytes: label.value.len(),
                    max: self.label_value_bytes_max,
                });
            }
        }
        Ok(())
    }
}

/// As much of a name as a message should hold.
fn beginning(name: &str) -> String {
    name.chars().take(64).collect()
}
