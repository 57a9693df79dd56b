use std::sync::mpsc::channel;
use std::time::Duration;

use http::StatusCode;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt;

use promontory_exposition::gzip::{self, Block};

use super::sink::PIECE;
use super::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Reads an answer to its end; `None` where the body breaks off.
#[expect(clippy::disallowed_methods, reason = "the answer is the test's own")]
async fn read(response: Response) -> (StatusCode, Option<Vec<u8>>) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.ok();
    (parts.status, body.map(|body| body.to_bytes().to_vec()))
}

/// Streams a page and reads it.
fn streamed(
    encoding: Encoding,
    make: impl FnOnce(&mut PageSink) -> anyhow::Result<()> + Send + 'static,
) -> (StatusCode, Option<Vec<u8>>) {
    runtime().block_on(async {
        read(stream(&Options::default(), "text/plain", encoding, make).await).await
    })
}

fn inflated(page: &[u8]) -> Vec<u8> {
    gzip::inflate(page, 16 << 20).expect("gzip")
}

#[test]
fn pages_of_any_size_arrive_whole() {
    for lines in [0, 1, 1_000, 300_000] {
        let line = b"pod_info{pod=\"x\"} 1\n";
        let make = move |page: &mut PageSink| {
            for _ in 0..lines {
                page.write(line)?;
            }
            Ok(())
        };
        let (status, page) = streamed(Encoding::Identity, make);
        assert_eq!((status, page), (StatusCode::OK, Some(line.repeat(lines))));
        let (status, page) = streamed(Encoding::Gzip, make);
        let page = inflated(&page.expect("whole"));
        assert_eq!((status, page), (StatusCode::OK, line.repeat(lines)));
        let (status, page) = streamed(Encoding::Zstd, make);
        let page = zstd::bulk::decompress(&page.expect("whole"), 16 << 20).expect("zstd");
        assert_eq!((status, page), (StatusCode::OK, line.repeat(lines)));
    }
}

#[test]
fn a_small_page_has_its_length() {
    runtime().block_on(async {
        let write = |page: &mut PageSink| Ok(page.write(b"x 1\n")?);
        let response = stream(&Options::default(), "text/plain", Encoding::Identity, write).await;
        assert_eq!(response.headers().get(CONTENT_ENCODING), None);
        let size = hyper::body::Body::size_hint(response.body());
        assert_eq!(size.exact(), Some(4));
    });
}

#[test]
fn ready_pieces_and_blocks_keep_their_order() {
    let large = Bytes::from(vec![b'b'; 3 * PIECE]);
    let expected = [&b"a"[..], &large, b"c", b"block", b"d"].concat();
    for encoding in [Encoding::Identity, Encoding::Gzip] {
        let large = large.clone();
        let (_, page) = streamed(encoding, move |page| {
            page.write(b"a")?;
            page.bytes(large)?;
            page.bytes(&b"c"[..])?;
            if page.is_gzip() {
                page.block(&Block::compress(b"block"))?;
            } else {
                assert_eq!(page.block(&Block::compress(b"x")), Err(SinkError::NotGzip));
                page.write(b"block")?;
            }
            Ok(page.write(b"d")?)
        });
        let page = page.expect("whole");
        let page = if encoding == Encoding::Gzip {
            inflated(&page)
        } else {
            page
        };
        assert_eq!(page, expected);
    }
}

#[test]
fn a_failure_before_anything_is_sent_is_a_500() {
    let (status, page) = streamed(Encoding::Identity, |page| {
        page.write(b"a part")?;
        anyhow::bail!("no luck")
    });
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let expected = "An error has occurred while serving metrics:\n\nno luck\n";
    assert_eq!(page.as_deref(), Some(expected.as_bytes()));
}

#[test]
fn a_page_that_breaks_off_never_looks_whole() {
    for panics in [false, true] {
        let (status, page) = streamed(Encoding::Identity, move |page| {
            page.write(&[b'x'; 2 * PIECE])?;
            assert!(!panics, "no luck");
            anyhow::bail!("no luck")
        });
        assert_eq!((status, page), (StatusCode::OK, None), "panics: {panics}");
    }
}

#[test]
fn a_client_that_hangs_up_ends_the_maker() {
    let (ended, end) = channel();
    let options = Options::default();
    runtime().block_on(async {
        let response = stream(&options, "text/plain", Encoding::Gzip, move |page| {
            let mut noise = 1_u64;
            loop {
                noise = noise
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                if let Err(err) = page.write(&noise.to_le_bytes()) {
                    let _ = ended.send(err);
                    return Err(err.into());
                }
            }
        });
        drop(response.await);
        let end = tokio::task::spawn_blocking(move || end.recv());
        let end = end.await.expect("no panic");
        assert_eq!(end, Ok(SinkError::HungUp));
    });
}

/// One takes no piece, the other takes all there are; the page is endless.
#[test]
fn a_client_that_reads_too_slowly_ends_the_maker() {
    for (piece_timeout, page_timeout, reads) in [(1, 1_000_000, false), (1_000_000, 50, true)] {
        let options = Options {
            piece_timeout: Duration::from_millis(piece_timeout),
            page_timeout: Duration::from_millis(page_timeout),
            ..Options::default()
        };
        let (ended, end) = channel();
        let make = move |page: &mut PageSink| {
            loop {
                if let Err(error) = page.write(&[b'x'; PIECE]) {
                    let _ = ended.send(error);
                    return Err(error.into());
                }
            }
        };
        runtime().block_on(async {
            let response = stream(&options, "text/plain", Encoding::Identity, make).await;
            if reads {
                let (status, page) = read(response).await;
                assert_eq!((status, page), (StatusCode::OK, None));
                assert_eq!(end.recv(), Ok(SinkError::TooSlow));
                return;
            }
            let end = tokio::task::spawn_blocking(move || end.recv());
            assert_eq!(end.await.expect("no panic"), Ok(SinkError::TooSlow));
            let (status, page) = read(response).await;
            assert_eq!((status, page), (StatusCode::OK, None));
        });
    }
}

#[test]
fn more_pages_than_allowed_are_refused() {
    let options = Options {
        requests_max: 1,
        ..Options::default()
    };
    let (open, gate) = channel::<()>();
    let runtime = runtime();
    runtime.block_on(async {
        let first = stream(&options, "text/plain", Encoding::Identity, move |page| {
            page.write(&[b'x'; PIECE])?;
            let _ = gate.recv();
            Ok(())
        })
        .await;
        let second = |_: &mut PageSink| Ok(());
        let refused = stream(&options, "text/plain", Encoding::Identity, second).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(open);
        let (status, page) = read(first).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(page.map(|page| page.len()), Some(PIECE));
        let third = stream(&options, "text/plain", Encoding::Identity, second).await;
        assert_eq!(third.status(), StatusCode::OK);
    });
}
