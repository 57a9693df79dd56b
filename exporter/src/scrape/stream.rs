//! A page that is sent while it is made: for pages too large to be held (kube-state-metrics: 93 MB for 10,000 pods).
//!
//! The maker runs on a thread that may block and writes into a [`PageSink`]; pieces go to the client
//! through a queue of [`QUEUE`], so a slow client slows the maker and memory stays at a few pieces. Until
//! the first piece is handed over nothing is sent, and a failure is a 500 as for any scrape. Afterwards
//! the status is out, and all that is left is to break the connection: the scraper then sees a body that
//! is cut off, never a part of a page that looks whole. A client that hangs up ends the maker.

mod patience;
mod sink;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::sync::mpsc;
use tracing::{debug, error, warn};

use patience::Patience;
pub use sink::{PageSink, SinkError};

use super::meter::InFlight;
use super::{Encoding, Options, answer, failure, too_many};

/// Pieces that wait for the client.
const QUEUE: usize = 2;

/// Answers a scrape with a page that `make` writes. Counted and bounded as `options` say, like the scrapes
/// of [`service`](super::service).
///
/// ```
/// # use axum::{Router, http::HeaderMap, routing::get};
/// use promontory_exporter::scrape::{Encoding, Options, PageSink, stream};
///
/// let page = async move |headers: HeaderMap| {
///     let encoding = Encoding::choose(&headers, &[Encoding::Identity, Encoding::Gzip]);
///     let lines = |page: &mut PageSink| {
///         for pod in 0..1_000_000 {
///             page.write(format!("pod_info{{pod=\"{pod}\"}} 1\n").as_bytes())?;
///         }
///         Ok(())
///     };
///     stream(&Options::default(), "text/plain; version=0.0.4", encoding, lines).await
/// };
/// # let _: Router = Router::new().route("/metrics", get(page));
/// ```
pub async fn stream(
    options: &Options,
    content_type: &str,
    encoding: Encoding,
    make: impl FnOnce(&mut PageSink) -> anyhow::Result<()> + Send + 'static,
) -> Response {
    let Some(in_flight) = options.meter.enter(options.requests_max) else {
        return too_many(options.requests_max);
    };
    let (pieces, mut queue) = mpsc::channel(QUEUE);
    let sink = match PageSink::new(pieces, encoding, Patience::new(options)) {
        Ok(sink) => sink,
        Err(error) => return failure(&error),
    };
    tokio::task::spawn_blocking(move || run(make, sink, in_flight));
    match queue.recv().await {
        Some(Message::Last(page)) => answer(content_type, encoding, page),
        Some(Message::Piece(piece)) => {
            let body = PageBody {
                first: Some(piece),
                queue,
                ended: false,
            };
            answer(content_type, encoding, Body::new(body))
        }
        Some(Message::Failed(words)) => failure(&words),
        None => failure(&"the page was not made to its end"),
    }
}

/// The thread: makes the page, then tells how it ended. After a panic there is nobody to tell: the queue
/// closes without a last piece.
fn run(
    make: impl FnOnce(&mut PageSink) -> anyhow::Result<()>,
    mut sink: PageSink,
    in_flight: InFlight,
) {
    let message = match make(&mut sink) {
        Ok(()) => Message::Last(sink.finish()),
        Err(err) if matches!(err.downcast_ref(), Some(SinkError::HungUp)) => {
            debug!("a scraper hung up in the middle of a page");
            // Counted by its status, which was sent.
            return in_flight.end(true);
        }
        Err(err) if matches!(err.downcast_ref(), Some(SinkError::TooSlow)) => {
            warn!("a scraper reads too slowly; its page breaks off");
            return in_flight.end(false);
        }
        Err(err) => {
            error!(err = format!("{err:#}"), "error serving metrics");
            Message::Failed(format!("{err:#}"))
        }
    };
    // Before the client can read the end: its next scrape shows this one.
    in_flight.end(matches!(message, Message::Last(_)));
    // A client that hung up now has missed nothing but the end.
    let _ = sink.send(message);
}

/// From the maker to the body.
#[derive(Debug)]
enum Message {
    Piece(Bytes),
    Last(Bytes),
    Failed(String),
}

/// A body of pieces that are still being made. It ends well behind the last piece only; anything else is
/// an error, on which hyper closes the connection without the end of the body.
struct PageBody {
    first: Option<Bytes>,
    queue: mpsc::Receiver<Message>,
    ended: bool,
}

/// The page broke off. Its reason is in the log; the client cannot read it any more.
#[derive(Debug, thiserror::Error)]
#[error("the page broke off")]
struct BrokenOff;

impl hyper::body::Body for PageBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let message = ready!(self.queue.poll_recv(cx));
        Poll::Ready(Some(match message {
            Some(Message::Piece(piece)) => Ok(Frame::data(piece)),
            Some(Message::Last(piece)) => {
                self.ended = true;
                Ok(Frame::data(piece))
            }
            Some(Message::Failed(_)) | None => {
                self.ended = true;
                Err(BrokenOff)
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
