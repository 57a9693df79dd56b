//! Pushes, deletes and the wipe: from a request to the core and from its answer to a status.
//!
//! 200 (202 without the consistency check), 400 for whatever the client did, 413 for too much, 429 when the store is
//! full, 503 when the disk refuses or the program ends. What is pushed is decided in [`crate::ingest`] and
//! [`crate::commit`], never here.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use promontory_exporter::answer::plain;
use promontory_exporter::server::Peer;
use promontory_exposition::name::NameRules;

use super::App;
use super::answer::brief;
use super::bulk;
use super::content::{self, BodyEncoding};
use super::endpoint::{Endpoint, Parameters};
use super::ttl::ttl;
use crate::commit::{ChangeError, Consistency};
use crate::group::{GroupingKey, JobSpelling, PathError};
use crate::ingest::Change;
use reading::Job;

pub use reading::Readers;

mod reading;

/// `PUT` and `POST` on a group.
pub async fn push(
    app: &Arc<App>,
    endpoint: Endpoint,
    parts: &Parts,
    parameters: &Parameters,
    body: Bytes,
) -> Response {
    let key = match grouping_key(parameters, app.names) {
        Ok(key) => key,
        Err(error) => return plain(StatusCode::BAD_REQUEST, &brief(&error)),
    };
    if let Err(over) = app.limits.check_key(&key) {
        return plain(StatusCode::BAD_REQUEST, &over.to_string());
    }
    let ttl = match ttl(parts, app.push_ttl) {
        Ok(ttl) => ttl,
        Err(error) => return plain(StatusCode::BAD_REQUEST, &brief(&error)),
    };
    let job = Job {
        key,
        ttl,
        change: if endpoint == Endpoint::Replace {
            Change::Replace
        } else {
            Change::Merge
        },
        encoding: BodyEncoding::of(&parts.headers),
        format: content::format(&parts.headers),
        names: app.names,
        limits: app.limits,
    };
    let ready = match job.run(&app.readers, body).await {
        Ok(push) => push,
        Err(error) => {
            let source = source(&parts.extensions);
            let said = brief(&error);
            tracing::debug!(source, err = %said, "failed to parse text");
            return plain(error.status(), &said);
        }
    };
    match app.gateway.push(ready).await {
        Ok(()) if app.gateway.consistency() == Consistency::Checked => empty(StatusCode::OK),
        Ok(()) => empty(StatusCode::ACCEPTED),
        Err(error) => {
            let source = source(&parts.extensions);
            let said = brief(&error);
            tracing::error!(method = %parts.method, source, err = %said, "push refused");
            refused(&error)
        }
    }
}

/// `DELETE` on a group: 202 once the group is gone for good, also if it never was.
pub async fn delete(app: &App, parameters: &Parameters) -> Response {
    match grouping_key(parameters, app.names) {
        // No group can have such a key, so it is gone: upstream says the same.
        Err(PathError::NotUtf8 { .. }) => empty(StatusCode::ACCEPTED),
        Err(error) => plain(StatusCode::BAD_REQUEST, &brief(&error)),
        Ok(key) => accepted(app.gateway.delete(key).await),
    }
}

/// `PUT /api/v1/admin/wipe`.
pub async fn wipe(app: &App) -> Response {
    accepted(bulk::wipe(app).await)
}

fn accepted(done: Result<(), ChangeError>) -> Response {
    match done {
        Ok(()) => empty(StatusCode::ACCEPTED),
        Err(error) => {
            tracing::error!(err = %error, "delete failed");
            refused(&error)
        }
    }
}

fn refused(error: &ChangeError) -> Response {
    let status = match error {
        ChangeError::Refused(_) => StatusCode::BAD_REQUEST,
        ChangeError::Full(_) => StatusCode::TOO_MANY_REQUESTS,
        ChangeError::Store(_) | ChangeError::Closed => StatusCode::SERVICE_UNAVAILABLE,
    };
    plain(status, &brief(error))
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The client's address, for the log.
fn source(extensions: &http::Extensions) -> String {
    extensions
        .get::<Peer>()
        .map_or_else(String::new, |peer| peer.address.to_string())
}

/// The group a path means.
///
/// # Errors
/// See [`PathError`]; always a 400.
pub fn grouping_key(parameters: &Parameters, names: NameRules) -> Result<GroupingKey, PathError> {
    let spelling = if parameters.job_is_base64 {
        JobSpelling::Base64
    } else {
        JobSpelling::Plain
    };
    GroupingKey::parse(&parameters.job, spelling, &parameters.rest, names)
}
