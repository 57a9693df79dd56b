//! Floats as Go prints and reads them.

use promontory_corpus::mutate::{Dice, mutate};
use promontory_exposition::number;

use super::{Go, times};

/// Bit patterns of every kind: all of them at random, short decimals, integers, edges.
fn bits(dice: &mut Dice) -> u64 {
    let random = (dice.below(1 << 31) as u64) << 33
        ^ (dice.below(1 << 31) as u64) << 16
        ^ dice.below(1 << 31) as u64;
    match dice.below(6) {
        0 => (dice.below(1 << 31) as f64 / 100.0).to_bits(),
        1 => (random as i64 as f64).to_bits(),
        2 => (dice.below(10_000) as f64 * 10f64.powi(dice.below(60) as i32 - 30)).to_bits(),
        3 => 2f64
            .powi(dice.below(2100) as i32 - 1075)
            .to_bits()
            .wrapping_add(dice.below(3) as u64)
            .wrapping_sub(1),
        4 => random & 0x000f_ffff_ffff_ffff,
        _ => random,
    }
}

#[test]
fn floats_are_printed_as_go_prints_them() {
    let mut go = Go::start();
    let mut dice = Dice::new(11);
    for _ in 0..times(20) {
        let mut all = vec![
            0,
            1 << 63,
            1,
            f64::MAX.to_bits(),
            f64::MIN_POSITIVE.to_bits(),
            f64::INFINITY.to_bits(),
        ];
        all.extend((0..10_000).map(|_| bits(&mut dice)));
        let question: String = all.iter().map(|bits| format!("{bits:016x}\n")).collect();
        for (bits, theirs) in all
            .iter()
            .zip(go.ask("format-float", question.as_bytes()).lines())
        {
            let mut ours = Vec::new();
            number::write(f64::from_bits(*bits), &mut ours);
            let ours = String::from_utf8(ours).unwrap();
            // FormatFloat and %v agree; the JSON API uses the latter.
            assert_eq!(format!("{ours} {ours}"), theirs, "{bits:016x}");
        }
    }
}

#[test]
fn floats_are_read_as_go_reads_them() {
    let mut go = Go::start();
    let mut dice = Dice::new(12);
    let seeds = [
        "1",
        "-1",
        "+0",
        "1.5e300",
        "NaN",
        "-Inf",
        "infinity",
        "0x1p4",
        "1_000",
        ".5",
        "5.",
        "1e-400",
        "123456789012345678901234567890",
        "0.000000000000000000000000000001",
        "1.7976931348623157e308",
        "4.9e-324",
        "2.2250738585072011e-308",
        "9007199254740993",
        "0e0",
    ];
    for _ in 0..times(10) {
        let mut all: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
        for _ in 0..5_000 {
            let (one, other) = (dice.pick(&seeds).as_bytes(), dice.pick(&seeds).as_bytes());
            all.push(mutate(one, other, &mut dice));
            let digits = 1 + dice.below(40);
            let mut long: Vec<u8> = (0..digits).map(|_| b'0' + dice.below(10) as u8).collect();
            long.insert(dice.below(digits), b'.');
            long.extend_from_slice(format!("e{}", dice.below(700) as i32 - 350).as_bytes());
            all.push(long);
        }
        all.retain(|text| !text.contains(&0));
        let answers = go.ask("parse-float", &all.join(&0)).lines();
        for (text, theirs) in all.iter().zip(answers) {
            let ours = match number::parse(text) {
                None => "refused".into(),
                Some(value) if value.is_nan() => "nan".into(),
                Some(value) => format!("{:016x}", value.to_bits()),
            };
            assert_eq!(ours, theirs, "{:?}", String::from_utf8_lossy(text));
        }
    }
}
