//! The way to the API server: where it is, who we are, and one request.
//!
//! kube finds server and credentials (service account, kubeconfig, exec plugins, client certificates) and renews them;
//! bodies come as they arrive, so that nobody holds one whole.

mod body;
mod failure;
mod source;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Request;
use http::header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT};
use kube::Client;

pub(crate) use body::Body;
pub use failure::Failure;
pub(crate) use failure::Status;
pub use source::{ConnectError, Source};

/// How long an answer may take to begin; the API server itself gives up after 60 seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(65);

/// How often credentials are read again at most, while they are refused: it may start a program.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

/// A way to the API server, shared by all lists and watches.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    source: Source,
    current: Mutex<Current>,
    /// When the credentials were read again; held by the one who does so.
    renewed: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Clone)]
struct Current {
    client: Client,
    /// Counts how often the credentials were read.
    generation: u64,
}

impl Api {
    /// Finds server and credentials. Nothing is sent: a server that is down is found out by those who ask it.
    ///
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// Files and URLs that cannot be read, credentials that cannot be used.
    pub async fn connect(source: &Source) -> Result<Self, ConnectError> {
        let client = source::client(source).await?;
        Ok(Self(Arc::new(Inner {
            source: source.clone(),
            current: Mutex::new(Current {
                client,
                generation: 0,
            }),
            renewed: tokio::sync::Mutex::new(None),
        })))
    }

    /// Asks for a path with its query. An answer other than 200 is a [`Failure`]; after a 401 the credentials are read
    /// again, for the next request: tokens and kubeconfigs are replaced while we run.
    pub(crate) async fn get(&self, path: &str) -> Result<Body, Failure> {
        let current = self.current();
        let request = Request::get(path)
            .header(ACCEPT, "application/json")
            // Newer API servers compress watches, too; our bytes stay near, and inflating costs more than reading.
            .header(ACCEPT_ENCODING, "identity")
            .header(
                USER_AGENT,
                concat!("kube-state-exporter/", env!("CARGO_PKG_VERSION")),
            )
            .body(kube::client::Body::empty())
            .map_err(|error| Failure::unreachable(&error))?;
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, current.client.send(request))
            .await
            .map_err(|_| Failure::Unreachable(format!("none within {ANSWER_TIMEOUT:?}")))?
            .map_err(|error| Failure::unreachable(&error))?;
        let (head, body) = answer.into_parts();
        let body = Body::new(body);
        if head.status == http::StatusCode::OK {
            return Ok(body);
        }
        let failure = Failure::refused(head.status.as_u16(), body).await;
        if head.status == http::StatusCode::UNAUTHORIZED {
            self.renew(current.generation).await;
        }
        Err(failure)
    }

    fn current(&self) -> Current {
        self.lock().clone()
    }

    /// Nothing is left half done under this lock.
    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.0
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads server and credentials again, unless somebody has since `generation` or just now; if that fails, the old
    /// ones stay.
    async fn renew(&self, generation: u64) {
        let mut renewed = self.0.renewed.lock().await;
        let just_now = renewed.is_some_and(|at| at.elapsed() < RENEWAL_PAUSE);
        if just_now || self.current().generation != generation {
            return;
        }
        *renewed = Some(Instant::now());
        match source::client(&self.0.source).await {
            Ok(client) => {
                *self.lock() = Current {
                    client,
                    generation: generation + 1,
                };
            }
            Err(error) => tracing::warn!(%error, "Cannot read the credentials again"),
        }
    }
}
