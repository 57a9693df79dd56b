//! The HTTP side: one file a route, and no rule about metrics.
//!
//! [`serve`] asks [`route`] what a request means ([`endpoint`]) and calls the endpoint; counting and the outermost
//! decoding are here, everything else is one floor down: [`push`] (pushes, deletes, wipe), `scrape`,
//! `api` (JSON), `pages` (HTML), `answer` (Go's plain answers). Those hand metrics to
//! [`crate::commit`] and read [`crate::view`]; they never decide whether a push fits.

mod answer;
mod api;
mod assets;
mod bulk;
mod content;
pub mod endpoint;
pub mod instrument;
mod lookup;
mod native;
mod pages;
mod path;
mod persistence;
mod pieces;
pub mod push;
mod query;
pub mod route;
pub mod scrape;
pub mod search;
mod select;
mod summary;
mod ttl;
mod turns;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use promontory_exporter::answer::{not_found, plain};
use promontory_exporter::process::Build;
use promontory_exporter::server::read_body;
use promontory_exporter::shutdown::Shutdown;
use promontory_exposition::name::NameRules;

use crate::commit::Gateway;
use crate::limits::PushLimits;
use crate::time::UnixNanos;
use answer::{brief, redirect, text, with_allow, with_cors, with_header};
use content::BodyEncoding;
use endpoint::{Endpoint, Parameters, Route};
use instrument::{Metrics, request_bytes};
use push::Readers;
use route::Routes;
use search::Searches;

/// Everything the handlers need; one per program.
pub struct App {
    /// The core.
    pub gateway: Gateway,
    /// Which paths mean what.
    pub routes: Routes,
    /// What paths and text bodies may name.
    pub names: NameRules,
    /// Whether `/-/quit` works.
    pub lifecycle: bool,
    /// Whether everything can be deleted at once.
    pub admin_api: bool,
    /// How long a pushed group lives that says nothing of it; zero is for ever.
    pub push_ttl: Duration,
    /// What one push may hold.
    pub limits: PushLimits,
    /// How scrapes are served, and how many are; see [`scrape::options`].
    pub scrapes: promontory_exporter::scrape::Options,
    /// Bounds on reading bodies.
    pub readers: Readers,
    /// Where searches through everything run.
    pub searches: Searches,
    /// What stands before every path of a page's links: the path of the external URL.
    pub external_prefix: String,
    /// The flags with their values, for the status page.
    pub flags: Vec<(String, String)>,
    /// The names of those that differ from their defaults, for the status page.
    pub changed: Vec<String>,
    /// What the program was built from.
    pub build: Build,
    /// What an acknowledged push is worth, as a sentence for the status page.
    pub promise: String,
    /// When the program started.
    pub started: SystemTime,
    /// Ends the program.
    pub shutdown: Shutdown,
    /// What is counted about requests.
    pub metrics: Metrics,
}

/// The whole site as a router: one fallback, because the paths follow upstream's router, not axum's.
pub fn router(app: Arc<App>) -> Router {
    Router::new().fallback(move |request: Request| serve(app.clone(), request))
}

/// Answers one request.
pub async fn serve(app: Arc<App>, request: Request) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let (method, path) = (&parts.method, parts.uri.path());
    let route = app.routes.route(method, path, parts.uri.query());
    let body = match receive(app.routes.unpacks(path), &parts, body).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    match route {
        Route::Endpoint(endpoint, parameters) => {
            let response = call(&app, endpoint, &parts, parameters, body).await;
            note(&app, endpoint, &parts, started, response.status());
            response
        }
        Route::Redirect { status, location } => redirect(method, status, &location),
        Route::Options { allow } => with_allow(Response::new(Body::empty()), &allow),
        Route::NotAllowed { allow } => with_allow(
            plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
            &allow,
        ),
        Route::NotFound => not_found(),
        Route::BadRequest => text(StatusCode::BAD_REQUEST, "400 Bad Request"),
    }
}

/// Reads the body whole, so that the connection stays usable, and refuses what is said to be gzip and is
/// not: upstream unpacks bodies before it looks at the path. The server bounds size and time.
async fn receive(unpacks: bool, parts: &Parts, body: Body) -> Result<Bytes, Response> {
    let body = read_body(body)
        .await
        .map_err(|error| plain(error.status(), &error.to_string()))?;
    if unpacks {
        let checked = BodyEncoding::of(&parts.headers).check_start(&body);
        checked.map_err(|error| plain(StatusCode::BAD_REQUEST, &error.to_string()))?;
    }
    Ok(body)
}

async fn call(
    app: &Arc<App>,
    endpoint: Endpoint,
    parts: &Parts,
    parameters: Parameters,
    body: Bytes,
) -> Response {
    match endpoint {
        Endpoint::Replace | Endpoint::Update => {
            push::push(app, endpoint, parts, &parameters, body).await
        }
        Endpoint::Delete => push::delete(app, &parameters).await,
        Endpoint::Wipe => push::wipe(app).await,
        Endpoint::Scrape => scrape::scrape(app, &parts.headers).await,
        Endpoint::Healthy => health(app, StatusCode::OK),
        Endpoint::Ready => health(app, StatusCode::SERVICE_UNAVAILABLE),
        Endpoint::Quit => quit(app),
        Endpoint::QuitByGet => text(
            StatusCode::METHOD_NOT_ALLOWED,
            "Only POST or PUT requests allowed.",
        ),
        Endpoint::ApiMetrics => with_cors(select::metrics(app, parts.uri.query()).await),
        Endpoint::DeleteMatching => bulk::delete(app, parts).await,
        Endpoint::ApiStatus => with_cors(api_status(app)),
        Endpoint::ApiOptions => with_cors(Response::new(Body::empty())),
        Endpoint::Groups => pages::groups(app, parts.uri.query()).await,
        Endpoint::Group => pages::group(app, parts.uri.query()).await,
        Endpoint::Status => pages::status(app).await,
        Endpoint::Confirm => pages::confirm(app, parts, &body).await,
        Endpoint::Static => assets::serve(&parameters.rest),
        Endpoint::Profile => plain(
            StatusCode::NOT_FOUND,
            "404 page not found: this program has no Go profiles",
        ),
    }
}

/// Counts a request under the handler's name upstream; what it does not count, neither do we.
fn note(app: &App, endpoint: Endpoint, parts: &Parts, started: Instant, status: StatusCode) {
    let Some(handler) = endpoint.handler() else {
        return;
    };
    app.metrics.count(handler, &parts.method, status);
    if handler == "push" {
        app.metrics
            .observe_push(&parts.method, started.elapsed(), request_bytes(parts));
    }
}

/// While the disk refuses changes, both say so, but only readiness fails (`refusing`): pushes should go elsewhere, and a
/// restart would help nobody.
fn health(app: &App, refusing: StatusCode) -> Response {
    if let Err(full) = app.gateway.healthy() {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, &full.to_string());
    }
    let persistence = app.gateway.persistence();
    match persistence.and_then(|figures| figures.trouble()) {
        Some(trouble) => plain(refusing, &format!("changes cannot be stored: {trouble}")),
        None => text(StatusCode::OK, "OK"),
    }
}

fn quit(app: &App) -> Response {
    if !app.lifecycle {
        return text(StatusCode::FORBIDDEN, "Lifecycle API is not enabled.");
    }
    tracing::warn!("received termination request via web service, exiting gracefully...");
    // The server finishes what is in flight, this answer included, before it ends.
    app.shutdown.trigger();
    text(StatusCode::OK, "Requesting termination... Goodbye!")
}

/// An error of the API, as upstream words it.
fn api_error(status: StatusCode, kind: &str, reason: &str) -> Response {
    let mut out = Vec::new();
    api::write_error(kind, &brief(&reason), &mut out);
    let mut response = json(out.into());
    *response.status_mut() = status;
    response
}

fn api_status(app: &App) -> Response {
    let mut out = Vec::new();
    let build = [
        ("version", app.build.version),
        ("revision", app.build.revision),
        ("branch", app.build.branch),
        ("buildUser", app.build.user),
        ("buildDate", app.build.date),
        ("goVersion", app.build.compiler()),
    ];
    api::write_status(
        &build,
        &app.flags,
        UnixNanos::from_system(app.started),
        &mut out,
    );
    json(out.into())
}

fn json(body: Body) -> Response {
    with_header(Response::new(body), CONTENT_TYPE, "application/json")
}
