use super::*;

mod any;
mod sizes;

fn joined(pieces: &[&[u8]]) -> Vec<u8> {
    let mut compressor = Compressor::default();
    let blocks: Vec<_> = pieces
        .iter()
        .map(|piece| compressor.compress(piece))
        .collect();
    let mut stream = Vec::new();
    join(&blocks, &mut stream);
    stream
}

/// Bytes that hardly compress, the same on every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

#[expect(clippy::disallowed_methods, reason = "the stream is the test's own")]
#[track_caller]
fn check_join(pieces: &[&[u8]]) {
    let stream = joined(pieces);
    let whole = pieces.concat();
    // A reader of one member must see everything.
    let mut single = Vec::new();
    flate2::read::GzDecoder::new(stream.as_slice())
        .read_to_end(&mut single)
        .unwrap();
    assert_eq!(single, whole);
    assert_eq!(inflate(&stream, whole.len()).unwrap(), whole);
}

#[test]
fn joined_blocks_are_one_member() {
    check_join(&[]);
    check_join(&[b""]);
    check_join(&[b"x"]);
    check_join(&[b"up 1\n", b"", b"up 1\n", b"up 1\n"]);
    let noise = noise(300_000);
    check_join(&[&noise, b"a", &noise[..70_000]]);
    let page = b"http_requests_total{code=\"200\",method=\"get\"} 1027\n".repeat(20_000);
    check_join(&[&page, &page, &noise]);
}

#[test]
fn blocks_do_not_depend_on_their_order() {
    let first = b"the same words, the same words\n".repeat(10);
    let mut compressor = Compressor::default();
    let alone = compressor.compress(&first);
    compressor.compress(b"something else");
    assert_eq!(compressor.compress(&first).bytes, alone.bytes);
    assert_eq!(Block::compress(&first).bytes, alone.bytes);
    assert!(alone.bytes.len() < first.len() / 3);
}

#[test]
fn inflate_takes_members_in_a_row() {
    let mut two = joined(&[b"a 1\n"]);
    two.extend(joined(&[b"b 2\n"]));
    assert_eq!(inflate(&two, 8).unwrap(), b"a 1\nb 2\n");
    assert_eq!(inflate(&two, 7), Err(InflateError::TooLarge { max: 7 }));
}

#[test]
fn inflate_refuses_what_is_not_gzip() {
    assert_eq!(inflate(b"", 10), Err(InflateError::UnexpectedEnd));
    let good = joined(&[b"a 1\n"]);
    for length in 1..good.len() {
        assert_eq!(
            inflate(&good[..length], 100),
            Err(InflateError::UnexpectedEnd),
            "{length} bytes"
        );
    }
    let junk = [&good[..], b"junk and more junk"].concat();
    assert!(matches!(inflate(&junk, 100), Err(InflateError::Invalid(_))));
    assert!(inflate(&[&good[..], b"x"].concat(), 100).is_err());
    assert!(matches!(
        inflate(b"a 1\n a 1\n a 1\n", 100),
        Err(InflateError::Invalid(_))
    ));
    let mut wrong_crc = good.clone();
    let at = wrong_crc.len() - 8;
    wrong_crc[at] ^= 1;
    assert!(matches!(
        inflate(&wrong_crc, 100),
        Err(InflateError::Invalid(_))
    ));
}

#[test]
fn a_bomb_stops_at_the_bound() {
    let bomb = joined(&[&vec![0; 10_000_000]]);
    assert!(bomb.len() < 100_000);
    assert_eq!(
        inflate(&bomb, 1_000),
        Err(InflateError::TooLarge { max: 1_000 })
    );
}
