//! `GET /metrics`: what to answer with, and how it is encoded.
//!
//! A scrape is answered whole or not at all: a page is built before its status is sent, so there is
//! never a part of a page under a 200. Programs that collect use [`router`]; programs that hold ready
//! pages use the pieces: [`Encoding::choose`], [`answer`], [`failure`].

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use promontory_exposition::negotiate::{Negotiated, Offer};

use crate::collector::Registry;

/// A content encoding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// All encodings, in the order of preference at equal weight.
pub const ENCODINGS: &[Encoding] = &[Encoding::Identity, Encoding::Gzip, Encoding::Zstd];

impl Encoding {
    /// The best of the offered encodings for an `Accept-Encoding`, as client_golang chooses: the
    /// highest q wins, the earlier offer at equal q; without an acceptable one, `Identity`.
    pub fn choose(headers: &HeaderMap, offered: &[Encoding]) -> Self {
        let _ = (headers, offered);
        Self::Identity
    }

    /// The token of `Content-Encoding`; `None` for `Identity`, which has no header.
    pub fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// Encodes a whole page.
    pub fn encode(self, page: Vec<u8>) -> Vec<u8> {
        page
    }
}

/// Chooses a format for a request's `Accept` headers.
pub fn negotiate(headers: &HeaderMap, offer: Offer) -> Negotiated {
    let accept = headers
        .get(http::header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    promontory_exposition::negotiate::negotiate(accept, offer)
}

/// A 200 with a page that is already encoded.
pub fn answer(
    content_type: &str,
    encoding: Encoding,
    body: impl Into<axum::body::Body>,
) -> Response {
    let _ = (content_type, encoding);
    Response::new(body.into())
}

/// A 500 in promhttp's words: `An error has occurred while serving metrics:`, a blank line, the error.
pub fn failure(error: &dyn std::fmt::Display) -> Response {
    Response::new(Bytes::from(error.to_string()).into())
}

/// A plain-text answer as Go's `http.Error` writes it: the text and a line break, `nosniff`.
pub fn plain(status: http::StatusCode, text: &str) -> Response {
    let _ = status;
    Response::new(Bytes::from(text.to_owned()).into())
}

/// How long a scraper waits, from `X-Prometheus-Scrape-Timeout-Seconds`, less a margin for the way
/// back; `None` without a usable header.
pub fn patience(headers: &HeaderMap) -> Option<Duration> {
    let _ = headers;
    None
}

/// How a registry is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The formats offered.
    pub offer: Offer,
    /// Scrapes at the same time, more are answered 503; 0 is no bound.
    pub requests_max: usize,
    /// What a scrape may take when the scraper does not say how long it waits.
    pub deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            offer: Offer::Classic,
            requests_max: 40,
            deadline: Duration::from_secs(120),
        }
    }
}

/// A router that answers scrapes of a registry at `path`.
pub fn router(path: &str, registry: Arc<Registry>, options: Options) -> Router {
    let _ = (path, registry, options);
    Router::new()
}
