//! Whatever is compressed comes out again, is bounded, and depends on nothing before it.

use proptest::prelude::*;

use super::super::huffman::{self, Code};
use super::super::{Compressor, symbols};
use super::{check_join, noise};

/// Lines of one family with labels that change, and what else may stand on a page.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        "[0-9]{1,3}",
        "0\\.[0-9]{1,17}",
        "[+-]Inf",
        "[1-9]\\.[0-9]{9}e\\+[0-9]{2}"
    ];
    let line = prop_oneof![
        8 => ("a_(x|bucket)", "[a-z]{0,3}[0-9]{0,3}", "[0-9.]{1,4}", value).prop_map(|(name, job, le, value)| {
            format!("{name}{{job=\"{job}\",le=\"{le}\"}} {value}\n")
        }),
        1 => "# HELP a_x [ a-z\n]{0,40}\n",
        1 => "\\PC{0,30}",
        1 => "\n{1,20}",
    ];
    prop::collection::vec(line, 0..300).prop_map(|lines| lines.concat().into_bytes())
}

/// Few different bytes repeat in odd ways.
fn runs() -> impl Strategy<Value = Vec<u8>> {
    let run = (prop::sample::select(b"\0\n0a\xff".to_vec()), 1..600_usize);
    prop::collection::vec(run, 0..40).prop_map(|runs| {
        runs.into_iter()
            .flat_map(|(byte, count)| vec![byte; count])
            .collect()
    })
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        lines(),
        runs(),
        prop::collection::vec(any::<u8>(), 0..2000),
        prop::collection::vec(prop::sample::select(b"\0\nab".to_vec()), 0..200),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn anything_comes_out_again(pieces in prop::collection::vec(piece(), 0..5)) {
        let pieces: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
        check_join(&pieces);
    }

    #[test]
    fn nothing_grows_by_much(piece in piece()) {
        let mut compressor = Compressor::default();
        let block = compressor.compress(&piece);
        prop_assert!(block.bytes.len() <= piece.len() + 10);
        compressor.compress(b"something else");
        prop_assert_eq!(compressor.compress(&piece).bytes, block.bytes);
    }

    /// All codes together use up all there are, no more and no less, and the more frequent symbol has no longer one.
    #[test]
    fn codes_are_complete(mut counts in prop::collection::vec(0..50_u32, 19..286), steep in any::<bool>()) {
        if steep {
            // Without a limit, the longest code would have dozens of bits.
            for (symbol, count) in counts.iter_mut().enumerate().take(30) {
                *count = 1 << (symbol / 2);
            }
        }
        let limit = if counts.len() < 100 { 7 } else { 12 };
        let mut lengths = vec![0; counts.len()];
        huffman::lengths(&counts, limit, &mut lengths);
        let taken: u32 = lengths.iter().filter(|length| **length > 0).map(|length| 1 << (limit - usize::from(*length))).sum();
        prop_assert_eq!(taken, 1 << limit);
        for (one, other) in counts.iter().zip(&lengths).zip(counts.iter().zip(&lengths).skip(1)) {
            let ((count, length), (other_count, other_length)) = (one, other);
            prop_assert!(*count == 0 || *other_count <= *count || other_length <= length);
        }
    }
}

#[test]
fn far_and_long_repeats_come_out_again() {
    let noise = noise(200_000);
    // As far back as can be written, one farther, and over the borders of blocks.
    for far in [32 << 10, (32 << 10) + 1, 128 << 10, (128 << 10) - 3] {
        check_join(&[&[&noise[..far], &noise[..1000]].concat()]);
    }
    check_join(&[b"01234567890123456789012345"]);
    for length in (1..40).chain(250..270).chain(510..530) {
        check_join(&[&[
            &noise[..length],
            b"\n",
            &noise[..length],
            b"\n",
            &noise[..length],
        ]
        .concat()]);
    }
    let line = [&noise[..40_000], b"\n"].concat();
    check_join(&[&line.repeat(20)]);
    for length in [65_535, 65_536, (128 << 10) - 1, 128 << 10, (128 << 10) + 1] {
        check_join(&[
            &noise[..length],
            &vec![b'7'; length],
            &b"a 1\n".repeat(length)[..length],
        ]);
    }
}

#[test]
fn what_does_not_shrink_is_stored() {
    let noise = noise(300_000);
    let block = Compressor::default().compress(&noise);
    // Seven stored blocks, and the empty one at the end.
    assert!(block.bytes.len() <= noise.len() + 5 * 8);
}

/// Read from the table in RFC 1951, 3.2.5.
#[test]
fn symbols_are_those_of_the_format() {
    for (length, symbol, extra, bits) in [
        (3, 257, 0, 0),
        (10, 264, 0, 0),
        (11, 265, 1, 0),
        (18, 268, 1, 1),
        (114, 279, 4, 15),
        (115, 280, 4, 0),
        (257, 284, 5, 30),
        (258, 285, 0, 0),
    ] {
        let found = symbols::length(length);
        let extra_found = symbols::literal_extra(usize::from(found.symbol));
        assert_eq!(
            (found.symbol, extra_found, found.bits),
            (symbol, extra, bits),
            "length {length}"
        );
    }
    for (distance, symbol, extra, bits) in [
        (1, 0, 0, 0),
        (4, 3, 0, 0),
        (5, 4, 1, 0),
        (8, 5, 1, 1),
        (257, 16, 7, 0),
        (24_576, 28, 13, 8191),
        (32_768, 29, 13, 8191),
    ] {
        let found = symbols::distance(distance);
        let extra_found = symbols::distance_extra(usize::from(found.symbol));
        assert_eq!(
            (found.symbol, extra_found, found.bits),
            (symbol, extra, bits),
            "distance {distance}"
        );
    }
}

/// The example in RFC 1951, 3.2.2.
#[test]
fn codes_are_those_of_the_format() {
    let codes: [Code; 8] = huffman::codes(&[3, 3, 3, 3, 3, 2, 4, 4], |_| 0);
    let bits = codes.map(|code| code.bits.reverse_bits() >> (16 - code.count));
    assert_eq!(
        bits,
        [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111]
    );
}
