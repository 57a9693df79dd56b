//! Bodies that are small on the wire and huge unpacked. An encoding more is a row more in [`ENCODINGS`].

use promontory_tests::case::encode;

use super::{Hostile, MEMORY_BYTES_MAX};

/// Packs a body.
type Pack = fn(&[u8]) -> Vec<u8>;

/// Every encoding a push may have, by its name in `Content-Encoding`, and how to pack.
pub(super) const ENCODINGS: [(&str, Pack); 4] = [
    ("gzip", gzip),
    ("snappy", |body| encode("snappy", body).unwrap()),
    ("zstd", |body| encode("zstd", body).unwrap()),
    ("deflate", |body| encode("deflate", body).unwrap()),
];

/// A push whose one label value makes it that long.
pub(super) fn long_label(bytes: usize) -> Vec<u8> {
    let mut text = b"x{a=\"".to_vec();
    text.resize(bytes, b'a');
    text.extend(b"\"} 1\n");
    text
}

pub(super) fn gzip(body: &[u8]) -> Vec<u8> {
    encode("gzip", body).unwrap()
}

/// Each takes what it may while it is unpacked, and all of it is given back.
#[test]
fn many_bombs_at_once() {
    let hostile = Hostile::start(&["--push.max-decoded-bytes=4194304"]);
    let before = hostile.descriptors();
    let bombs = ENCODINGS.map(|(encoding, pack)| (encoding, pack(&vec![b'\n'; 32 << 20])));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            for (encoding, body) in &bombs {
                let hostile = &hostile;
                scope.spawn(move || {
                    let answer =
                        hostile.put("/metrics/job/a", &[("Content-Encoding", encoding)], body);
                    assert_eq!(answer.status, 413, "{encoding}");
                });
            }
        }
        hostile.check_well();
    });
    hostile.check_descriptors_return(before);
    let peak = hostile.memory_peak();
    assert!(peak < MEMORY_BYTES_MAX, "{} MiB", peak >> 20);
}

/// A bomb within a bomb: what comes out is packed again, and read as text.
#[test]
fn a_packed_bomb_within_a_packed_body() {
    let hostile = Hostile::start(&[]);
    for (encoding, pack) in ENCODINGS {
        let body = pack(&pack(&vec![b'\n'; 32 << 20]));
        hostile.check(
            "/metrics/job/a",
            &[("Content-Encoding", encoding)],
            &body,
            400,
        );
    }
    let members = gzip(b"").repeat(50_000);
    hostile.check(
        "/metrics/job/a",
        &[("Content-Encoding", "gzip")],
        &members,
        200,
    );
    assert!(hostile.memory_peak() < MEMORY_BYTES_MAX);
}
