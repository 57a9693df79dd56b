//! The buckets of a native histogram with their bounds, as the JSON API and the pages show them. Pure.
//!
//! The layout is that of Prometheus' `model/histogram`: bucket `i` of schema `s` ends at `2^(i/2^s)`.

use promontory_exposition::model::{Count, Native, NativeBuckets, Span};

/// The schemas with exponential bounds.
const SCHEMAS: std::ops::RangeInclusive<i32> = -4..=8;

/// One bucket that holds something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NativeBucket {
    /// 0: `(lower, upper]`, 1: `[lower, upper)`, 2: open, 3: closed at both ends.
    pub boundaries: u8,
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// Observations in this bucket alone.
    pub count: Count,
}

/// Whether there is any bucket beside zero: upstream shows the classic ones otherwise.
pub(super) fn has_spans(native: &Native<'_>) -> bool {
    !native.positive.spans.is_empty() || !native.negative.spans.is_empty()
}

/// All buckets that hold something, from low to high; none for a schema without exponential bounds.
pub(super) fn buckets(native: &Native<'_>) -> Vec<NativeBucket> {
    if !SCHEMAS.contains(&native.schema) {
        return Vec::new();
    }
    let mut all: Vec<NativeBucket> = side(&native.negative, native.schema)
        .map(|(lower, upper, count)| NativeBucket::new(-upper, -lower, count))
        .collect();
    all.reverse();
    if native.zero_count.as_f64() != 0.0 {
        all.push(NativeBucket {
            boundaries: 3,
            lower: -native.zero_threshold,
            upper: native.zero_threshold,
            count: native.zero_count,
        });
    }
    all.extend(
        side(&native.positive, native.schema)
            .map(|(lower, upper, count)| NativeBucket::new(lower, upper, count)),
    );
    all
}

impl NativeBucket {
    /// A bucket beside zero: closed on the side away from it. Where a bound is too small for a float and
    /// came out as zero, that side is open, as in Prometheus.
    fn new(lower: f64, upper: f64, count: Count) -> Self {
        let boundaries = match (lower < 0.0, upper > 0.0) {
            (false, true) => 0,
            (true, false) => 1,
            (false, false) => 2,
            (true, true) => 3,
        };
        Self {
            boundaries,
            lower,
            upper,
            count,
        }
    }
}

/// The used buckets of one side away from zero: bounds (of the positive side) and count.
///
/// Goes as far as there are counts, so a span that claims more costs nothing.
fn side(buckets: &NativeBuckets, schema: i32) -> impl Iterator<Item = (f64, f64, Count)> {
    let counts: Vec<Count> = if buckets.counts.is_empty() {
        let mut count = 0_i64;
        let mut add = |delta: &i64| {
            count = count.wrapping_add(*delta);
            Count::Integer(count as u64)
        };
        buckets.deltas.iter().map(&mut add).collect()
    } else {
        buckets.counts.iter().copied().map(Count::Float).collect()
    };
    indices(&buckets.spans)
        .zip(counts)
        .filter(|(_, count)| count.as_f64() != 0.0)
        .map(move |(index, count)| (index.wrapping_sub(1), index, count))
        .map(move |(below, index, count)| (bound(below, schema), bound(index, schema), count))
}

/// Which buckets the counts stand for. Spans that go too far begin again at the other end, as upstream's do.
fn indices(spans: &[Span]) -> impl Iterator<Item = i32> {
    let mut next = 0_i32;
    spans.iter().flat_map(move |span| {
        let first = next.wrapping_add(span.offset);
        next = first.wrapping_add_unsigned(span.length);
        (0..span.length).map(move |step| first.wrapping_add_unsigned(step))
    })
}

/// `2^(2^-s)` for each schema `s` from 0, as Go computes it: its square root of two is one step short,
/// and Prometheus' table of bounds inherits that.
#[expect(
    clippy::approx_constant,
    reason = "one step below the square root of two, on purpose"
)]
const FACTORS: [f64; 9] = [
    2.0,
    1.414213562373095,
    1.189207115002721,
    1.0905077326652577,
    1.0442737824274138,
    1.0218971486541166,
    1.0108892860517005,
    1.0054299011128027,
    1.0027112750502025,
];

/// The upper bound of bucket `index`.
fn bound(index: i32, schema: i32) -> f64 {
    let index = i64::from(index);
    let (fraction, exponent) = if schema < 0 {
        (0.5, index.saturating_mul(1 << -schema) + 1)
    } else {
        let within = index & ((1 << schema) - 1);
        (fraction(within, schema), (index >> schema) + 1)
    };
    if fraction == 0.5 && exponent == 1025 {
        // 2^1024 is one step beyond the largest float; the bucket that ends there ends at that float.
        return f64::MAX;
    }
    scale(fraction, exponent)
}

/// `2^(within/2^schema) / 2`, by the steps Prometheus' table was made with, so that every bit agrees.
fn fraction(within: i64, schema: i32) -> f64 {
    if within == 0 {
        0.5
    } else if within % 2 == 0 {
        fraction(within / 2, schema - 1)
    } else {
        fraction(within - 1, schema) * FACTORS[schema as usize]
    }
}

/// `fraction * 2^exponent`, exact also where `2^exponent` alone is no float.
fn scale(fraction: f64, exponent: i64) -> f64 {
    let exponent = exponent.clamp(-1200, 1200) as i32;
    let half = exponent / 2;
    fraction * 2_f64.powi(half) * 2_f64.powi(exponent - half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::approx_constant, reason = "the bound as Prometheus has it")]
    fn bounds_are_those_of_prometheus() {
        for (index, schema, expected) in [
            (0, 0, 1.0),
            (1, 0, 2.0),
            (-3, 0, 0.125),
            (1024, 0, f64::MAX),
            (1025, 0, f64::INFINITY),
            (1, 1, 1.414213562373095),
            (1, 2, 1.189_207_115_002_721),
            (3, 3, 1.2968395546510096),
            (-1, 8, 0.9972960560854698),
            (1, -4, 65536.0),
            (-1, -2, 0.0625),
            (64, -4, f64::MAX),
            (-1074, 0, 5e-324),
            (i32::MAX, 8, f64::INFINITY),
            (i32::MIN, -4, 0.0),
        ] {
            assert_eq!(
                bound(index, schema),
                expected,
                "bucket {index} of schema {schema}"
            );
        }
    }

    #[test]
    fn spans_that_go_too_far_begin_again_at_the_other_end() {
        let span = |offset, length| Span { offset, length };
        let found: Vec<i32> = indices(&[span(i32::MAX, 1), span(i32::MAX, 2)]).collect();
        assert_eq!(found, [i32::MAX, -1, 0]);
    }

    #[test]
    fn spans_end_where_the_counts_end() {
        let native = Native {
            positive: NativeBuckets {
                spans: vec![Span {
                    offset: 0,
                    length: u32::MAX,
                }],
                deltas: vec![1, -1, 2],
                counts: Vec::new(),
            },
            ..Native::default()
        };
        let shown: Vec<(f64, f64, Count)> = buckets(&native)
            .iter()
            .map(|b| (b.lower, b.upper, b.count))
            .collect();
        assert_eq!(
            shown,
            [(0.5, 1.0, Count::Integer(1)), (2.0, 4.0, Count::Integer(2))]
        );
    }
}
