//! What the limits of the flags refuse, and that they hold whatever comes.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use promontory_tests::http::Request;
use promontory_tests::process::until;

use super::{Hostile, MEMORY_BYTES_MAX};

#[test]
fn a_body_beyond_the_limit_hears_the_flag_and_zero_is_no_limit() {
    let hostile = Hostile::start(&["--push.max-body-bytes=7", "--push.max-decoded-bytes=0"]);
    hostile.check("/metrics/job/a", &[], b"well 1\n", 200);
    let push = Request::new("PUT", "/metrics/job/a").body("well 10\n");
    let answer = hostile.gateway.send(&push).unwrap();
    let text = "the request body is larger than 7 bytes (--push.max-body-bytes)\n";
    assert_eq!((answer.status, &*answer.text()), (413, text));
    hostile.check_well();
}

/// How many clients send most of a body and then wait, and how much.
const HALF_SENT: usize = 400;
const HALF: usize = 1 << 20;
/// How many of these bodies fit, as the flag is set below: each connection has 16 KiB beside.
const FIT: usize = 16;

/// They would have 400 MiB here together, and 64 times that with bodies of the largest size.
#[test]
fn bodies_that_are_half_sent_take_no_room_from_small_ones() {
    let hostile = Hostile::start(&["--push.max-bodies-bytes=16777216"]);
    let half = [
        format!("PUT /metrics/job/slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{HALF:x}\r\n").as_bytes(),
        &vec![b'\n'; HALF],
    ]
    .concat();
    let open = || {
        let mut stream = TcpStream::connect(hostile.gateway.address).unwrap();
        // A refused one may hear that before it has sent everything.
        let _ = stream.write_all(&half);
        stream.set_nonblocking(true).unwrap();
        (stream, Vec::new())
    };
    let mut waiting: Vec<(TcpStream, Vec<u8>)> = (0..HALF_SENT).map(|_| open()).collect();
    let mut answers = Vec::new();
    until("all bodies that do not fit to be refused", || {
        waiting.retain_mut(|(stream, heard)| {
            let done = !matches!(stream.read_to_end(heard), Err(error) if error.kind() == ErrorKind::WouldBlock);
            if done {
                answers.push(String::from_utf8_lossy(heard).into_owned());
            }
            !done
        });
        (waiting.len() <= FIT).then_some(())
    })
    .unwrap();
    let text = "the request bodies held at a time would be more than 16777216 bytes (--push.max-bodies-bytes): try again later";
    assert!(answers.iter().any(|answer| answer.contains(text)));
    for answer in answers.iter().filter(|answer| !answer.is_empty()) {
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
    hostile.check_well();
    let large = vec![b'\n'; FIT * HALF];
    let refused = hostile.put("/metrics/job/a", &[], &large);
    assert_eq!((refused.status, refused.text().trim_end()), (503, text));
    hostile.check("/metrics/job/a", &[], &large[..16 << 10], 200);
    // Once they are gone there is room again.
    drop(waiting);
    until("what was held to be given back", || {
        let answer = hostile.put("/metrics/job/a", &[], &large);
        (answer.status == 200).then_some(())
    })
    .unwrap();
    let peak = hostile.memory_peak();
    assert!(peak < MEMORY_BYTES_MAX, "{} MiB", peak >> 20);
}

/// Whatever is pushed, and refused as well, no more is held than is allowed.
#[test]
fn a_flood_of_groups_ends_at_the_limit() {
    let hostile = Hostile::start(&["--store.max-groups=50", "--store.max-series=200"]);
    hostile.check_well();
    let mut statuses = std::collections::BTreeMap::new();
    for number in 0..200 {
        let body = match number % 2 {
            0 => "x 1\n",
            // Without room, not even a group that says it failed.
            _ => "x 1 1000\n",
        };
        let path = format!("/metrics/job/flood{number}");
        let status = hostile.gateway.push("PUT", &path, body).unwrap();
        *statuses.entry(status).or_insert(0) += 1;
    }
    // One group is the other's.
    assert_eq!(statuses[&200] + statuses[&400], 49, "{statuses:?}");
    assert_eq!(statuses[&429], 151, "{statuses:?}");
    hostile.check_well();
    let page = hostile.gateway.scrape().unwrap();
    let groups = page
        .lines()
        .filter(|line| line.starts_with("push_time_seconds{"));
    assert_eq!(groups.count(), 50);
}
