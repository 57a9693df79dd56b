//! Bodies that are made while they are sent.
//!
//! A list of everything held can be a hundred megabytes as JSON; made piece by piece it costs the
//! memory of one. Pieces never fail, so an answer that has begun always ends well.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;

/// How large a made piece is at least, in bytes.
const PIECE: usize = 64 << 10;

/// A body of `begin`, items separated by commas, and `end`; items are written when they are sent.
pub(super) fn joined<T: 'static>(
    begin: &'static [u8],
    mut items: impl Iterator<Item = T> + Send + Unpin + 'static,
    write: impl Fn(T, &mut Vec<u8>) + Send + Unpin + 'static,
    end: Vec<u8>,
) -> Body {
    let mut opening = Some(begin);
    let mut done = false;
    let pieces = std::iter::from_fn(move || {
        if done {
            return None;
        }
        let first = opening.is_some();
        let mut piece = opening.take().unwrap_or_default().to_vec();
        let start = piece.len();
        while piece.len() < PIECE {
            let Some(item) = items.next() else {
                piece.extend_from_slice(&end);
                done = true;
                break;
            };
            if !first || piece.len() > start {
                piece.push(b',');
            }
            write(item, &mut piece);
        }
        Some(Bytes::from(piece))
    });
    Body::new(Pieces { pieces })
}

/// Pieces as a body.
struct Pieces<I> {
    pieces: I,
}

impl<I: Iterator<Item = Bytes> + Unpin> hyper::body::Body for Pieces<I> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.get_mut().pieces.next();
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[expect(clippy::disallowed_methods, reason = "the body is the test's own")]
    async fn text(body: Body) -> String {
        let bytes = body.collect().await.expect("pieces do not fail").to_bytes();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test]
    async fn joins_with_commas_also_across_pieces() {
        let write =
            |item: usize, out: &mut Vec<u8>| out.extend_from_slice("x".repeat(item).as_bytes());
        assert_eq!(
            text(joined(b"[", vec![].into_iter(), write, b"]".to_vec())).await,
            "[]"
        );
        assert_eq!(
            text(joined(b"[", vec![1, 2].into_iter(), write, b"]".to_vec())).await,
            "[x,xx]"
        );
        let long = text(joined(
            b"[",
            vec![PIECE, 1, PIECE, 1].into_iter(),
            write,
            b"]".to_vec(),
        ))
        .await;
        let lengths: Vec<usize> = long
            .trim_matches(['[', ']'])
            .split(',')
            .map(str::len)
            .collect();
        assert_eq!(lengths, [PIECE, 1, PIECE, 1]);
    }
}
