//! Spellings as a Go program printed and read them.

use super::{parse, write, write_sample};

fn text(value: f64) -> String {
    let mut out = Vec::new();
    write(value, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn prints_what_go_printed() {
    // Lines of `BITS TEXT`, from Go 1.26: strconv.FormatFloat(v, 'g', -1, 64).
    for line in include_str!("golden.txt").lines() {
        let (bits, expected) = line.split_once(' ').unwrap();
        let value = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        assert_eq!(text(value), expected, "{bits}");
        let back = parse(expected.as_bytes()).unwrap();
        assert!(
            back.to_bits() == value.to_bits() || back.is_nan() && value.is_nan(),
            "{expected} read as {back}"
        );
    }
}

#[test]
fn expfmt_prints_no_negative_zero() {
    let mut out = Vec::new();
    write_sample(-0.0, &mut out);
    assert_eq!(out, b"0");
    assert_eq!(text(-0.0), "-0");
}

fn check(spelling: &str, expected: Option<f64>) {
    let got = parse(spelling.as_bytes());
    assert_eq!(
        got.map(f64::to_bits),
        expected.map(f64::to_bits),
        "{spelling:?} read as {got:?}"
    );
}

#[test]
fn reads_what_go_reads() {
    check("0", Some(0.0));
    check("-0", Some(-0.0));
    check("+1", Some(1.0));
    check("1.", Some(1.0));
    check(".5", Some(0.5));
    check("-.5e1", Some(-5.0));
    check("00000000000000000000000012", Some(12.0));
    check("1e-400", Some(0.0));
    check("-1e-99999999999999999999", Some(-0.0));
    check("0e99999999999999999999", Some(0.0));
    check("1E+06", Some(1e6));
    check(
        "123456789012345678901234567890",
        Some(123_456_789_012_345_678_901_234_567_890.0),
    );
    check("9007199254740993", Some(9_007_199_254_740_992.0));
    check("1.7976931348623157e308", Some(f64::MAX));
    check("5e-324", Some(5e-324));
    check("0.1", Some(0.1));
    for word in ["Inf", "+Inf", "inf", "INFINITY", "+infinity"] {
        check(word, Some(f64::INFINITY));
    }
    check("-iNf", Some(f64::NEG_INFINITY));
    // Bit for bit Go's NaN, so that protobuf scrapes are the same bytes.
    assert_eq!(parse(b"nAn").map(f64::to_bits), Some(0x7ff8_0000_0000_0001));
}

#[test]
fn refuses_what_go_refuses() {
    for spelling in [
        "", "+", "-", ".", "e5", "1e", "1e+", "1e5.", "1..", "1.2.3", "1e400", "-1e400", "0x10",
        "0x1p4", "1_000", "-NaN", "+nan", "0b1", "infinit", "1 ", " 1", "1f", "--1", "+-1", "١",
    ] {
        check(spelling, None);
    }
}
