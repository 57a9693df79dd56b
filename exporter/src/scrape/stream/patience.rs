//! How long the maker of a page waits for its client.

use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendTimeoutError, TrySendError};

use super::{Message, SinkError};
use crate::scrape::Options;

/// How long a client is waited for.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    runtime: Handle,
    /// For one piece.
    piece: Duration,
    /// For the page.
    until: Instant,
}

impl Patience {
    /// For a page that begins now; on a thread of a runtime.
    pub(super) fn new(options: &Options) -> Self {
        Self {
            runtime: Handle::current(),
            piece: options.piece_timeout,
            until: Instant::now() + options.page_timeout,
        }
    }

    /// Sends, and waits while the queue is full.
    pub(super) fn send(
        &self,
        pieces: &mpsc::Sender<Message>,
        message: Message,
    ) -> Result<(), SinkError> {
        let message = match pieces.try_send(message) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(SinkError::HungUp),
            Err(TrySendError::Full(message)) => message,
        };
        let left = self.until.saturating_duration_since(Instant::now());
        let sent = pieces.send_timeout(message, left.min(self.piece));
        self.runtime.block_on(sent).map_err(|error| match error {
            SendTimeoutError::Timeout(_) => SinkError::TooSlow,
            SendTimeoutError::Closed(_) => SinkError::HungUp,
        })
    }
}
