//! Ready pieces of many owners, merged into one valid page.
//!
//! An owner (a pushed group, a watched object) renders its metrics of one family once into a
//! [`Chunk`]; a page then costs a copy, not a rendering. Order is client_golang's: families by name;
//! in a family metrics by number of labels, then by label values in the order of the label names,
//! then by timestamp. Labels come out sorted by name, whatever order they went in.
//!
//! Whether two owners hold the same series is the owners' business: nothing is checked here.

mod key;
mod merge;

pub use key::SortKey;
pub use merge::{write_family, write_header};

use std::borrow::Cow;

use crate::encode;
use crate::error::WriteError;
use crate::model::{Header, Label, Metric};
use crate::target::Target;

/// The metrics of one owner in one family, ready as bytes for one target, sorted.
///
/// Kept small, since there may be a million: a chunk of one metric holds its bytes and one key.
#[derive(Clone, Debug)]
pub struct Chunk {
    bytes: Box<[u8]>,
    first: SortKey,
    last: SortKey,
    /// Where each metric ends and what its key is; empty where there is only one metric.
    index: Box<[u8]>,
}

impl Chunk {
    /// Renders and sorts metrics (labels need not be sorted); `None` if there are none.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn render(
        target: Target,
        header: Header<'_>,
        metrics: &[Metric<'_>],
    ) -> Result<Option<Self>, WriteError> {
        let mut keys = key::Arena::default();
        let labels: Vec<_> = metrics
            .iter()
            .map(|metric| sorted_labels(&metric.labels))
            .collect();
        for (labels, metric) in labels.iter().zip(metrics) {
            keys.push(
                labels.iter().map(|label| &*label.value),
                metric.timestamp_ms,
            );
        }
        let order = keys.order();
        let (Some(&first), Some(&last)) = (order.first(), order.last()) else {
            return Ok(None);
        };

        let mut bytes = Vec::with_capacity(metrics.len() * line_bytes(header, &labels[first]));
        let mut index = merge::IndexBuilder::default();
        for &at in &order {
            let start = bytes.len();
            encode::metric(
                target,
                header,
                &labels[at],
                &metrics[at].value,
                metrics[at].timestamp_ms,
                &mut bytes,
            )?;
            index.push(keys.get(at), bytes.len() - start);
        }
        let first_key = SortKey::new(keys.get(first));
        Ok(Some(Self {
            bytes: bytes.into(),
            last: if order.len() == 1 {
                first_key.clone()
            } else {
                SortKey::new(keys.get(last))
            },
            index: if order.len() == 1 {
                Box::default()
            } else {
                index.finish()
            },
            first: first_key,
        }))
    }

    /// The key of the first metric.
    pub fn first(&self) -> &SortKey {
        &self.first
    }

    /// The key of the last metric.
    pub fn last(&self) -> &SortKey {
        &self.last
    }

    /// The bytes, without the family's header.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// About as long as the line of one number is: room made at once costs less than growing to it.
fn line_bytes(header: Header<'_>, labels: &[Label<'_>]) -> usize {
    let of_label = |label: &Label<'_>| label.name.len() + label.value.len() + 4;
    header.name.len() + labels.iter().map(of_label).sum::<usize>() + 24
}

/// The labels by name. Owners usually sort them already: then nothing is copied.
fn sorted_labels<'m>(labels: &'m [Label<'m>]) -> Cow<'m, [Label<'m>]> {
    if labels.is_sorted_by(|a, b| a.name <= b.name) {
        return Cow::Borrowed(labels);
    }
    let mut sorted: Vec<_> = labels
        .iter()
        .map(|label| Label::new(&*label.name, &*label.value))
        .collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    Cow::Owned(sorted)
}

#[cfg(test)]
mod tests;
