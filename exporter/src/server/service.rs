//! What happens around a handler: the web config's say (rate, users, headers), the body's bounds, a fence for panics.
//!
//! No route is known here; an answer made here says why in the words of Go's `http.Error`, as the replaced
//! programs do.

use std::any::Any;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::response::Response;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use tower_service::Service;

use super::activity::InFlight;
use super::body::{self, Answered, BodyError};
use super::budget::{Budget, Share};
use super::malformed::malformed;
use super::{Peer, SiteState};
use crate::answer::{plain, refusal};

/// Where a request comes from.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) peer: Peer,
    /// What the bodies of its connection may hold outside the site's budget.
    pub(super) free: Arc<Budget>,
}

/// Answers one request; never fails and never panics.
pub(super) async fn answer(
    site: &SiteState,
    caller: &Caller,
    in_flight: InFlight,
    request: Request<Incoming>,
) -> Result<Response<Answered>, Infallible> {
    let response = match malformed(&request) {
        Some(refused) => refused,
        None => admit(site, caller, request).await,
    };
    Ok(response.map(|body| Answered::new(body, in_flight)))
}

async fn admit(site: &SiteState, caller: &Caller, request: Request<Incoming>) -> Response {
    let Some(gate) = &site.gate else {
        return handle(site, caller, request).await;
    };
    let config = gate.current();
    match gate.admit(&config, request.headers()).await {
        Err(status) => config.refusal(status),
        Ok(()) => {
            let mut response = handle(site, caller, request).await;
            config.add_headers(response.headers_mut());
            response
        }
    }
}

async fn handle(site: &SiteState, caller: &Caller, request: Request<Incoming>) -> Response {
    // Held until the answer is made, or the client is gone: what was sent lives on in what the handler makes of it.
    let share = Share::new(&caller.free, &site.bodies);
    let announced = announced_bytes(request.headers());
    if announced > body::largest(&site.limits) {
        return unread(request, &BodyError::too_large(&site.limits)).await;
    }
    if !share.has_room(announced) {
        return unread(request, &BodyError::no_room(&site.limits)).await;
    }
    let mut request = request.map(|body| body::bound(body, &site.limits, &share));
    request.extensions_mut().insert(caller.peer);
    let mut app = site.app.clone();
    fence(async move {
        match app.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    })
    .await
}

/// Refuses a request for the body that it announces.
async fn unread(request: Request<Incoming>, error: &BodyError) -> Response {
    // A client that asked first must not be told to send; others are already sending.
    if !request.headers().contains_key(EXPECT) {
        body::discard(request.into_body()).await;
    }
    let mut response = plain(error.status(), &error.to_string());
    // The body is not read to its end, so nothing after it can be either.
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// The `Content-Length`, which hyper has checked to be a number; 0 for a body without one, which is counted as it comes.
fn announced_bytes(headers: &HeaderMap) -> u64 {
    let length = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Runs a handler; a panic in it becomes a 500 and a line in the log, and touches no other request.
async fn fence(handler: impl Future<Output = Response>) -> Response {
    let mut handler = pin!(handler);
    let caught = std::future::poll_fn(|cx| {
        // After a panic the future is never polled again, so no broken state of it can be seen.
        match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(response)) => Poll::Ready(Ok(response)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    caught.await.unwrap_or_else(|panic| {
        tracing::error!(panic = words(panic.as_ref()), "A request handler panicked");
        refusal(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
