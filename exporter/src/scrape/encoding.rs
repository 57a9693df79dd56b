//! Content encodings of a page: chosen by `Accept-Encoding`, done in one go.

use std::cell::RefCell;

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;
use promontory_exposition::gzip;

/// zstd's fastest ordinary level: a page is compressed for one reader.
pub(super) const ZSTD_LEVEL: i32 = 1;

thread_local! {
    /// Of each thread that answers scrapes: its 200 KiB would be made and zeroed anew for every page.
    static COMPRESSOR: RefCell<gzip::Compressor> = RefCell::default();
}

/// A content encoding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// All encodings, in promhttp's order of preference at equal weight.
pub const ENCODINGS: &[Encoding] = &[Encoding::Identity, Encoding::Gzip, Encoding::Zstd];

impl Encoding {
    /// The best of the offered encodings for the `Accept-Encoding` headers, as client_golang chooses:
    /// the highest q wins, the earlier offer at equal q; without an acceptable one, `Identity`. Upstream compares
    /// names exactly, so `GZIP` is nothing it knows.
    pub fn choose(headers: &HeaderMap, offered: &[Encoding]) -> Self {
        let values = headers
            .get_all(ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let wishes: Vec<(&str, f64)> = values
            .flat_map(|value| value.split(','))
            .filter_map(wish)
            .collect();
        let mut best = (Self::Identity, 0.0);
        for encoding in offered {
            let name = encoding.token().unwrap_or("identity");
            for (wished, q) in &wishes {
                if *q > best.1 && (*wished == "*" || *wished == name) {
                    best = (*encoding, *q);
                }
            }
        }
        best.0
    }

    /// The token of `Content-Encoding`; `None` for `Identity`, which has no header.
    pub fn token(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// Encodes a whole page.
    pub fn encode(self, page: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Identity => page,
            Self::Gzip => {
                let block = COMPRESSOR.with_borrow_mut(|compressor| compressor.compress(&page));
                let mut out = Vec::with_capacity(block.bytes.len() + 20);
                gzip::join([&block], &mut out);
                out
            }
            Self::Zstd => zstd::bulk::compress(&page, ZSTD_LEVEL)
                .expect("bytes in memory compress to bytes in memory"),
        }
    }
}

/// One wish of an `Accept-Encoding`: a token and its weight, 1 where none is given. A weight that is
/// no number voids the wish.
fn wish(text: &str) -> Option<(&str, f64)> {
    let mut parts = text.split(';').map(str::trim);
    let token = parts.next().filter(|token| !token.is_empty())?;
    let mut q = 1.0;
    for part in parts {
        let (name, value) = part.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("q") {
            q = value
                .trim()
                .parse()
                .ok()
                .filter(|q: &f64| (0.0..=1.0).contains(q))?;
        }
    }
    Some((token, q))
}
