//! What reading one body may still keep, and how an error of content waits for one of grammar.

use crate::error::{ReadError, Result};
use crate::limits::Limits;

/// What may still be kept. Families, metrics, buckets, quantiles, spans and exemplars all count:
/// each costs the sender as little as two bytes and us tens.
pub(super) struct Budget {
    left: usize,
    limits: Limits,
    /// The first thing that cannot be kept, though the bytes are well-formed.
    refused: Option<ReadError>,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            left: limits.metrics,
            limits: *limits,
            refused: None,
        }
    }

    /// How many labels one metric may have.
    pub(super) fn label_count_max(&self) -> usize {
        self.limits.labels
    }

    /// Counts one thing that is kept.
    pub(super) fn take(&mut self) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            ReadError::new(format!(
                "more than {} metrics in one body",
                self.limits.metrics
            ))
        })?;
        Ok(())
    }

    /// Reads on behind what only cannot be kept; gives back any other error.
    pub(super) fn refuse(&mut self, error: ReadError) -> Result<()> {
        if !error.well_formed {
            return Err(error);
        }
        self.refused.get_or_insert(error);
        Ok(())
    }

    /// Gives `kept`, unless something was refused on the way.
    pub(super) fn settle<T>(self, kept: T) -> Result<T> {
        self.refused.map_or(Ok(kept), Err)
    }
}
