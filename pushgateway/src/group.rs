//! The grouping key: which group a path means.
//!
//! A group is known by its labels; their order in the path and their spelling (plain or base64) do not
//! matter. This module is pure and knows nothing of HTTP statuses: every [`PathError`] is a 400.
//! The rules are those of the real Pushgateway's `handler/push.go`, except that values and names which
//! are not UTF-8 are refused here: upstream accepts them and then fails every scrape.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use promontory_exposition::Label;
use promontory_exposition::name::{NameRules, is_classic_label_name, unescape_values};

#[cfg(test)]
mod tests;

/// What ends a label name, or `job`, when the value after it is base64.
const BASE64_SUFFIX: &str = "@base64";

/// Padding is stripped before decoding and stray bits of the last digit are ignored, as Go does.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// How the job of a path is spelled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JobSpelling {
    /// `/metrics/job/NAME`.
    Plain,
    /// `/metrics/job@base64/NAME`.
    Base64,
}

/// Why a path means no group. `Display` says what the client may read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PathError {
    /// The job is not base64.
    #[error("invalid base64 encoding in job name {job:?}: {reason}")]
    JobBase64 {
        /// The job as spelled.
        job: String,
        /// What the decoder says.
        reason: String,
    },
    /// The job is empty.
    #[error("job name is required")]
    JobMissing,
    /// A label name without a value.
    #[error("odd number of components in label string {labels:?}")]
    OddComponents {
        /// The part of the path after the job.
        labels: String,
    },
    /// Not a label name, or a reserved one.
    #[error("improper label name {name:?}")]
    LabelName {
        /// The name as spelled.
        name: String,
    },
    /// The value of a `NAME@base64` label is not base64.
    #[error("invalid base64 encoding for label {name}={value:?}: {reason}")]
    LabelBase64 {
        /// The label.
        name: String,
        /// The value as spelled.
        value: String,
        /// What the decoder says.
        reason: String,
    },
    /// The value is not UTF-8; such a group could never be scraped.
    #[error("the value of label {name:?} is not UTF-8")]
    NotUtf8 {
        /// The label.
        name: String,
    },
}

/// The labels a group is known by, sorted by name; always holds `job`. Cloning costs one count.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GroupingKey {
    labels: Arc<[Label<'static>]>,
}

impl GroupingKey {
    /// Reads the percent-decoded parts of a push path: the job segment, and what follows it with its
    /// leading `/` (or nothing).
    ///
    /// # Errors
    /// See [`PathError`]; the checks run in upstream's order, so the same error wins.
    pub fn parse(
        job: &[u8],
        spelling: JobSpelling,
        labels: &[u8],
        names: NameRules,
    ) -> Result<Self, PathError> {
        let job = match spelling {
            JobSpelling::Plain => job.to_vec(),
            JobSpelling::Base64 => decode_base64(job).map_err(|reason| PathError::JobBase64 {
                job: lossy(job),
                reason,
            })?,
        };
        let mut pairs = split_labels(labels, names)?;
        if job.is_empty() {
            return Err(PathError::JobMissing);
        }
        pairs.push(("job".to_owned(), job));
        let mut read = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let Ok(value) = String::from_utf8(value) else {
                return Err(PathError::NotUtf8 { name });
            };
            read.push(Label::new(name, value));
        }
        Ok(Self::from_labels(read))
    }

    /// A key from labels in any order; of two with one name the last wins.
    pub fn from_labels(mut labels: Vec<Label<'static>>) -> Self {
        // The sort is stable: of equal names the last given stays last, and is the one kept.
        labels.sort_by(|a, b| a.name.cmp(&b.name));
        labels.reverse();
        labels.dedup_by(|a, b| a.name == b.name);
        labels.reverse();
        Self {
            labels: labels.into(),
        }
    }

    /// The labels, sorted by name.
    pub fn labels(&self) -> &[Label<'static>] {
        &self.labels
    }

    /// The value of one label.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .labels
            .binary_search_by(|label| label.name.as_ref().cmp(name))
            .ok()?;
        Some(self.labels[found].value.as_ref())
    }

    /// The job; never empty in a key read from a path.
    pub fn job(&self) -> &str {
        self.get("job").unwrap_or_default()
    }

    /// The canonical bytes: names and values in order, each ended by `0xFF`, which is never UTF-8.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for label in self.labels.iter() {
            bytes.extend_from_slice(label.name.as_bytes());
            bytes.push(0xFF);
            bytes.extend_from_slice(label.value.as_bytes());
            bytes.push(0xFF);
        }
        bytes
    }

    /// Undoes [`Self::to_bytes`]; `None` where the bytes are not a key.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut parts = bytes.strip_suffix(&[0xFF])?.split(|byte| *byte == 0xFF);
        let mut labels = Vec::new();
        while let Some(name) = parts.next() {
            let name = String::from_utf8(name.to_vec()).ok()?;
            let value = String::from_utf8(parts.next()?.to_vec()).ok()?;
            labels.push(Label::new(name, value));
        }
        Some(Self::from_labels(labels))
    }
}

impl fmt::Display for GroupingKey {
    /// `{job="a",shard="1"}`, for errors and logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, label) in self.labels.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{}={:?}", label.name, label.value)?;
        }
        f.write_str("}")
    }
}

/// The label pairs of a path, in its order.
fn split_labels(labels: &[u8], names: NameRules) -> Result<Vec<(String, Vec<u8>)>, PathError> {
    // `/metrics/job/a` and `/metrics/job/a/` both mean: no labels.
    if labels.len() <= 1 {
        return Ok(Vec::new());
    }
    let parts: Vec<&[u8]> = labels[1..].split(|byte| *byte == b'/').collect();
    if !parts.len().is_multiple_of(2) {
        return Err(PathError::OddComponents {
            labels: lossy(labels),
        });
    }
    parts
        .chunks_exact(2)
        .map(|pair| read_pair(pair[0], pair[1], names))
        .collect()
}

fn read_pair(
    spelled: &[u8],
    value: &[u8],
    names: NameRules,
) -> Result<(String, Vec<u8>), PathError> {
    let Ok(spelled) = std::str::from_utf8(spelled) else {
        return Err(PathError::LabelName {
            name: lossy(spelled),
        });
    };
    let base64 = spelled.strip_suffix(BASE64_SUFFIX);
    let trimmed = base64.unwrap_or(spelled);
    let name = read_name(trimmed, names).ok_or_else(|| PathError::LabelName {
        name: trimmed.to_owned(),
    })?;
    if base64.is_none() {
        return Ok((name, value.to_vec()));
    }
    match decode_base64(value) {
        Ok(value) => Ok((name, value)),
        Err(reason) => Err(PathError::LabelBase64 {
            name: trimmed.to_owned(),
            value: lossy(value),
            reason,
        }),
    }
}

/// A usable label name, unescaped. `__` names are reserved in either spelling: upstream looks only at
/// the escaped one and then lets `U______a` (`__a`) break every scrape.
fn read_name(spelled: &str, names: NameRules) -> Option<String> {
    let (name, valid) = match names {
        NameRules::Classic => (spelled.into(), is_classic_label_name(spelled)),
        NameRules::Utf8 => {
            let name = unescape_values(spelled);
            // Prometheus' parser ends at a NUL byte in a quoted name, and refuses the whole page.
            let valid = !name.is_empty() && !name.contains('\0');
            (name, valid)
        }
    };
    let valid = valid && !spelled.starts_with("__") && !name.starts_with("__");
    valid.then(|| name.into_owned())
}

/// Decodes URL-safe base64 as Go does: any padding at the end is dropped, line ends inside are skipped.
fn decode_base64(text: &[u8]) -> Result<Vec<u8>, String> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits: Vec<u8> = text[..text.len() - padding]
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    BASE64.decode(digits).map_err(|error| error.to_string())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
