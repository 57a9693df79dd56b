//! Pushes, deletes and the wipe: from a request to the core and from its answer to a status.
//!
//! 200 (202 without the consistency check), 400 for whatever the client did, 413 for too much, 429 when the store is
//! full, 503 when the disk refuses or the program ends. What is pushed is decided in [`crate::ingest`] and
//! [`crate::commit`], never here.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use promontory_exporter::answer::plain;
use promontory_exporter::server::Peer;
use promontory_exposition::format::read;
use promontory_exposition::name::NameRules;
use promontory_exposition::{Format, ReadError, openmetrics, text};
use tokio::sync::Semaphore;

use super::App;
use super::answer::brief;
use super::bulk;
use super::content::{self, BodyEncoding, DecodeError};
use super::endpoint::{Endpoint, Parameters};
use super::ttl::ttl;
use crate::commit::{ChangeError, Consistency};
use crate::family::Origin;
use crate::group::{GroupingKey, JobSpelling, PathError};
use crate::ingest::{Change, Push, prepare_from, prepare_refused};
use crate::limits::{OverLimit, PushLimits};

/// Bodies up to this size are read where they arrive; a thread of its own would cost more than it saves.
const INLINE_BYTES: usize = 64 << 10;

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

/// Permits to read a large body: as many as there are processors, since reading waits for nothing
/// else, and each reader may need a few times the memory of its body.
pub fn readers() -> Arc<Semaphore> {
    let permits = std::thread::available_parallelism().map_or(2, usize::from);
    Arc::new(Semaphore::new(permits))
}

/// Why a body is no push; nothing has changed then.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// In upstream's words, which clients may look for.
    #[error("text format parsing error in {}{}", .0, flag_of(.0))]
    Text(ReadError),
    #[error("OpenMetrics parsing error in {}{}", .0, flag_of(.0))]
    OpenMetrics(ReadError),
    #[error("protobuf parsing error in {}{}", .0, flag_of(.0))]
    Protobuf(ReadError),
    #[error(transparent)]
    Limit(#[from] OverLimit),
    #[error("the push was not read to its end")]
    Broken,
}

/// The flag to turn where a body is refused for a bound.
fn flag_of(error: &ReadError) -> &'static str {
    match error.too_many_labels {
        true => " (--push.max-labels)",
        false => "",
    }
}

impl BodyError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Decode(DecodeError::TooLarge { .. } | DecodeError::TooDense { .. }) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// All that is needed to make a push of a body, away from the request.
struct Job {
    key: GroupingKey,
    ttl: Duration,
    change: Change,
    encoding: BodyEncoding,
    format: Format,
    names: NameRules,
    limits: PushLimits,
}

impl Job {
    /// Small plain bodies at once, others on a thread that may block, a bounded number at a time.
    async fn run(self, readers: &Arc<Semaphore>, body: Bytes) -> Result<Push, BodyError> {
        if body.len() <= INLINE_BYTES && self.encoding == BodyEncoding::Identity {
            return self.read(&body);
        }
        // The semaphore is never closed; without a permit one more reader would be no harm.
        let permit = Arc::clone(readers).acquire_owned().await.ok();
        let reading = tokio::task::spawn_blocking(move || {
            // The reader has it, not who waits for it: that one may be gone long before.
            let _permit = permit;
            self.read(&body)
        });
        reading.await.unwrap_or(Err(BodyError::Broken))
    }

    fn read(self, body: &[u8]) -> Result<Push, BodyError> {
        let decoded = self.encoding.decode(body, &self.limits)?;
        let limits = self.limits.of_reading();
        let families = match self.format {
            Format::Protobuf => match read(Format::Protobuf, &decoded, &limits) {
                Err(error) if error.well_formed => {
                    let (refusal, now) = (error.into(), SystemTime::now());
                    return Ok(prepare_refused(self.key, self.change, refusal, now));
                }
                // Names in protobuf are not checked: upstream takes them, and spells them out on scrapes.
                read => read.map_err(BodyError::Protobuf)?,
            },
            Format::OpenMetrics => {
                openmetrics::read(&decoded, self.names, &limits).map_err(BodyError::OpenMetrics)?
            }
            _ => text::read(&decoded, self.names, &limits).map_err(BodyError::Text)?,
        };
        self.limits.check(&families)?;
        let origin = match self.format {
            Format::OpenMetrics => Origin::OpenMetrics,
            _ => Origin::Classic,
        };
        let now = SystemTime::now();
        let push = prepare_from(origin, self.key, self.change, families, now);
        Ok(push.expiring_after(self.ttl))
    }
}
