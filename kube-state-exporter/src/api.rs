//! The way to the API server: where it is, who we are, and one request.
//!
//! kube finds server and credentials (service account, kubeconfig, exec plugins, client certificates) and renews them;
//! bodies come as they arrive, so that nobody holds one whole.

mod body;
mod failure;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Request;
use http::header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

pub(crate) use body::Body;
pub use failure::Failure;
pub(crate) use failure::Status;

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may take to begin; the API server itself gives up after 60 seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(65);

/// How often credentials are read again at most, while they are refused: it may start a program.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

/// Where the API server and the credentials are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Source {
    /// A kubeconfig file; without one and without [`Source::server`], the service account of our pod.
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig, rather than its current one.
    pub context: Option<String>,
    /// The URL of the API server (`--apiserver`), rather than the kubeconfig's. Without a kubeconfig there are then no
    /// credentials, as upstream has it.
    pub server: Option<String>,
}

/// Why there is no way to an API server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig cannot be read, or names what it does not have.
    #[error("kubeconfig {}: {error}", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: kube::config::KubeconfigError,
    },
    /// There is no service account: we are not in a pod.
    #[error("no kubeconfig, no API server's URL, and not in a cluster: {0}")]
    InCluster(#[from] kube::config::InClusterError),
    /// The URL cannot be read.
    #[error("API server {url:?}: {error}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        error: http::uri::InvalidUri,
    },
    /// Certificates or credentials cannot be used.
    #[error("credentials for {url}: {error}")]
    Credentials {
        /// The API server.
        url: http::Uri,
        /// What is wrong with them.
        error: Box<kube::Error>,
    },
    /// The task that reads them was stopped.
    #[error("stopped")]
    Stopped,
}

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
        let client = client(source.clone()).await?;
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
        match client(self.0.source.clone()).await {
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

async fn client(source: Source) -> Result<Client, ConnectError> {
    let mut config = config(&source).await?;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    // Retries are ours: they go on for ever, and are seen in logs and metrics.
    config.default_retry = false;
    let url = config.cluster_url.clone();
    // An exec plugin is a program that is waited for.
    tokio::task::spawn_blocking(move || Client::try_from(config))
        .await
        .map_err(|_| ConnectError::Stopped)?
        .map_err(|error| ConnectError::Credentials {
            url,
            error: Box::new(error),
        })
}

/// As client-go's `BuildConfigFromFlags`: kubeconfig, or only a URL, or the pod's service account.
async fn config(source: &Source) -> Result<Config, ConnectError> {
    let server = source.server.as_deref().map(url).transpose()?;
    let Some(path) = &source.kubeconfig else {
        return match server {
            Some(server) => Ok(Config::new(server)),
            None => Ok(Config::incluster()?),
        };
    };
    let failed = |error| ConnectError::Kubeconfig {
        path: path.clone(),
        error,
    };
    let options = KubeConfigOptions {
        context: source.context.clone(),
        ..KubeConfigOptions::default()
    };
    let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(failed)?;
    if let Some(server) = server {
        config.cluster_url = server;
    }
    Ok(config)
}

/// Reads a URL; one without a scheme is plain HTTP, as client-go's `DefaultServerURL` has it.
fn url(text: &str) -> Result<http::Uri, ConnectError> {
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    whole.parse().map_err(|error| ConnectError::Url {
        url: text.to_owned(),
        error,
    })
}

#[cfg(test)]
mod tests;
