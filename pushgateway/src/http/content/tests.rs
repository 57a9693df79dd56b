//! Content types and encodings: what counts as protobuf, what is decoded, what is refused.

use std::io::Write;

use http::HeaderValue;

use super::*;

fn headers(name: http::HeaderName, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_str(value).expect("a header value"));
    headers
}

#[test]
fn content_types() {
    let check = |value: &str, expected| {
        assert_eq!(format(&headers(CONTENT_TYPE, value)), expected, "{value:?}");
    };
    for protobuf in [
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        "application/vnd.google.protobuf;encoding=delimited;proto=io.prometheus.client.MetricFamily",
        "Application/VND.google.Protobuf; PROTO=io.prometheus.client.MetricFamily; Encoding=delimited",
        r#"application/vnd.google.protobuf; proto="io.prometheus.client.MetricFamily"; encoding="delimited"; x="\"\;""#,
        " application/vnd.google.protobuf ; proto = io.prometheus.client.MetricFamily ; encoding=delimited ; ",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; q=1",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; encoding=delimited",
    ] {
        check(protobuf, Format::Protobuf);
    }
    for openmetrics in [
        "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        "application/OpenMetrics-Text; version=\"0.0.1\"",
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
    ] {
        check(openmetrics, Format::OpenMetrics);
    }
    for text in [
        "",
        "text/plain; version=0.0.4",
        "application/openmetrics-text; version=2.0.0",
        "application/openmetrics",
        "application/vnd.google.protobuf",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=Delimited",
        r#"application/vnd.google.protobuf; proto="io.prometheus.client.MetricFamily"; encoding="delim\ited""#,
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text",
        "application/vnd.google.protobuf; proto=x; encoding=delimited",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; encoding=text",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; =",
        "application/vnd.google.protobuf, proto=io.prometheus.client.MetricFamily; encoding=delimited",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=\"delimited",
    ] {
        check(text, Format::Text);
    }
    assert_eq!(format(&HeaderMap::new()), Format::Text);
}

#[test]
fn encodings() {
    for (value, expected) in [
        ("gzip", BodyEncoding::Gzip),
        ("GZip", BodyEncoding::Gzip),
        ("snappy", BodyEncoding::Snappy),
        ("x-gzip", BodyEncoding::Identity),
        ("gzip, gzip", BodyEncoding::Identity),
        ("br", BodyEncoding::Identity),
        ("zstd, gzip", BodyEncoding::Identity),
        ("ZSTD", BodyEncoding::Zstd),
        ("Deflate", BodyEncoding::Deflate),
    ] {
        assert_eq!(
            BodyEncoding::of(&headers(CONTENT_ENCODING, value)),
            expected,
            "{value}"
        );
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = snap::write::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).expect("memory");
    encoder.into_inner().expect("memory")
}

fn limits(decoded_bytes_max: usize) -> PushLimits {
    PushLimits {
        decoded_bytes_max,
        ..PushLimits::default()
    }
}

/// Decodes with a bound of 100 bytes.
#[track_caller]
fn check(encoding: BodyEncoding, body: &[u8], expected: Result<&[u8], &str>) {
    let got = encoding
        .decode(body, &limits(100))
        .map(Cow::into_owned)
        .map_err(|error| error.to_string());
    match expected {
        Ok(bytes) => assert_eq!(got.as_deref(), Ok(bytes)),
        Err(part) => assert!(
            got.as_ref().is_err_and(|error| error.contains(part)),
            "{got:?} lacks {part:?}"
        ),
    }
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 3).expect("memory")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn decoding_zstd() {
    let packed = zstd(b"x 1\n");
    check(BodyEncoding::Zstd, &packed, Ok(b"x 1\n"));
    let two = [packed.clone(), zstd(b"y 2\n")].concat();
    check(BodyEncoding::Zstd, &two, Ok(b"x 1\ny 2\n"));
    check(BodyEncoding::Zstd, &zstd(b""), Ok(b""));
    check(BodyEncoding::Zstd, &zstd(&[b'x'; 100]), Ok(&[b'x'; 100]));
    let bomb = zstd(&vec![b'x'; 10 << 20]);
    check(BodyEncoding::Zstd, &bomb, Err("more than 100 bytes"));
    let over = zstd(&[b'x'; 101]);
    check(BodyEncoding::Zstd, &over, Err("more than 100 bytes"));
    check(BodyEncoding::Zstd, b"", Err("zstd: EOF"));
    check(BodyEncoding::Zstd, b"x 1\ny 2\n", Err("zstd: "));
    let junk = [packed.clone(), b"junk and more".to_vec()].concat();
    check(BodyEncoding::Zstd, &junk, Err("zstd: "));
    for cut in 1..packed.len() {
        check(BodyEncoding::Zstd, &packed[..cut], Err("zstd: "));
    }
}

#[test]
fn zstd_windows_are_bounded() {
    let packed = |window_log: u32| {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("memory");
        encoder.window_log(window_log).expect("a window");
        encoder.write_all(b"x 1\n").expect("memory");
        encoder.finish().expect("memory")
    };
    check(BodyEncoding::Zstd, &packed(23), Ok(b"x 1\n"));
    check(BodyEncoding::Zstd, &packed(24), Err("zstd: "));
}

#[test]
fn decoding_deflate() {
    for pack in [zlib, bare_deflate] {
        let packed = pack(b"x 1\n");
        check(BodyEncoding::Deflate, &packed, Ok(b"x 1\n"));
        check(BodyEncoding::Deflate, &pack(b""), Ok(b""));
        check(BodyEncoding::Deflate, &pack(&[b'x'; 100]), Ok(&[b'x'; 100]));
        let over = pack(&[b'x'; 101]);
        check(BodyEncoding::Deflate, &over, Err("more than 100 bytes"));
        let bomb = pack(&vec![b'x'; 10 << 20]);
        check(BodyEncoding::Deflate, &bomb, Err("more than 100 bytes"));
        for cut in 0..packed.len() {
            check(BodyEncoding::Deflate, &packed[..cut], Err("deflate: "));
        }
        let junk = [packed, b"junk".to_vec()].concat();
        check(BodyEncoding::Deflate, &junk, Err("bytes behind the end"));
    }
    // More than one step, and a checksum that is wrong.
    let long: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let packed = zlib(&long);
    let unpacked = BodyEncoding::Deflate.decode(&packed, &limits(long.len()));
    assert_eq!(unpacked.expect("whole"), long);
    let mut wrong = zlib(b"x 1\n");
    *wrong.last_mut().expect("a checksum") ^= 1;
    check(BodyEncoding::Deflate, &wrong, Err("corrupt input"));
    check(BodyEncoding::Deflate, b"x 1\n", Err("deflate: "));
}

#[test]
fn decoding() {
    check(BodyEncoding::Identity, b"x 1\n", Ok(b"x 1\n"));
    check(
        BodyEncoding::Identity,
        &[b'x'; 101],
        Err("more than 100 bytes"),
    );
    check(BodyEncoding::Gzip, &gzip(b"x 1\n"), Ok(b"x 1\n"));
    check(
        BodyEncoding::Gzip,
        &[gzip(b"x 1\n"), gzip(b"y 2\n")].concat(),
        Ok(b"x 1\ny 2\n"),
    );
    check(BodyEncoding::Gzip, b"", Err("EOF"));
    check(BodyEncoding::Gzip, b"x 1\n", Err("unexpected EOF"));
    check(
        BodyEncoding::Gzip,
        b"x 1\ny 2\nz 3\n",
        Err("invalid header"),
    );
    check(
        BodyEncoding::Gzip,
        &[gzip(b"x 1\n"), b"junk".to_vec()].concat(),
        Err(""),
    );
    check(
        BodyEncoding::Gzip,
        &gzip(&[b'x'; 101]),
        Err("more than 100 bytes"),
    );
    check(BodyEncoding::Snappy, &snappy(b"x 1\n"), Ok(b"x 1\n"));
    check(BodyEncoding::Snappy, b"", Ok(b""));
    check(BodyEncoding::Snappy, b"x 1\n", Err("snappy: corrupt input"));
    check(
        BodyEncoding::Snappy,
        &snappy(&[b'x'; 101]),
        Err("more than 100 bytes"),
    );
}
