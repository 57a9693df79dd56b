//! Pushing to a Pushgateway: for batch jobs, which end before anybody scrapes them.
//!
//! A whole job:
//!
//! ```no_run
//! use promontory_exporter::exposition::batch::Batch;
//! use promontory_exporter::exposition::model::Header;
//! use promontory_exporter::push::{Body, PushError, Pusher};
//!
//! fn main() -> Result<(), PushError> {
//!     let mut metrics = Batch::default();
//!     metrics
//!         .family(Header::gauge("backup_bytes", "Bytes saved by the last backup."))
//!         .sample(&[], 5.5e9);
//!     Pusher::new("https://gateway.example:9091", "backup")?
//!         .grouping("path", "/home/anna")?
//!         .put(&Body::batch(&metrics)?)
//! }
//! ```
//!
//! A gateway that cannot be reached or is in trouble (5xx, 429) is asked again; all three requests may be repeated
//! without harm. What the gateway refuses is an error with its words. `push/path.rs` says how a group becomes a path.

mod path;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use promontory_exposition::batch::Batch;
use promontory_exposition::error::WriteError;
use promontory_exposition::format::{Format, Target};
use promontory_exposition::name::Escaping;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};

use crate::collector::{Filter, Registry};
use path::GroupPath;

/// Requests for one push, the first included, unless [`Pusher::attempts`] says otherwise.
const ATTEMPTS: u32 = 4;
/// What one request may take, unless [`Pusher::timeout`] says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after the first failure; it doubles with each.
const PAUSE: Duration = Duration::from_millis(250);
/// No pause is longer.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How much of a refusal's text is kept.
const WORDS_BYTES_MAX: u64 = 4096;

/// Why a push did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The gateway's address is no http or https URL.
    #[error("{url:?} is not the URL of a gateway: {reason}")]
    Gateway {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A group needs a job that is not empty.
    #[error("the job must have a name")]
    NoJob,
    /// No grouping label can have this name.
    #[error("{name:?} cannot be a grouping label: {reason}")]
    Label {
        /// As given.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// Certificates or keys that cannot be used.
    #[error("{what}: {reason}")]
    Tls {
        /// Which of them.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The metrics make no valid page.
    #[error("the metrics cannot be written: {0}")]
    Write(#[from] WriteError),
    /// The gateway answered, and not with 200 or 202.
    #[error("{url} answered {status}: {words}")]
    Refused {
        /// Where the push went.
        url: String,
        /// The status.
        status: u16,
        /// What it said.
        words: String,
    },
    /// No answer, after all attempts.
    #[error("no answer from {url}: {reason}")]
    Unreachable {
        /// Where the push went.
        url: String,
        /// The last reason.
        reason: String,
    },
}

impl PushError {
    /// Whether the same request may succeed later.
    fn may_pass(&self) -> bool {
        match self {
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unreachable { .. } => true,
            _ => false,
        }
    }
}

/// What is pushed: metrics in one of the formats every Pushgateway reads.
#[derive(Clone, Debug)]
pub struct Body {
    content_type: &'static str,
    bytes: Vec<u8>,
}

impl Body {
    /// Metrics of a batch, as protobuf: histograms of both kinds, exemplars and created times stay what they are.
    ///
    /// # Errors
    /// The batch makes no valid page: one series twice, two types for a name.
    pub fn batch(batch: &Batch) -> Result<Self, PushError> {
        let mut bytes = Vec::new();
        batch.write(PROTOBUF, &mut bytes)?;
        Ok(Self::protobuf(bytes))
    }

    /// What all collectors of a registry write now; one that takes longer than `patience` is left out.
    ///
    /// # Errors
    /// None that a collector can cause: metrics that do not fit the others are left out.
    pub fn registry(registry: &Registry, patience: Duration) -> Result<Self, PushError> {
        let mut bytes = Vec::new();
        // A filter that takes everything names nothing that could be missing.
        if let Ok(gathered) = registry.gather(&Filter::All, patience) {
            gathered.write(PROTOBUF, &mut bytes)?;
        }
        Ok(Self::protobuf(bytes))
    }

    /// Text 0.0.4, as it is.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            content_type: "text/plain; version=0.0.4; charset=utf-8",
            bytes: text.into().into_bytes(),
        }
    }

    fn protobuf(bytes: Vec<u8>) -> Self {
        Self {
            content_type: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
            bytes,
        }
    }
}

/// How bodies are written; names stay as they are, for the gateway to judge.
const PROTOBUF: Target = Target {
    format: Format::Protobuf,
    escaping: Escaping::AllowUtf8,
};

/// One group of one gateway.
#[derive(Clone, Debug)]
pub struct Pusher {
    gateway: String,
    group: GroupPath,
    authorization: Option<String>,
    trust: Option<RootCerts>,
    identity: Option<ClientCert>,
    timeout: Duration,
    attempts: u32,
}

impl Pusher {
    /// Pushes of `job` to the gateway at this URL; without a scheme it is taken as http, as client_golang does. A
    /// path in the URL (a route prefix) stays.
    ///
    /// # Errors
    /// [`PushError::Gateway`], [`PushError::NoJob`].
    pub fn new(gateway: &str, job: &str) -> Result<Self, PushError> {
        let url = match gateway.contains("://") {
            true => gateway.to_owned(),
            false => format!("http://{gateway}"),
        };
        let wrong = |reason: &str| PushError::Gateway {
            url: gateway.to_owned(),
            reason: reason.to_owned(),
        };
        let parsed: http::Uri = url.parse().map_err(|_| wrong("it cannot be read"))?;
        if !matches!(parsed.scheme_str(), Some("http" | "https")) {
            return Err(wrong("its scheme is neither http nor https"));
        }
        if parsed.query().is_some() {
            return Err(wrong("it has a query"));
        }
        if job.is_empty() {
            return Err(PushError::NoJob);
        }
        Ok(Self {
            gateway: url.trim_end_matches('/').to_owned(),
            group: GroupPath::of_job(job),
            authorization: None,
            trust: None,
            identity: None,
            timeout: TIMEOUT,
            attempts: ATTEMPTS,
        })
    }

    /// Adds a label to the grouping key.
    ///
    /// # Errors
    /// [`PushError::Label`] for names no gateway takes.
    pub fn grouping(mut self, name: &str, value: &str) -> Result<Self, PushError> {
        self.group.label(name, value)?;
        Ok(self)
    }

    /// Signs in with a name and a password.
    #[must_use]
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        self.authorization = Some(format!("Basic {pair}"));
        self
    }

    /// Trusts these authorities (PEM) and no others; without it those of the system.
    ///
    /// # Errors
    /// [`PushError::Tls`]: no certificate in it.
    pub fn authorities(mut self, pem: &[u8]) -> Result<Self, PushError> {
        self.trust = Some(certificates("authorities", pem)?.into());
        Ok(self)
    }

    /// Shows this certificate chain and key (PEM) to the gateway.
    ///
    /// # Errors
    /// [`PushError::Tls`]: no certificate or no key in it.
    pub fn identity(mut self, chain: &[u8], key: &[u8]) -> Result<Self, PushError> {
        let chain = certificates("client certificate", chain)?;
        let key = PrivateKey::from_pem(key).map_err(|error| PushError::Tls {
            what: "client key",
            reason: error.to_string(),
        })?;
        self.identity = Some(ClientCert::new_with_certs(&chain, key));
        Ok(self)
    }

    /// What one request may take (10 s).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often it is tried (4), 0 counting as 1; the pauses between are a quarter of a second, then twice as long
    /// each time.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Replaces everything the group holds (PUT). Blocks, with all attempts.
    ///
    /// # Errors
    /// [`PushError::Refused`], [`PushError::Unreachable`].
    pub fn put(&self, body: &Body) -> Result<(), PushError> {
        self.send(&Method::PUT, Some(body))
    }

    /// Replaces families of the same names, keeps the others (POST). Blocks, with all attempts.
    ///
    /// # Errors
    /// As [`Pusher::put`].
    pub fn add(&self, body: &Body) -> Result<(), PushError> {
        self.send(&Method::POST, Some(body))
    }

    /// Deletes the group; one that is not there is no error. Blocks, with all attempts.
    ///
    /// # Errors
    /// As [`Pusher::put`].
    pub fn delete(&self) -> Result<(), PushError> {
        self.send(&Method::DELETE, None)
    }

    /// The URL of the group.
    pub fn url(&self) -> String {
        format!("{}{}", self.gateway, self.group)
    }

    fn send(&self, method: &Method, body: Option<&Body>) -> Result<(), PushError> {
        let agent = self.agent();
        let mut pause = PAUSE;
        for _ in 1..self.attempts {
            match self.attempt(&agent, method, body) {
                Err(error) if error.may_pass() => {
                    tracing::debug!(%error, ?pause, "push failed, trying again");
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                done => return done,
            }
        }
        self.attempt(&agent, method, body)
    }

    fn attempt(
        &self,
        agent: &Agent,
        method: &Method,
        body: Option<&Body>,
    ) -> Result<(), PushError> {
        let url = self.url();
        let unreachable = |reason: String| PushError::Unreachable {
            url: url.clone(),
            reason,
        };
        let mut request = Request::builder().method(method).uri(&url);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, body.content_type);
        }
        let bytes = body.map_or(&[][..], |body| &body.bytes);
        let request = request
            .body(bytes)
            .map_err(|error| unreachable(error.to_string()))?;
        let mut response = agent
            .run(request)
            .map_err(|error| unreachable(words(&error)))?;
        let status = response.status().as_u16();
        if status == 200 || status == 202 {
            return Ok(());
        }
        let text = response.body_mut().with_config().limit(WORDS_BYTES_MAX);
        Err(PushError::Refused {
            url: url.clone(),
            status,
            words: text.read_to_string().unwrap_or_default().trim().to_owned(),
        })
    }

    fn agent(&self) -> Agent {
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(self.trust.clone().unwrap_or(RootCerts::PlatformVerifier))
            .client_cert(self.identity.clone())
            .build();
        Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(self.timeout))
            // A redirected PUT would arrive as a GET.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("promontory/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent()
    }
}

/// A client's error without the words that every one of them has.
fn words(error: &Error) -> String {
    match error {
        Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<Certificate<'static>>, PushError> {
    let wrong = |reason: String| PushError::Tls { what, reason };
    let mut found = Vec::new();
    for item in parse_pem(pem) {
        match item.map_err(|error| wrong(error.to_string()))? {
            ureq::tls::PemItem::Certificate(certificate) => found.push(certificate),
            _ => continue,
        }
    }
    if found.is_empty() {
        return Err(wrong("holds no certificate in PEM".to_owned()));
    }
    Ok(found)
}
