//! Requests that two readers might take apart differently, pipelines, and sockets that close at odd moments.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::Connection;

use super::Hostile;

/// The request that must never be carried out: it hides in the body of another.
const HIDDEN: &str =
    "PUT /metrics/job/hidden HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhidden 1\n";
/// The start of the request in front of it.
const FIRST: &str = "PUT /metrics/job/first HTTP/1.1\r\nHost: a\r\n";
/// `y 1` in one chunk.
const CHUNK: &str = "4\r\ny 1\n\r\n0\r\n\r\n";

/// What stands between [`FIRST`] and [`HIDDEN`]: headers and body, and the status of the first.
const SHAPES: &[(&str, &str, u16)] = &[
    (
        "length and chunked",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        200,
    ),
    (
        "chunked and length",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        200,
    ),
    (
        "two lengths",
        "Content-Length: 0\r\nContent-Length: 76\r\n\r\n",
        400,
    ),
    ("a list of lengths", "Content-Length: 0, 76\r\n\r\n", 400),
    (
        "a length with a plus",
        "Content-Length: +4\r\n\r\ny 1\n",
        400,
    ),
    (
        "a length below zero",
        "Content-Length: -4\r\n\r\ny 1\n",
        400,
    ),
    ("a length in hex", "Content-Length: 0x4\r\n\r\ny 1\n", 400),
    ("an empty length", "Content-Length: \r\n\r\n", 400),
    (
        "a length of 2^64",
        "Content-Length: 18446744073709551616\r\n\r\n",
        400,
    ),
    (
        "an unknown transfer encoding",
        "Transfer-Encoding: xchunked\r\n\r\nCHUNK",
        400,
    ),
    (
        "chunked, but not last",
        "Transfer-Encoding: chunked, identity\r\n\r\nCHUNK",
        400,
    ),
    (
        "another encoding before chunked",
        "Transfer-Encoding: gzip, chunked\r\n\r\nCHUNK",
        501,
    ),
    (
        "chunked twice in a header",
        "Transfer-Encoding: chunked, chunked\r\n\r\nCHUNK",
        501,
    ),
    (
        "chunked in two headers",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\nCHUNK",
        501,
    ),
    (
        "another encoding in a header of its own",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\nCHUNK",
        501,
    ),
    (
        "a vertical tab before chunked",
        "Transfer-Encoding: \x0bchunked\r\n\r\nCHUNK",
        400,
    ),
    (
        "a blank before the colon of chunked",
        "Transfer-Encoding : chunked\r\n\r\nCHUNK",
        400,
    ),
    (
        "a blank before the colon of the length",
        "Content-Length : 76\r\n\r\n",
        400,
    ),
    (
        "a folded header",
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "a carriage return in a header",
        "X: a\rContent-Length: 76\r\nContent-Length: 0\r\n\r\n",
        400,
    ),
    (
        "a NUL byte in a header",
        "X: a\0b\r\nContent-Length: 0\r\n\r\n",
        400,
    ),
    (
        "a header without a colon",
        "X\r\nContent-Length: 0\r\n\r\n",
        400,
    ),
    (
        "a chunk of 2^64 and more",
        "Transfer-Encoding: chunked\r\n\r\n10000000000000004\r\ny 1\n\r\n0\r\n\r\n",
        400,
    ),
    (
        "a chunk size with a plus",
        "Transfer-Encoding: chunked\r\n\r\n+CHUNK",
        400,
    ),
    (
        "a chunk size with 0x",
        "Transfer-Encoding: chunked\r\n\r\n0xCHUNK",
        400,
    ),
    (
        "a chunk size below zero",
        "Transfer-Encoding: chunked\r\n\r\n-CHUNK",
        400,
    ),
    (
        "chunks with bare line feeds",
        "Transfer-Encoding: chunked\r\n\r\n4\ny 1\n\n0\n\n",
        400,
    ),
    (
        "a chunk longer than its size",
        "Transfer-Encoding: chunked\r\n\r\n4\r\ny 1\nzz\r\n0\r\n\r\n",
        400,
    ),
];

/// Sends bytes on a connection, closes our half, and returns all that comes back.
fn exchange(gateway: &Gateway, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(gateway.address).unwrap();
    stream.write_all(bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    // A refused request may end with a reset, after the answer.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of the answers in a stream of them.
fn statuses(answers: &str) -> Vec<u16> {
    let lines = answers
        .lines()
        .filter_map(|line| line.strip_prefix("HTTP/1."))
        .filter_map(|line| line.split_once(' '))
        .map(|(_version, rest)| rest);
    lines.map(|line| line[..3].parse().unwrap()).collect()
}

/// Where a proxy and the gateway could see two ends of a request, the connection ends with the first answer.
#[test]
fn no_request_hides_in_the_body_of_another() {
    let hostile = Hostile::start(&[]);
    let before = hostile.descriptors();
    for (name, shape, status) in SHAPES {
        let bytes = format!("{FIRST}{}{HIDDEN}", shape.replace("CHUNK", CHUNK));
        let answers = exchange(&hostile.gateway, bytes.as_bytes());
        assert_eq!(statuses(&answers), [*status], "{name}: {answers}");
        let held = hostile.held().join("\n");
        assert!(!held.contains("hidden"), "{name}: {held}");
        hostile.check_well();
    }
    hostile.check_descriptors_return(before);
}

/// Refused with the same status in the same words.
#[test]
fn heads_that_both_programs_refuse() {
    let hostile = Hostile::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let real = Gateway::start(Which::Real, &[], folder.path()).unwrap();
    for (version, headers) in [
        ("1.1", "X: a"),
        ("1.1", "Host: a b"),
        ("1.0", "Host: a b"),
        ("1.1", "Host: a/b"),
        ("1.1", "Host: \"a\""),
        ("1.1", "Host: a\r\nHost: a"),
        ("1.1", "Host: a\r\nTransfer-Encoding: gzip, chunked"),
        ("1.1", "Host: a\r\nTransfer-Encoding: chunked, chunked"),
        ("1.1", "Transfer-Encoding: gzip, chunked"),
    ] {
        let bytes = format!("PUT /metrics/job/a HTTP/{version}\r\n{headers}\r\n\r\n{CHUNK}");
        let [ours, theirs] = [&hostile.gateway, &real].map(|gateway| {
            let answer = exchange(gateway, bytes.as_bytes());
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            // Not the version, nor the words behind the status: Go puts the body's there.
            format!("{:?} {body}", statuses(head))
        });
        assert_eq!(ours, theirs, "{version} {headers}");
    }
    assert_eq!(hostile.held(), Vec::<String>::new());
}

#[test]
fn a_body_of_a_request_that_wants_none_is_not_the_next_request() {
    let hostile = Hostile::start(&[]);
    let length = HIDDEN.len();
    for start in [
        "GET /-/healthy",
        "GET /metrics",
        "OPTIONS /",
        "PUT /metrics/job/a/b",
        "GET /nothing",
        "GET //",
    ] {
        let head = format!("{start} HTTP/1.1\r\nHost: a\r\n");
        for bytes in [
            format!("{head}Content-Length: {length}\r\n\r\n{HIDDEN}"),
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n"),
        ] {
            let answers = exchange(&hostile.gateway, bytes.as_bytes());
            assert_eq!(statuses(&answers).len(), 1, "{start}: {answers}");
            assert_eq!(hostile.held(), Vec::<String>::new(), "{start}");
        }
    }
}

#[test]
fn a_pipeline_is_answered_in_order() {
    let hostile = Hostile::start(&[]);
    let mut connection = Connection::open(hostile.gateway.address).unwrap();
    let mut requests = String::new();
    for number in 0..200 {
        let body = format!("x {number}\n");
        requests += &format!(
            "PUT /metrics/job/a HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        requests += "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    }
    // Answers wait in the sockets' buffers meanwhile, so both ends have to move at once.
    std::thread::scope(|scope| {
        let mut writer = TcpStream::connect(hostile.gateway.address).unwrap();
        let mut reader = writer.try_clone().unwrap();
        scope.spawn(move || {
            writer.write_all(requests.as_bytes()).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut answers = String::new();
        reader.read_to_string(&mut answers).unwrap();
        assert_eq!(statuses(&answers), vec![200; 400]);
        let pages = answers.split("HTTP/1.1 ").skip(2).step_by(2);
        for (number, page) in pages.enumerate() {
            assert!(
                page.contains(&format!("x{{instance=\"\",job=\"a\"}} {number}\n")),
                "{page}"
            );
        }
    });
    connection
        .write_raw(b"GET /-/ready HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert_eq!(connection.read_response("GET").unwrap().status, 200);
}

#[test]
fn a_half_closed_socket_gets_its_answer() {
    let hostile = Hostile::start(&[]);
    let before = hostile.descriptors();
    let bytes = format!("{FIRST}Content-Length: 4\r\n\r\ny 1\n");
    for _ in 0..100 {
        assert_eq!(
            statuses(&exchange(&hostile.gateway, bytes.as_bytes())),
            [200]
        );
    }
    assert_eq!(hostile.held(), ["y{instance=\"\",job=\"first\"} 1"]);
    hostile.check_descriptors_return(before);
}

#[test]
fn a_body_that_ends_too_early_leaves_no_trace() {
    let hostile = Hostile::start(&[]);
    let before = hostile.descriptors();
    for rest in [
        "Content-Length: 100\r\n\r\ny 1\n",
        "Transfer-Encoding: chunked\r\n\r\n4\r\ny 1\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n100\r\ny 1\n",
        "Content-Length: 100\r\nExpect: 100-continue\r\n\r\n",
    ] {
        for _ in 0..20 {
            let answers = exchange(&hostile.gateway, format!("{FIRST}{rest}").as_bytes());
            assert!(
                statuses(&answers)
                    .iter()
                    .all(|status| matches!(status, 100 | 400 | 408)),
                "{answers}"
            );
            // And one who is gone altogether.
            let mut gone = TcpStream::connect(hostile.gateway.address).unwrap();
            gone.write_all(format!("{FIRST}{rest}").as_bytes()).unwrap();
        }
        assert_eq!(hostile.held(), Vec::<String>::new(), "{rest}");
        hostile.check_well();
    }
    hostile.check_descriptors_return(before);
}

#[test]
fn bytes_that_are_no_http() {
    let hostile = Hostile::start(&[]);
    let before = hostile.descriptors();
    for bytes in [
        &b"\x16\x03\x01\x00\x05hello"[..],
        b"\x00\x01\x02\r\n\r\n",
        b"GET /metrics\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n",
        b"",
        &[0xff; 100_000],
        &[b'A'; 300_000],
    ] {
        // Our own write may fail: it is cut off as soon as it is too long.
        let mut stream = TcpStream::connect(hostile.gateway.address).unwrap();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let statuses = statuses(&String::from_utf8_lossy(&answer));
        assert!(
            statuses.iter().all(|status| (400..500).contains(status)),
            "{statuses:?}"
        );
        hostile.check_well();
    }
    hostile.check_descriptors_return(before);
}
