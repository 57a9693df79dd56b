//! Ready pieces of many owners, merged into one valid page.
//!
//! An owner (a pushed group, a watched object) renders its metrics of one family once into a
//! [`Chunk`]; a page then costs a copy, not a rendering. Order is client_golang's: families by name;
//! in a family metrics by number of labels, then by label values in the order of the label names.

use crate::error::WriteError;
use crate::format::Target;
use crate::model::{Header, Metric};

/// Where a metric stands among its siblings: byte order of keys is the order on a page.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SortKey(Box<[u8]>);

/// The metrics of one owner in one family, ready as bytes for one target, sorted.
#[derive(Clone, Debug)]
pub struct Chunk {
    bytes: Box<[u8]>,
    first: SortKey,
    last: SortKey,
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
        let _ = (target, header, metrics);
        todo!()
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

/// Writes one family of a page: header, then the chunks merged metric by metric where their ranges
/// overlap, and copied whole where they do not. `chunks` come sorted by [`Chunk::first`].
pub fn write_family<'c>(
    target: Target,
    header: Header<'_>,
    chunks: impl IntoIterator<Item = &'c Chunk>,
    out: &mut Vec<u8>,
) {
    let _ = (target, header, chunks.into_iter(), out);
    todo!()
}
