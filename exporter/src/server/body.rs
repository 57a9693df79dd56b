//! Bodies with bounds: a request's body cannot be larger or slower than the limits allow, whoever reads it.
//!
//! Handlers read with [`read_body`], or with any of axum's extractors; the bounds hold either way.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
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
    /// More bytes than [`Limits::body_bytes_max`], or than [`Limits::bodies_bytes_max`].
    #[error("the request body is larger than {bytes_max} bytes{}", hint(flag))]
    TooLarge {
        /// What is allowed.
        bytes_max: u64,
        /// See [`Limits::body_flag`].
        flag: &'static str,
    },
    /// More bytes than [`Limits::bodies_bytes_max`] together with the bodies of other requests.
    #[error(
        "the request bodies held at a time would be more than {bytes_max} bytes{}: try again later",
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
        let (bytes_max, flag) = match limits.bodies_bytes_max < limits.body_bytes_max {
            true => (limits.bodies_bytes_max, limits.bodies_flag),
            false => (limits.body_bytes_max, limits.body_flag),
        };
        Self::TooLarge { bytes_max, flag }
    }

    pub(super) fn no_room(limits: &Limits) -> Self {
        Self::NoRoom {
            bytes_max: limits.bodies_bytes_max,
            flag: limits.bodies_flag,
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
///
/// # Errors
/// See [`BodyError`].
pub async fn read_body(mut body: Body) -> Result<Bytes, BodyError> {
    let Some(first) = next_piece(&mut body).await? else {
        return Ok(Bytes::new());
    };
    let Some(second) = next_piece(&mut body).await? else {
        return Ok(first);
    };
    // Each piece is copied as it comes: kept, a piece of one byte would hold the buffer it was read into.
    let mut whole = BytesMut::from(&*first);
    whole.extend_from_slice(&second);
    drop((first, second));
    while let Some(piece) = next_piece(&mut body).await? {
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// The next bytes of a body; `None` at its end.
async fn next_piece(body: &mut Body) -> Result<Option<Bytes>, BodyError> {
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(bytes)) if !bytes.is_empty() => return Ok(Some(bytes)),
            // Trailers, which nobody asks for.
            Ok(_) => {}
            Err(error) => {
                return Err(match error.into_inner().downcast::<BodyError>() {
                    Ok(bound) => *bound,
                    Err(other) => BodyError::Broken(other.to_string()),
                });
            }
        }
    }
    Ok(None)
}

/// How many bytes a body may have at most: one must not be larger than all may be together.
pub(super) fn largest(limits: &Limits) -> u64 {
    limits.body_bytes_max.min(limits.bodies_bytes_max)
}

/// Puts the bounds around a body as it comes from the wire. What it holds is counted in `share`.
pub(super) fn bound(body: Incoming, limits: &Limits, share: &Arc<Share>) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    let now = Instant::now();
    Body::new(Bounded {
        body,
        left: largest(limits),
        share: Arc::clone(share),
        deadline: now + limits.body_timeout,
        waiting: false,
        timer: Box::pin(sleep_until(now)),
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
    share: Arc<Share>,
    deadline: Instant,
    /// Whether the timer runs: only while the client keeps us waiting. A small body never touches it.
    waiting: bool,
    timer: Pin<Box<Sleep>>,
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
        let Some(left) = self.left.checked_sub(bytes) else {
            return Poll::Ready(Some(Err(BodyError::too_large(&self.limits))));
        };
        self.left = left;
        Poll::Ready(Some(match self.share.take(bytes) {
            true => Ok(frame),
            false => Err(BodyError::no_room(&self.limits)),
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
