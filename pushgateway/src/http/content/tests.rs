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
    for text in [
        "",
        "text/plain; version=0.0.4",
        "application/openmetrics-text",
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
        ("zstd", BodyEncoding::Identity),
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

#[test]
fn decoding() {
    let check = |encoding: BodyEncoding, body: &[u8], expected: Result<&[u8], &str>| {
        let got = encoding
            .decode(body, 100)
            .map(Cow::into_owned)
            .map_err(|error| error.to_string());
        match expected {
            Ok(bytes) => assert_eq!(got.as_deref(), Ok(bytes)),
            Err(part) => assert!(
                got.as_ref().is_err_and(|error| error.contains(part)),
                "{got:?} lacks {part:?}"
            ),
        }
    };
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
