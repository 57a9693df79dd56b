//! Packed bodies, each unpacked to a bound that is checked while it is unpacked. Pure.
//!
//! What a stream claims about itself is never allocated: memory follows what really comes out, and stays
//! within a constant factor of the bound.

use std::io::Read;

use flate2::{Decompress, FlushDecompress, Status};
use promontory_exposition::gzip::{self, InflateError};

use super::DecodeError;

/// Windows of zstd up to 8 MiB: what RFC 9659 allows as a content encoding, and zstd uses up to level 19.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// How much deflate unpacks at a time.
const STEP_BYTES: usize = 64 << 10;

/// gzip of one or more members.
pub(super) fn gunzip(body: &[u8], bytes_max: usize) -> Result<Vec<u8>, DecodeError> {
    gzip::inflate(body, bytes_max).map_err(|error| match error {
        InflateError::TooLarge { .. } => DecodeError::TooLarge { bytes_max },
        error => DecodeError::Invalid(error.to_string()),
    })
}

/// Framed snappy.
#[expect(clippy::disallowed_methods, reason = "this is the home of the bound")]
pub(super) fn unsnap(body: &[u8], bytes_max: usize) -> Result<Vec<u8>, DecodeError> {
    let out = read_bounded(snap::read::FrameDecoder::new(body), bytes_max);
    out.map_err(|_| DecodeError::Invalid("snappy: corrupt input".to_owned()))
        .and_then(|out| within(out, bytes_max))
}

/// zstd of one or more frames.
#[expect(clippy::disallowed_methods, reason = "this is the home of the bound")]
pub(super) fn unzstd(body: &[u8], bytes_max: usize) -> Result<Vec<u8>, DecodeError> {
    let invalid = |error: std::io::Error| DecodeError::Invalid(format!("zstd: {error}"));
    if body.is_empty() {
        return Err(DecodeError::Invalid("zstd: EOF".to_owned()));
    }
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(invalid)?;
    decoder
        .window_log_max(ZSTD_WINDOW_LOG_MAX)
        .map_err(invalid)?;
    within(
        read_bounded(decoder, bytes_max).map_err(invalid)?,
        bytes_max,
    )
}

/// Deflate: by the book in a zlib wrapper (RFC 9110, 8.4.1.2); the bare stream, which some clients send, is
/// read as well. A wrapper is told by its first two bytes, which no bare stream of a known compressor begins with.
pub(super) fn undeflate(mut body: &[u8], bytes_max: usize) -> Result<Vec<u8>, DecodeError> {
    let invalid = |why: &str| DecodeError::Invalid(format!("deflate: {why}"));
    let mut unpacker = Decompress::new(has_zlib_header(body));
    let mut out = Vec::new();
    loop {
        out.reserve(STEP_BYTES);
        let (taken_before, made_before) = (unpacker.total_in(), out.len());
        let status = unpacker
            .decompress_vec(body, &mut out, FlushDecompress::None)
            .map_err(|_| invalid("corrupt input"))?;
        // Never more than the body holds, so it is a usize.
        let taken = (unpacker.total_in() - taken_before) as usize;
        body = &body[taken..];
        if out.len() > bytes_max {
            return Err(DecodeError::TooLarge { bytes_max });
        }
        match status {
            Status::StreamEnd if body.is_empty() => return Ok(out),
            Status::StreamEnd => return Err(invalid("bytes behind the end")),
            _ if taken == 0 && out.len() == made_before => return Err(invalid("unexpected EOF")),
            _ => {}
        }
    }
}

/// The first two bytes of zlib (RFC 1950): the method, and a check that makes them a multiple of 31.
fn has_zlib_header(body: &[u8]) -> bool {
    match body {
        [method, check, ..] => {
            method & 0x0f == 8 && u16::from_be_bytes([*method, *check]).is_multiple_of(31)
        }
        _ => false,
    }
}

/// Reads to the end, or one byte beyond the bound.
fn read_bounded(from: impl Read, bytes_max: usize) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    from.take(limit.saturating_add(1)).read_to_end(&mut out)?;
    Ok(out)
}

fn within(out: Vec<u8>, bytes_max: usize) -> Result<Vec<u8>, DecodeError> {
    if out.len() > bytes_max {
        return Err(DecodeError::TooLarge { bytes_max });
    }
    Ok(out)
}
