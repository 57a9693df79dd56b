//! A change on its way through the queue, and why it may not happen.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::group::GroupingKey;
use crate::ingest::Push;
use crate::limits::Full;
use crate::refusal::Refusal;
use crate::selector::Found;

/// A change with the way back to whoever waits for it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) action: Action,
    /// Takes the groups that [`Action::DeleteMatching`] or [`Action::Wipe`] deleted, or nothing.
    pub(crate) reply: oneshot::Sender<Result<Vec<GroupingKey>, ChangeError>>,
}

/// A change.
#[derive(Debug)]
pub(crate) enum Action {
    /// PUT or POST.
    Push(Box<Push>),
    /// DELETE.
    Delete(GroupingKey),
    /// Delete all groups that selectors take, found in a snapshot that was published.
    DeleteMatching(Found),
    /// Delete everything.
    Wipe,
}

/// Why a change did not happen.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChangeError {
    /// The push is at fault: 400.
    #[error("pushed metrics are invalid or inconsistent with existing metrics: {0}")]
    Refused(#[from] Refusal),
    /// What is held is at fault: 429, because the same push may succeed once something is deleted. Nothing changed.
    #[error(transparent)]
    Full(#[from] Full),
    /// The disk is at fault: 503. Nothing of the change is visible; a later one may succeed.
    #[error("the change could not be stored: {0}")]
    Store(Arc<str>),
    /// The program is ending: 503.
    #[error("shutting down")]
    Closed,
}
