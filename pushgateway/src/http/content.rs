//! What a pushed body is: its format from `Content-Type`, its bytes from `Content-Encoding`. Pure.
//!
//! Upstream knows one content type, delimited protobuf, and reads everything else as text; and two
//! encodings, gzip and framed snappy, and takes everything else as it comes. Clients rely on both. Ours also knows
//! OpenMetrics, zstd and deflate.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use promontory_exposition::Format;

use crate::limits::PushLimits;
use unpack::{gunzip, undeflate, unsnap, unzstd};

mod unpack;

/// How a body is encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BodyEncoding {
    /// As it is, or in a way nobody here knows: then it is read as it is.
    Identity,
    /// gzip, one or more members.
    Gzip,
    /// The framed format of snappy, not its raw blocks.
    Snappy,
    /// zstd, one or more frames.
    Zstd,
    /// Deflate, in its zlib wrapper or bare.
    Deflate,
}

/// Up to here a body may unpack at any ratio.
const DENSE_BYTES_MIN: usize = 1 << 20;

/// The tokens of `Content-Encoding`.
const TOKENS: [(&[u8], BodyEncoding); 4] = [
    (b"gzip", BodyEncoding::Gzip),
    (b"snappy", BodyEncoding::Snappy),
    (b"zstd", BodyEncoding::Zstd),
    (b"deflate", BodyEncoding::Deflate),
];

impl BodyEncoding {
    /// The encoding a request declares: one token in any case, no list.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let token = headers
            .get(CONTENT_ENCODING)
            .map_or(&b""[..], |value| value.as_bytes());
        TOKENS
            .iter()
            .find(|(known, _)| token.eq_ignore_ascii_case(known))
            .map_or(Self::Identity, |(_, encoding)| *encoding)
    }

    /// Looks only at the beginning, as upstream does for requests whose body it then ignores.
    ///
    /// # Errors
    /// A body that does not begin like gzip, though declared so.
    pub(super) fn check_start(self, body: &[u8]) -> Result<(), DecodeError> {
        if self != Self::Gzip {
            return Ok(());
        }
        if body.is_empty() {
            return Err(DecodeError::Invalid("EOF".to_owned()));
        }
        if body.len() < 10 {
            return Err(DecodeError::Invalid("unexpected EOF".to_owned()));
        }
        if !body.starts_with(&[0x1f, 0x8b, 8]) {
            return Err(DecodeError::Invalid("gzip: invalid header".to_owned()));
        }
        Ok(())
    }

    /// The decoded body, within the limits.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub(super) fn decode<'b>(
        self,
        body: &'b [u8],
        limits: &PushLimits,
    ) -> Result<Cow<'b, [u8]>, DecodeError> {
        self.check_start(body)?;
        let bytes_max = limits.decoded_bytes_max;
        let unpack = match self {
            Self::Identity if body.len() > bytes_max => {
                return Err(DecodeError::TooLarge { bytes_max });
            }
            Self::Identity => return Ok(Cow::Borrowed(body)),
            Self::Gzip => gunzip,
            Self::Snappy => unsnap,
            Self::Zstd => unzstd,
            Self::Deflate => undeflate,
        };
        // Few bytes do no harm, however they are packed.
        let dense = body.len().saturating_mul(limits.ratio_max);
        let dense = dense.max(DENSE_BYTES_MIN);
        match unpack(body, bytes_max.min(dense)) {
            Err(DecodeError::TooLarge { .. }) if dense < bytes_max => Err(DecodeError::TooDense {
                sent: body.len(),
                ratio_max: limits.ratio_max,
            }),
            unpacked => unpacked.map(Cow::Owned),
        }
    }
}

/// Why a body could not be decoded.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum DecodeError {
    /// 413.
    #[error("the body holds more than {bytes_max} bytes when decoded (--push.max-decoded-bytes)")]
    TooLarge {
        /// What is allowed.
        bytes_max: usize,
    },
    /// 413.
    #[error(
        "the body unpacks to more than {ratio_max} bytes for each of the {sent} sent (--push.max-ratio)"
    )]
    TooDense {
        /// Bytes that were sent.
        sent: usize,
        /// What is allowed.
        ratio_max: usize,
    },
    /// 400.
    #[error("{0}")]
    Invalid(String),
}

/// The format of a push: delimited protobuf or a version of OpenMetrics that we can read if the content type says so
/// to the letter, else text.
pub(super) fn format(headers: &HeaderMap) -> Format {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    match value.and_then(MediaType::parse) {
        Some(media)
            if media.name == "application/vnd.google.protobuf"
                && media.parameter("encoding") == Some("delimited")
                && media.parameter("proto") == Some("io.prometheus.client.MetricFamily") =>
        {
            Format::Protobuf
        }
        Some(media)
            if media.name == "application/openmetrics-text"
                && matches!(media.parameter("version"), None | Some("1.0.0" | "0.0.1")) =>
        {
            Format::OpenMetrics
        }
        _ => Format::Text,
    }
}

/// A media type as Go's `mime.ParseMediaType` reads it.
#[derive(Debug, Eq, PartialEq)]
struct MediaType {
    name: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// `None` for what Go returns an error for: bad tokens, bad quotes, a parameter with two values.
    /// Parameters in pieces or with a character set (RFC 2231) are not put together: nobody pushes with them.
    fn parse(value: &str) -> Option<Self> {
        let (name, mut rest) = value.split_at(value.find(';').unwrap_or(value.len()));
        let name = name.trim().to_ascii_lowercase();
        let (kind, subkind) = name.split_once('/')?;
        if !is_token(kind) || !is_token(subkind) {
            return None;
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        while !rest.trim_start().is_empty() {
            // A lone semicolon at the end is let pass.
            if rest.trim() == ";" {
                break;
            }
            let (key, value, after) = parameter(rest)?;
            let mut known = parameters.iter();
            if known.any(|(name, before)| *name == key && *before != value) {
                return None;
            }
            parameters.push((key, value));
            rest = after;
        }
        Some(Self { name, parameters })
    }

    fn parameter(&self, key: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(name, _)| name == key)?;
        Some(&found.1)
    }
}

/// Takes `; key=value` or `; key="value"` off the front.
fn parameter(rest: &str) -> Option<(String, String, &str)> {
    let rest = rest.trim_start().strip_prefix(';')?.trim_start();
    let (key, rest) = token(rest)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    if !rest.starts_with('"') {
        let (value, rest) = token(rest)?;
        return Some((key.to_ascii_lowercase(), value.to_owned(), rest));
    }
    let mut value = String::new();
    let mut characters = rest[1..].char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((key.to_ascii_lowercase(), value, &rest[at + 2..])),
            // Go leaves a backslash before anything else alone, for the sake of file names of Windows.
            '\\' => {
                let escaped = characters.next_if(|(_, next)| SPECIALS.contains(*next));
                value.push(escaped.map_or('\\', |(_, next)| next));
            }
            '\r' | '\n' => return None,
            _ => value.push(character),
        }
    }
    None
}

/// What a quoted parameter may escape: the characters that no token holds (RFC 2045).
const SPECIALS: &str = "()<>@,;:\\\"/[]?=";

fn token(text: &str) -> Option<(&str, &str)> {
    let end = text
        .bytes()
        .position(|byte| !is_token_byte(byte))
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
