//! Clients that send a byte now and then, or nothing, many at once: others are served meanwhile, and what they held is
//! given back afterwards.

use std::io::{Read, Write};
use std::net::TcpStream;

use promontory_tests::http::Connection;
use promontory_tests::process::until;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Hostile, MEMORY_BYTES_MAX, PROTOBUF};

/// Slow clients at once.
const MANY: usize = 1000;
/// The real program answers others with so many open, and so must ours.
const IDLE: usize = 10_000;
/// Clients that never read, for each thing they may ask for: the gateway has pieces of a page for each of them.
const DEAF: usize = 20;
/// Descriptors this process and the gateway need besides.
const SPARE: usize = 500;

/// Whether this process may open so many descriptors, after it has asked for as many as it can get.
fn may_open(descriptors: usize) -> bool {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    let allowed = getrlimit(Resource::Nofile).current;
    let enough = allowed.is_none_or(|allowed| allowed >= descriptors as u64);
    if !enough {
        eprintln!("Skipped: {allowed:?} open files are allowed here, this needs {descriptors}.");
    }
    enough
}

/// Opens connections, sends `start` on each and then `drip` a byte at a time to all, with others served in between.
fn check_slow(start: &[u8], drip: &[u8]) {
    if !may_open(MANY + SPARE) {
        return;
    }
    let hostile = Hostile::start(&[]);
    let before = hostile.descriptors();
    let open = || {
        let mut stream = TcpStream::connect(hostile.gateway.address).unwrap();
        stream.write_all(start).unwrap();
        stream
    };
    let mut slow: Vec<TcpStream> = (0..MANY).map(|_| open()).collect();
    // The accept loop may still be at it.
    until("all slow clients to be connected", || {
        (hostile.descriptors() >= MANY).then_some(())
    })
    .unwrap();
    for byte in drip {
        for stream in &mut slow {
            // On a busy machine the gateway may have given up on the first ones.
            let _ = stream.write_all(&[*byte]);
        }
        hostile.check_well();
    }
    drop(slow);
    hostile.check_descriptors_return(before);
    hostile.check_well();
    assert!(!hostile.held().iter().any(|line| line.contains("slow")));
    let peak = hostile.memory_peak();
    assert!(peak < MEMORY_BYTES_MAX, "{} MiB", peak >> 20);
}

#[test]
fn many_slow_heads() {
    check_slow(b"PUT /metrics/job/slow HTTP/1.1\r\n", b"Host: local\r\nX-");
}

#[test]
fn many_slow_bodies() {
    let head = b"PUT /metrics/job/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
    check_slow(head, b"slow 1\nslow_a 1\n");
}

#[test]
fn many_slow_chunks() {
    let head = b"PUT /metrics/job/slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    check_slow(head, b"7\r\nslow 1\n\r\n1");
}

/// Announced at its largest: nothing is set aside for a body before it is there.
#[test]
fn many_bodies_that_are_only_announced() {
    let head = b"PUT /metrics/job/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n";
    check_slow(head, b"slow");
}

#[test]
fn a_body_that_pauses_is_given_up() {
    let hostile = Hostile::start(&[]);
    let mut slow = Connection::open(hostile.gateway.address).unwrap();
    slow.write_raw(b"PUT /metrics/job/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nslow")
        .unwrap();
    let answer = slow.read_response("PUT").unwrap();
    assert_eq!(answer.status, 408, "{}", answer.text());
    assert_eq!(hostile.held(), Vec::<String>::new());
    hostile.check_well();
}

#[test]
fn thousands_of_idle_connections() {
    if !may_open(IDLE + SPARE) {
        return;
    }
    let hostile = Hostile::start(&[]);
    let before = hostile.descriptors();
    let open = || TcpStream::connect(hostile.gateway.address).unwrap();
    let idle: Vec<TcpStream> = (0..IDLE).map(|_| open()).collect();
    hostile.check_well();
    drop(idle);
    hostile.check_descriptors_return(before);
    assert!(hostile.memory_peak() < MEMORY_BYTES_MAX);
}

/// More than the pieces that are made of a page at a time.
const PIECES: u64 = 2 << 20;
/// What they ask for: one family of megabytes in each way in which families are written.
const ASKED: [&str; 5] = [
    "text/plain",
    "text/plain; version=1.0.0; escaping=dots",
    "application/openmetrics-text; version=1.0.0",
    PROTOBUF,
    "text/plain\r\nAccept-Encoding: zstd",
];

/// They ask for a page that no socket buffer takes whole, and never read it.
#[test]
fn many_who_never_read_the_answer() {
    if !may_open(ASKED.len() * DEAF + SPARE) {
        return;
    }
    let hostile = Hostile::start(&[]);
    let noise = |number: usize| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let page: String = (0..40_000)
        .map(|number| {
            let value =
                [1, 2, 3, 4, 5, 6].map(|part| format!("{:016x}", noise(number + (part << 20))));
            format!("x{{a=\"{}\",number=\"{number}\"}} 1\n", value.concat())
        })
        .collect();
    hostile.check("/metrics/job/a", &[], page.as_bytes(), 200);
    let openmetrics = [("Content-Type", ASKED[2])];
    hostile.check("/metrics/job/b", &openmetrics, b"y 1\n# EOF\n", 200);
    let (before, quiet) = (hostile.descriptors(), hostile.memory_peak());
    let ask = |accept: &str| {
        let mut stream = TcpStream::connect(hostile.gateway.address).unwrap();
        let request = format!("GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut first = [0; 13];
        // It has begun to answer.
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 ");
        stream
    };
    let deaf = ASKED
        .iter()
        .flat_map(|accept| (0..DEAF).map(|_| ask(accept)));
    let deaf: Vec<TcpStream> = deaf.collect();
    hostile.check_well();
    let more = hostile.memory_peak() - quiet;
    assert!(more < deaf.len() as u64 * PIECES, "{} MiB", more >> 20);
    drop(deaf);
    hostile.check_descriptors_return(before);
}
