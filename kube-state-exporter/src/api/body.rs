//! The body of an answer, chunk by chunk as it arrives.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;

use super::Failure;

/// A body that is being received.
pub(crate) struct Body(kube::client::Body);

impl Body {
    pub(super) fn new(body: kube::client::Body) -> Self {
        Self(body)
    }

    /// The next bytes; `None` at its proper end. A body cut short is [`Failure::Broken`], where the protocol can tell.
    pub(crate) async fn chunk(&mut self, timeout: Duration) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = tokio::time::timeout(timeout, self.0.frame())
                .await
                .map_err(|_| Failure::Silent(timeout))?;
            match frame.transpose().map_err(|error| Failure::broken(&error))? {
                None => return Ok(None),
                Some(frame) => {
                    // Anything else is trailers, which nobody sends.
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// The first `max` bytes, or fewer if more do not come in time.
    pub(super) async fn begin(mut self, max: usize, timeout: Duration) -> Vec<u8> {
        let mut begin = Vec::new();
        while begin.len() < max {
            let Ok(Some(chunk)) = self.chunk(timeout).await else {
                break;
            };
            let taken = chunk.len().min(max - begin.len());
            begin.extend_from_slice(&chunk[..taken]);
        }
        begin
    }
}
