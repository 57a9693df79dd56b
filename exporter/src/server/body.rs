//! Bodies with bounds: a request's body cannot be larger or slower than the limits allow, whoever reads it.
//!
//! Handlers read with [`read_body`], or with any of axum's extractors; the bounds hold either way.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::activity::InFlight;
use super::budget::Share;
use crate::limits::Limits;

/// What is read of an unwanted body, and for how long.
const DISCARD_BYTES: usize = 256 << 10;
const DISCARD_TIME: Duration = Duration::from_millis(500);

/// Why a request's body could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// More bytes than [`Limits::body_bytes_max`].
    #[error("the request body is larger than {bytes_max} bytes{}", hint(flag))]
    TooLarge {
        /// What is allowed.
        bytes_max: u64,
        /// See [`Limits::body_flag`].
        flag: &'static str,
    },
    /// Too many bytes of other bodies are in flight: [`Limits::bodies_bytes_max`].
    #[error(
        "the request bodies in flight are larger than {bytes_max} bytes together{}",
        hint(flag)
    )]
    NoRoom {
        /// What is allowed.
        bytes_max: u64,
        /// See [`Limits::bodies_flag`].
        flag: &'static str,
    },
    /// Slower than [`Limits::body_idle_timeout`] or [`Limits::body_timeout`] allow.
    #[error("the request body came too slowly")]
    TooSlow,
    /// The connection broke, or the body was not valid HTTP.
    #[error("the request body broke off: {0}")]
    Broken(String),
}

fn hint(flag: &str) -> String {
    match flag {
        "" => String::new(),
        flag => format!(" (--{flag})"),
    }
}

impl BodyError {
    pub(super) fn too_large(limits: &Limits) -> Self {
        Self::TooLarge {
            bytes_max: limits.body_bytes_max,
            flag: limits.body_flag,
        }
    }

    /// The status that tells the client.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoRoom { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// The whole body of a request. The server's limits bound its size and time.
#[expect(
    clippy::disallowed_methods,
    reason = "the body comes from `bound`, which counts"
)]
pub async fn read_body(body: Body) -> Result<Bytes, BodyError> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(match error.into_inner().downcast::<BodyError>() {
            Ok(bound) => *bound,
            Err(other) => BodyError::Broken(other.to_string()),
        }),
    }
}

/// Puts the bounds around a body as it comes from the wire. It takes room in `share`.
pub(super) fn bound(body: Incoming, limits: &Limits, share: Arc<Share>) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let now = Instant::now();
    Body::new(Bounded {
        body,
        left: limits.body_bytes_max,
        deadline: now + limits.body_timeout,
        waiting: false,
        timer: Box::pin(sleep_until(now)),
        share,
        limits: limits.clone(),
    })
}

/// Reads and forgets a little of a body that nobody wants, as much as Go's server does: some clients (curl over
/// HTTP/2) lose an answer that comes before they have sent everything.
pub(super) async fn discard(mut body: Incoming) {
    let mut left = DISCARD_BYTES;
    let _ = timeout(DISCARD_TIME, async {
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(bytes) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    })
    .await;
}

struct Bounded {
    body: Incoming,
    left: u64,
    deadline: Instant,
    /// Whether the timer runs: only while the client keeps us waiting. A small body never touches it.
    waiting: bool,
    timer: Pin<Box<Sleep>>,
    share: Arc<Share>,
    limits: Limits,
}

impl Bounded {
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.waiting {
            self.waiting = true;
            let idle = Instant::now() + self.limits.body_idle_timeout;
            self.timer.as_mut().reset(idle.min(self.deadline));
        }
        self.timer.as_mut().poll(cx)
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            ready!(self.poll_patience(cx));
            return Poll::Ready(Some(Err(BodyError::TooSlow)));
        };
        self.waiting = false;
        let Some(frame) = frame else {
            return Poll::Ready(None);
        };
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return Poll::Ready(Some(Err(BodyError::Broken(error.to_string())))),
        };
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        Poll::Ready(Some(match self.left.checked_sub(bytes) {
            Some(left) if self.share.grow(bytes) => {
                self.left = left;
                Ok(frame)
            }
            Some(_) => Err(BodyError::NoRoom {
                bytes_max: self.share.bytes_max(),
                flag: self.limits.bodies_flag,
            }),
            None => Err(BodyError::too_large(&self.limits)),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body; the request stays in flight until it is sent or dropped.
pub(super) struct Answered {
    body: Body,
    _request: InFlight,
}

impl Answered {
    pub(super) fn new(body: Body, request: InFlight) -> Self {
        Self {
            body,
            _request: request,
        }
    }
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
