//! How long a pushed group is to live: what the request says, else `--push.ttl`.

use std::time::Duration;

use http::request::Parts;
use promontory_exporter::golang::parse_duration;

use super::query::parameters;

/// The query parameter, which wins over the header.
const PARAMETER: &str = "ttl";
const HEADER: &str = "push-ttl";

/// A time to live that is none: 400.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum TtlError {
    #[error("query parameter \"ttl\": {0}")]
    Parameter(String),
    #[error("header \"Push-TTL\": {0}")]
    Header(String),
}

/// The time to live of a push; zero is for ever. Of several parameters or headers the first counts, as with Go's.
///
/// # Errors
/// What counts is no duration, or a negative one.
pub(super) fn ttl(parts: &Parts, default: Duration) -> Result<Duration, TtlError> {
    let mut given = parameters(parts.uri.query());
    if let Some((_, value)) = given.find(|(name, _)| name == PARAMETER) {
        return parse_duration(&value).map_err(TtlError::Parameter);
    }
    let Some(value) = parts.headers.get(HEADER) else {
        return Ok(default);
    };
    parse_duration(&String::from_utf8_lossy(value.as_bytes())).map_err(TtlError::Header)
}
