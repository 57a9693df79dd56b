//! `GET /metrics`: what to answer with, and how it is encoded.
//!
//! A scrape is answered whole or not at all: a page is built before its status is sent, so there is
//! never a part of a page under a 200. Programs that collect use [`service`]; programs that hold ready
//! pages use the pieces: [`negotiate`], [`Encoding::choose`], [`answer`], [`failure`]; programs whose
//! pages are too large to be held use [`stream()`] (`scrape/stream.rs`). What the scrapes themselves cost is
//! counted in `scrape/meter.rs`.

mod encoding;
mod meter;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode, Uri};
use promontory_exposition::error::WriteError;
use promontory_exposition::negotiate::{Negotiated, Offer};
use tracing::error;

pub use encoding::{ENCODINGS, Encoding};
pub use meter::{Meter, method_label};
pub use stream::{PageSink, SinkError, stream};

use meter::InFlight;

use crate::answer::plain;
use crate::collector::{Filter, FilterError, Registry};

/// Where Prometheus tells how long it waits for a scrape, in seconds.
pub const SCRAPE_TIMEOUT: HeaderName =
    HeaderName::from_static("x-prometheus-scrape-timeout-seconds");

/// What of the scraper's patience is kept for writing, compressing and sending the page.
const MARGIN_MAX: Duration = Duration::from_millis(500);

/// Chooses a format for a request's `Accept` header; like Go, it looks at the first one only.
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
    let mut response = Response::new(body.into());
    // A content type of ours is plain ASCII; were it not, the page would still be better than none.
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    if let Some(token) = encoding.token() {
        response
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static(token));
    }
    response
}

/// A 500 in promhttp's words: `An error has occurred while serving metrics:`, a blank line, the error.
pub fn failure(error: &dyn std::fmt::Display) -> Response {
    plain(
        StatusCode::INTERNAL_SERVER_ERROR,
        &format!("An error has occurred while serving metrics:\n\n{error}"),
    )
}

/// How long collectors may take, from `X-Prometheus-Scrape-Timeout-Seconds`: a tenth less, half a
/// second at most; `None` without a usable header.
pub fn patience(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(SCRAPE_TIMEOUT)?.to_str().ok()?.parse().ok()?;
    let timeout = Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|timeout| !timeout.is_zero())?;
    Some(timeout - MARGIN_MAX.min(timeout / 10))
}

/// How a registry is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The formats offered.
    pub offer: Offer,
    /// Scrapes at the same time; more are answered 503. 0 is no bound.
    pub requests_max: usize,
    /// What collectors may take when the scraper does not say how long it waits, and at most.
    pub deadline: Duration,
    /// How long a client may take no piece of a page that is made while it is sent; beyond: the page breaks off.
    pub piece_timeout: Duration,
    /// How long such a page may take in all: whoever reads a byte now and then must not hold on to what it is made of.
    pub page_timeout: Duration,
    /// What counts the scrapes.
    pub meter: Arc<Meter>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            offer: Offer::Classic,
            requests_max: 40,
            deadline: Duration::from_secs(120),
            piece_timeout: Duration::from_secs(20),
            page_timeout: Duration::from_secs(300),
            meter: Arc::default(),
        }
    }
}

/// Answers scrapes of a registry, whatever the method, as promhttp does. For a route:
/// `Router::new().route("/metrics", scrape::service(registry, options))`.
pub fn service(registry: Arc<Registry>, options: Options) -> MethodRouter {
    any(move |uri: Uri, headers: HeaderMap| {
        let (registry, options) = (Arc::clone(&registry), options.clone());
        async move { scrape(registry, &options, &uri, headers).await }
    })
}

/// One scrape: bounds and questions first, then the blocking work off the async threads.
async fn scrape(
    registry: Arc<Registry>,
    options: &Options,
    uri: &Uri,
    headers: HeaderMap,
) -> Response {
    let filter = match filter(uri) {
        Ok(filter) => filter,
        Err(text) => return bad_request(text.to_owned()),
    };
    let max = options.requests_max;
    let Some(in_flight) = options.meter.enter(max) else {
        return too_many(max);
    };
    let options = options.clone();
    let work = move || {
        let page = page(&registry, &options, &filter, &headers);
        finish(page, &options.meter, in_flight)
    };
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|err| failure(&err))
}

/// The answer to a scrape beyond `Options::requests_max`, in promhttp's words.
fn too_many(max: usize) -> Response {
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        &format!("Limit of concurrent requests reached ({max}), try again later."),
    )
}

/// The answer to a scrape, counted and logged.
fn finish(page: Result<Response, PageError>, meter: &Meter, in_flight: InFlight) -> Response {
    match page {
        Ok(response) => in_flight.done(response),
        // No scrape after all, and not counted as one.
        Err(PageError::Filter(err)) => bad_request(format!(
            "Couldn't create filtered metrics handler: couldn't create collector: {err}"
        )),
        Err(PageError::Write(err)) => {
            error!(%err, "error serving metrics");
            meter.encoding_failed();
            in_flight.done(failure(&err))
        }
    }
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Collects, writes and encodes a page. Blocks.
fn page(
    registry: &Registry,
    options: &Options,
    filter: &Filter,
    headers: &HeaderMap,
) -> Result<Response, PageError> {
    let patience =
        patience(headers).map_or(options.deadline, |patience| patience.min(options.deadline));
    let gathered = registry.gather(filter, patience)?;
    let negotiated = negotiate(headers, options.offer);
    let mut page = Vec::new();
    let left_out = gathered.write(negotiated.target, &mut page)?;
    options.meter.left_out(left_out);
    let encoding = Encoding::choose(headers, ENCODINGS);
    Ok(answer(
        &negotiated.content_type,
        encoding,
        encoding.encode(page),
    ))
}

/// What `collect[]` and `exclude[]` ask for.
fn filter(uri: &Uri) -> Result<Filter, &'static str> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map(|query| query.0)
        .unwrap_or_default();
    let values = |key: &str| -> Vec<String> {
        pairs
            .iter()
            .filter(|(name, _)| name == key)
            .map(|(_, value)| value.clone())
            .collect()
    };
    let (collect, exclude) = (values("collect[]"), values("exclude[]"));
    match (collect.is_empty(), exclude.is_empty()) {
        (true, true) => Ok(Filter::All),
        (false, true) => Ok(Filter::Only(collect)),
        (true, false) => Ok(Filter::Without(exclude)),
        (false, false) => Err("Combined collect and exclude queries are not allowed."),
    }
}

/// A 400 as node_exporter writes it: the bare text.
fn bad_request(text: String) -> Response {
    (
        StatusCode::BAD_REQUEST,
        [(CONTENT_TYPE, "text/plain; charset=utf-8")],
        text,
    )
        .into_response()
}
