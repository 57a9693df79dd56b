//! The web config file as a document: its keys, their defaults, and the checks that need no other file.
//!
//! Unknown keys are refused, as upstream refuses them. Secrets (keys, hashes) never appear in an error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use serde::Deserialize;

use super::ConfigError;
use super::files::Files;
use super::users::Users;
use crate::golang;

/// The headers a file may set and the values it may give them; empty: any value.
/// This is upstream's list, kept short there on purpose.
const HEADERS: &[(&str, &[&str])] = &[
    ("Content-Security-Policy", &[]),
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
];

/// A key and what is wrong with its value.
pub(super) type Wrong = (String, String);

/// A parsed file.
#[derive(Debug)]
pub(super) struct Document {
    raw: Raw,
    rate: Option<(Duration, u32)>,
    /// Relative paths start here.
    folder: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    tls_server_config: Option<TlsSection>,
    http_server_config: Option<HttpSection>,
    rate_limit: Option<RateSection>,
    basic_auth_users: Option<BTreeMap<String, Option<String>>>,
}

/// What a config keeps strangers out with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guards {
    tls: bool,
    client_certificates: bool,
    users: bool,
}

impl Guards {
    /// The key of a guard that was there before and is not here.
    pub(super) fn missing(&self, before: &Guards) -> Option<&'static str> {
        let table = [
            ("tls_server_config", before.tls, self.tls),
            (
                "tls_server_config: client_auth_type",
                before.client_certificates,
                self.client_certificates,
            ),
            ("basic_auth_users", before.users, self.users),
        ];
        let gone = table.into_iter().find(|(_, before, now)| *before && !now);
        gone.map(|(key, ..)| key)
    }
}

/// `tls_server_config`, as written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TlsSection {
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) client_ca: Option<String>,
    pub(super) cert_file: Option<String>,
    pub(super) key_file: Option<String>,
    pub(super) client_auth_type: Option<String>,
    pub(super) client_ca_file: Option<String>,
    pub(super) client_allowed_sans: Option<Vec<String>>,
    pub(super) cipher_suites: Option<Vec<String>>,
    pub(super) curve_preferences: Option<Vec<String>>,
    pub(super) min_version: Option<String>,
    pub(super) max_version: Option<String>,
    pub(super) prefer_server_cipher_suites: Option<bool>,
}

impl std::fmt::Debug for TlsSection {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsSection").finish_non_exhaustive()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HttpSection {
    http2: Option<bool>,
    headers: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RateSection {
    interval: Option<String>,
    burst: Option<i64>,
}

impl Document {
    /// Reads and parses a file.
    pub(super) fn read(file: &Path, files: &mut Files) -> Result<Document, ConfigError> {
        let wrong = |(key, reason): Wrong| ConfigError {
            file: file.to_owned(),
            key,
            reason,
        };
        let whole = |reason| wrong((String::new(), reason));
        let content = files.read(file).map_err(whole)?;
        let text = String::from_utf8(content).map_err(|_| whole("not UTF-8".to_owned()))?;
        let raw = parse(&text).map_err(whole)?;
        let rate = match &raw.rate_limit {
            Some(section) => rate(section).map_err(wrong)?,
            None => None,
        };
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Document { raw, rate, folder })
    }

    /// The TLS section; `None` if it has nothing that asks for TLS, by upstream's rule.
    pub(super) fn tls(&self) -> Option<&TlsSection> {
        let section = self.raw.tls_server_config.as_ref()?;
        let asking = [
            &section.cert,
            &section.cert_file,
            &section.key,
            &section.key_file,
            &section.client_ca,
            &section.client_ca_file,
            &section.client_auth_type,
        ];
        asking
            .iter()
            .any(|value| given(value).is_some())
            .then_some(section)
    }

    /// What it keeps strangers out with.
    pub(super) fn guards(&self) -> Guards {
        let policy = self
            .tls()
            .and_then(|section| given(&section.client_auth_type));
        let users = self.raw.basic_auth_users.as_ref();
        Guards {
            tls: self.tls().is_some(),
            client_certificates: policy.is_some_and(|policy| policy != "NoClientCert"),
            users: users.is_some_and(|users| !users.is_empty()),
        }
    }

    /// A path of the file, relative to the folder of the file.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Whether TLS clients are offered HTTP/2.
    pub(super) fn http2(&self) -> bool {
        let section = self.raw.http_server_config.as_ref();
        section.and_then(|section| section.http2).unwrap_or(true)
    }

    /// The interval and burst of the rate limit, unless there is none.
    pub(super) fn rate(&self) -> Option<(Duration, u32)> {
        self.rate
    }

    /// The headers for every answer.
    pub(super) fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>, Wrong> {
        let section = self.raw.http_server_config.as_ref();
        let Some(headers) = section.and_then(|section| section.headers.as_ref()) else {
            return Ok(Vec::new());
        };
        headers
            .iter()
            .map(|(name, value)| header(name, value.as_deref().unwrap_or("")))
            .collect()
    }

    /// The users who may pass; none: everybody.
    pub(super) fn users(&self) -> Result<Users, Wrong> {
        let Some(users) = &self.raw.basic_auth_users else {
            return Ok(Users::default());
        };
        let users = users
            .iter()
            .map(|(user, hash)| (user.clone(), hash.clone().unwrap_or_default()));
        Users::new(users.collect())
    }
}

/// The value of a key, if it is there and not blank.
pub(super) fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|text| !text.is_empty())
}

fn parse(text: &str) -> Result<Raw, String> {
    let options = serde_saphyr::options! {
        // A snippet of the file in an error could be a key or a hash.
        with_snippet: false,
    };
    // An empty document is a config without anything, as it is upstream.
    let raw: Result<Option<Raw>, _> = serde_saphyr::from_str_with_options(text, options);
    Ok(raw.map_err(|error| error.to_string())?.unwrap_or_default())
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Wrong> {
    let key = || format!("http_server_config: headers: {name}");
    // Go compares the spelling, so `x-frame-options` is refused there too.
    let Some((_, allowed)) = HEADERS.iter().find(|(known, _)| *known == name) else {
        return Err((key(), "this header cannot be configured".to_owned()));
    };
    if !allowed.is_empty() && !allowed.contains(&value) {
        let reason = format!("expected one of {}, not {value:?}", allowed.join(", "));
        return Err((key(), reason));
    }
    let bad = |_| (key(), "the value cannot stand in a header".to_owned());
    let value = HeaderValue::from_str(value).map_err(bad)?;
    let name = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| (key(), "this header cannot be configured".to_owned()))?;
    Ok((name, value))
}

/// `None` if the interval is 0: that switches the limit off.
fn rate(section: &RateSection) -> Result<Option<(Duration, u32)>, Wrong> {
    let interval = match given(&section.interval) {
        None => Duration::ZERO,
        // yaml.v2 reads a bare number as nanoseconds.
        Some(text) => match text.parse() {
            Ok(nanoseconds) => Duration::from_nanos(nanoseconds),
            Err(_) => golang::parse_duration(text)
                .map_err(|reason| ("rate_limit: interval".to_owned(), reason))?,
        },
    };
    let burst = u32::try_from(section.burst.unwrap_or(0)).map_err(|_| {
        let reason = format!("must be between 0 and {}", u32::MAX);
        ("rate_limit: burst".to_owned(), reason)
    })?;
    Ok((!interval.is_zero()).then_some((interval, burst)))
}
