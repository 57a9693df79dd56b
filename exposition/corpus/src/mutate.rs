//! Breaks bodies at random, the same way for the same seed.

/// A small generator of pseudo-random numbers (xorshift64*): no crate is needed to break bodies.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that always roll the same numbers for a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `sides`; 0 where there are none.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides.max(1)
    }

    /// One of some things.
    pub fn pick<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len())]
    }
}

/// Pieces that mean something in one of the formats, so that mutants get past the first check.
const TOKENS: &[&[u8]] = &[
    b"{",
    b"}",
    b"\"",
    b"\\",
    b",",
    b"=",
    b"#",
    b" ",
    b"\t",
    b"\n",
    b"\r",
    b"\0",
    b"\\n",
    b"\\\"",
    b"\\t",
    b"+Inf",
    b"NaN",
    b"-1",
    b"0",
    b"1.5",
    b"1e309",
    b"le=\"1\"",
    b"le=\"x\"",
    b"quantile=\"0.5\"",
    b"__name__",
    b"_count",
    b"_sum",
    b"_bucket",
    b"_total",
    b"_created",
    b"_info",
    b"# TYPE ",
    b"# HELP ",
    b"# UNIT ",
    b"# EOF\n",
    b"# {a=\"b\"} 1",
    b"counter",
    b"gauge",
    b"histogram",
    b"summary",
    b"untyped",
    b"unknown",
    b"gaugehistogram",
    b"\xff",
    b"\xc3\xa4",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b"{\"a.b\"}",
    b"{\"x\",",
    b":",
    b"_",
    b"7",
];

/// A body with one to four small accidents: bytes lost, doubled, changed, moved, or taken from `other`.
pub fn mutate(body: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = body.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(out.len() + 1);
        let end = (at + dice.below(8)).min(out.len());
        match dice.below(8) {
            0 => drop(out.drain(at..end)),
            1 => {
                let piece = out[at..end].to_vec();
                out.splice(at..at, piece);
            }
            2 if at < out.len() => out[at] = dice.below(256) as u8,
            3 if at < out.len() => out[at] ^= 1 << dice.below(8),
            4 | 5 => drop(out.splice(at..at, dice.pick(TOKENS).iter().copied())),
            6 => {
                let from = dice.below(other.len() + 1);
                let to = (from + dice.below(24)).min(other.len());
                out.splice(at..end, other[from..to].iter().copied());
            }
            _ => out.truncate(out.len() - dice.below(out.len() + 1) / 4),
        }
    }
    out
}
