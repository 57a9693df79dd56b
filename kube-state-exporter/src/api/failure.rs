//! Why a list or a watch failed, as the next step depends on it.

use std::error::Error;
use std::fmt::Write;
use std::time::Duration;

use serde::Deserialize;

use super::Body;

/// How much of a refusal is read: a `Status` object with its message.
const REFUSAL_BYTES: usize = 16 * 1024;

/// How much of its message is kept.
const MESSAGE_CHARS: usize = 400;

/// How long a refusal's body may stand still.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a list or a watch failed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Failure {
    /// There was no answer: no connection, no TLS, no credentials.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The API server refused.
    #[error("the API server refused: {code}: {message}")]
    Refused {
        /// The HTTP status.
        code: u16,
        /// The API server's words.
        message: String,
    },
    /// The API server ended a watch with an error.
    #[error("the API server ended the watch: {code}: {message}")]
    Ended {
        /// An HTTP status.
        code: u16,
        /// The API server's words.
        message: String,
    },
    /// Nothing came for this long.
    #[error("nothing came for {} s", .0.as_secs_f64())]
    Silent(Duration),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The body is not what it should be.
    #[error("{0}")]
    Garbled(&'static str),
}

/// `metav1.Status`, as much as is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    code: u16,
    message: String,
    reason: String,
}

impl Status {
    fn message(&self) -> String {
        let text = if self.message.is_empty() {
            &self.reason
        } else {
            &self.message
        };
        text.chars().take(MESSAGE_CHARS).collect()
    }
}

impl Failure {
    pub(super) fn unreachable(error: &dyn Error) -> Self {
        Self::Unreachable(chain(error))
    }

    pub(super) fn broken(error: &dyn Error) -> Self {
        Self::Broken(chain(error))
    }

    /// An answer with a status other than 200.
    pub(super) async fn refused(code: u16, body: Body) -> Self {
        let text = body.begin(REFUSAL_BYTES, REFUSAL_TIMEOUT).await;
        let status = serde_json::from_slice(&text).unwrap_or_else(|_| Status {
            message: String::from_utf8_lossy(&text).trim().to_owned(),
            ..Status::default()
        });
        let message = status.message();
        Self::Refused { code, message }
    }

    /// An `ERROR` event of a watch.
    pub(crate) fn ended(status: Status) -> Self {
        Self::Ended {
            code: status.code,
            message: status.message(),
        }
    }

    /// Whether the API server does not do what was asked, or not in this way: asking again will not help.
    pub(crate) fn is_unsupported(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                code: 400 | 405 | 406 | 415 | 422 | 501,
                ..
            }
        )
    }

    /// Whether what we know is too old to go on from: the version of a watch, the token of a list.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::Refused { code: 410, .. } | Self::Ended { code: 410, .. }
        )
    }

    /// Whether a watch that failed so must begin with a list. 504 is a version that the API server has not reached,
    /// as after its store was restored; after another error within a watch nobody knows what was left out.
    pub(crate) fn needs_list(&self) -> bool {
        match self {
            Self::Ended { code, .. } => *code != 429,
            Self::Refused { code: 504, .. } | Self::Garbled(_) => true,
            _ => self.is_gone() || self.is_unsupported(),
        }
    }
}

/// An error with those it comes from, each once: hyper's own say next to nothing.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            let _ = write!(text, ": {more}");
        }
        source = error.source();
    }
    text
}
