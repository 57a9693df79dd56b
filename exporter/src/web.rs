//! The web config file (`--web.config.file`): TLS, users, response headers and rate limit, as exporter-toolkit
//! documents it, re-read without a restart.
//!
//! A `Gate` stands before every request of a site. It looks at the files for every connection and request (a
//! `stat` each), so a change counts from the next one on. A changed file that cannot be used never opens the
//! gate: the last good one stays, and the log says so once.
//!
//! `config` reads the file, `files` notices changes, `tls`, `pem` and `client_cert` build what rustls needs,
//! `users` checks passwords, `rate` counts.
//!
//! # Differences from exporter-toolkit
//! - A bad file at the start ends the program with an error (the Go programs end too, but with exit code 0).
//!   A bad change later answers nothing with 500: the last good config stays.
//! - A change may replace TLS, client certificates and users, but not take one of them away altogether: a file
//!   that is just being written would open the door. Everything else, also the rate limit and `http2`, which are
//!   fixed there, follows the file.
//! - TLS 1.2 and 1.3 only; no CBC cipher suites and no curve P-521: a file that names them is refused.
//!   `prefer_server_cipher_suites` has an effect (Go ignores it).
//! - `client_allowed_sans` without a policy that asks for certificates is refused (there it is ignored).
//! - A client authority that is no certificate is refused (there it refuses every client).

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use axum::response::Response;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::answer::refusal;

mod client_cert;
mod config;
mod der;
mod files;
mod pem;
mod rate;
mod tls;
mod users;

use config::{Document, Guards};
use files::Files;
use rate::RateLimit;
use users::{Users, Verifier};

/// Why a web config file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}{reason}", file.display(), if key.is_empty() { String::new() } else { format!("{key}: ") })]
pub struct ConfigError {
    /// The web config file.
    pub file: PathBuf,
    /// The key at fault, empty if it is the file as a whole.
    pub key: String,
    /// What is wrong, with the name of the certificate or key file if it is about one.
    pub reason: String,
}

/// The web config of one site: the last good state, and what it takes to notice a new one.
#[derive(Debug)]
pub(crate) struct Gate {
    file: PathBuf,
    current: ArcSwap<Config>,
    files: Mutex<Files>,
    verifier: Verifier,
}

/// A web config file that was read, checked and built.
#[derive(Debug)]
pub(crate) struct Config {
    guards: Guards,
    tls: Option<Arc<rustls::ServerConfig>>,
    http2: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
    users: Users,
    rate: Option<Arc<RateLimit>>,
}

impl Gate {
    /// Reads the file for the first time; nothing is served if it is bad.
    pub(crate) fn open(file: PathBuf) -> Result<Gate, ConfigError> {
        let mut files = Files::default();
        let document = Document::read(&file, &mut files)?;
        let config = Config::build(&file, &document, &mut files, None)?;
        if let Some(rate) = &config.rate {
            rate.announce();
        }
        Ok(Gate {
            file,
            current: ArcSwap::from_pointee(config),
            files: Mutex::new(files),
            verifier: Verifier::new(),
        })
    }

    /// The config as of now: re-read if one of its files changed.
    ///
    /// This does file work on the caller's thread: a `stat` per file, and reading a few small local files after a
    /// change. Going through a blocking thread would cost more than the `stat`.
    pub(crate) fn current(&self) -> Arc<Config> {
        // Whoever finds the lock taken goes on with the config before the change, as if it had come a moment earlier.
        if let Ok(mut files) = self.files.try_lock()
            && files.may_have_changed()
        {
            self.reload(&mut files);
        }
        self.loaded()
    }

    /// The config as last read.
    pub(crate) fn loaded(&self) -> Arc<Config> {
        self.current.load_full()
    }

    fn reload(&self, files: &mut Files) {
        let old = self.current.load_full();
        let mut read = Files::default();
        let document = Document::read(&self.file, &mut read);
        let config = document
            .and_then(|document| Config::build(&self.file, &document, &mut read, Some(&old)));
        let changed = !read.same_as(files);
        *files = read;
        match config {
            // Only the times changed, or a bad file is as bad as before: nothing new to say.
            _ if !changed => {}
            Ok(config) => {
                self.current.store(Arc::new(config));
                tracing::info!(file = %self.file.display(), "Took over the changed web config");
            }
            Err(error) => {
                tracing::error!(%error, "Unable to use the changed web config, keeping the last good one");
            }
        }
    }

    /// Whether a request may pass, or the status that refuses it: rate first, then users, as upstream does it.
    pub(crate) async fn admit(
        &self,
        config: &Config,
        headers: &HeaderMap,
    ) -> Result<(), StatusCode> {
        if config.rate.as_ref().is_some_and(|rate| !rate.allow()) {
            return Err(StatusCode::TOO_MANY_REQUESTS);
        }
        if config.users.is_empty() || self.verifier.verify(&config.users, headers).await {
            return Ok(());
        }
        Err(StatusCode::UNAUTHORIZED)
    }
}

impl Config {
    /// Builds what serving needs. On a re-read, `old` is what it replaces.
    fn build(
        file: &Path,
        document: &Document,
        files: &mut Files,
        old: Option<&Config>,
    ) -> Result<Config, ConfigError> {
        let wrong = |key: &str, reason: &str| ConfigError {
            file: file.to_owned(),
            key: key.to_owned(),
            reason: reason.to_owned(),
        };
        let guards = document.guards();
        if let Some(key) = old.and_then(|old| guards.missing(&old.guards)) {
            // A file that is being written looks like a shorter one. To believe that would open the door for a moment.
            return Err(wrong(key, "can be taken away only by a restart"));
        }
        let http2 = document.http2();
        let tls = tls::server_config(document, http2, files)
            .map_err(|(key, reason)| wrong(&key, &reason))?;
        let rate = document.rate().map(|(interval, burst)| {
            let running = old.and_then(|old| old.rate.as_ref());
            match running.filter(|rate| rate.is(interval, burst)) {
                Some(rate) => Arc::clone(rate),
                None => Arc::new(RateLimit::new(interval, burst)),
            }
        });
        Ok(Config {
            guards,
            tls,
            http2,
            headers: document
                .headers()
                .map_err(|(key, reason)| wrong(&key, &reason))?,
            users: document
                .users()
                .map_err(|(key, reason)| wrong(&key, &reason))?,
            rate,
        })
    }

    /// The TLS settings, unless the site is served unencrypted.
    pub(crate) fn tls(&self) -> Option<Arc<rustls::ServerConfig>> {
        self.tls.clone()
    }

    /// Whether HTTP/2 is offered to TLS clients.
    pub(crate) fn http2(&self) -> bool {
        self.http2
    }

    /// Adds the configured headers to an answer, in the place of what the handler would say: whoever configures them
    /// knows better.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
    }

    /// The answer to a request that may not pass.
    pub(crate) fn refusal(&self, status: StatusCode) -> Response {
        let mut response = refusal(status);
        if status == StatusCode::UNAUTHORIZED {
            let headers = response.headers_mut();
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
            self.add_headers(headers);
        }
        response
    }
}
