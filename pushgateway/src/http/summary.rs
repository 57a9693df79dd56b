//! Quantiles of the last ten minutes, in bounded memory: what client_golang's summaries show.
//!
//! Ten minutes are five slices of two. Each slice keeps a uniform sample of what it saw, so quantiles
//! are exact up to `SAMPLE` observations a slice and within about 1.5 % of rank beyond. The caller
//! brings the time; nothing here looks at a clock. Next: `super::instrument`.

use std::time::Duration;

use promontory_exposition::model::{Quantile, Summary};

/// How many observations a slice remembers.
const SAMPLE: usize = 1024;
/// How many slices there are.
const SLICES: usize = 5;
/// How long a slice is filled.
const SLICE: Duration = Duration::from_secs(120);
/// The quantiles shown.
const QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];

/// A summary that forgets after ten minutes; its count and sum never do.
#[derive(Debug, Default)]
pub(super) struct SlidingSummary {
    count: u64,
    sum: f64,
    slices: [Slice; SLICES],
    random: u64,
}

#[derive(Debug, Default)]
struct Slice {
    /// Which two minutes since the start of the program this holds.
    number: u64,
    seen: u64,
    sample: Vec<f64>,
}

impl SlidingSummary {
    /// Adds an observation made `now` after the start of the program.
    pub(super) fn observe(&mut self, value: f64, now: Duration) {
        self.count += 1;
        self.sum += value;
        let number = slice_number(now);
        let random = self.next_random();
        let slice = &mut self.slices[(number % SLICES as u64) as usize];
        if slice.number != number {
            *slice = Slice {
                number,
                ..Slice::default()
            };
        }
        slice.seen += 1;
        if slice.sample.len() < SAMPLE {
            slice.sample.push(value);
        } else if let Ok(at @ 0..SAMPLE) = usize::try_from(random % slice.seen) {
            slice.sample[at] = value;
        }
    }

    /// The summary at this moment; quantiles are NaN if nothing was observed lately.
    pub(super) fn at(&self, now: Duration) -> Summary {
        let number = slice_number(now);
        let recent = |slice: &&Slice| slice.seen > 0 && slice.number + SLICES as u64 > number;
        let mut weighted: Vec<(f64, f64)> = Vec::new();
        for slice in self.slices.iter().filter(recent) {
            let weight = slice.seen as f64 / slice.sample.len() as f64;
            weighted.extend(slice.sample.iter().map(|&value| (value, weight)));
        }
        weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
        Summary {
            count: self.count,
            sum: self.sum,
            quantiles: QUANTILES
                .iter()
                .map(|&quantile| Quantile {
                    quantile,
                    value: value_at(&weighted, quantile),
                })
                .collect(),
            created: None,
        }
    }

    /// xorshift64*: which observations a full sample keeps needs no better randomness.
    fn next_random(&mut self) -> u64 {
        let mut x = self.random.max(0x9E37_79B9_7F4A_7C15);
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random = x;
        x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }
}

fn slice_number(now: Duration) -> u64 {
    now.as_secs() / SLICE.as_secs()
}

/// The value at rank ⌈q·n⌉ of sorted, weighted observations.
fn value_at(weighted: &[(f64, f64)], quantile: f64) -> f64 {
    let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let rank = (total * quantile).ceil().max(1.0);
    let mut passed = 0.0;
    for (value, weight) in weighted {
        passed += weight;
        // Weights are fractions; a sum of them may miss a whole number by a hair.
        if passed + 1e-6 >= rank {
            return *value;
        }
    }
    weighted.last().map_or(f64::NAN, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles(summary: &SlidingSummary, seconds: u64) -> Vec<f64> {
        let summary = summary.at(Duration::from_secs(seconds));
        summary
            .quantiles
            .iter()
            .map(|quantile| quantile.value)
            .collect()
    }

    #[test]
    fn few_observations_are_exact() {
        let mut summary = SlidingSummary::default();
        for value in (1..=10).rev() {
            summary.observe(f64::from(value), Duration::from_secs(1));
        }
        assert_eq!(quantiles(&summary, 2), [1.0, 5.0, 9.0]);
        let shown = summary.at(Duration::ZERO);
        assert_eq!((shown.count, shown.sum), (10, 55.0));
    }

    #[test]
    fn ten_minutes_later_only_count_and_sum_are_left() {
        let mut summary = SlidingSummary::default();
        summary.observe(7.0, Duration::from_secs(10));
        assert_eq!(quantiles(&summary, 599), [7.0, 7.0, 7.0]);
        assert!(quantiles(&summary, 600).iter().all(|value| value.is_nan()));
        summary.observe(9.0, Duration::from_secs(610));
        assert_eq!(quantiles(&summary, 610), [9.0, 9.0, 9.0]);
        assert_eq!(summary.at(Duration::from_secs(610)).count, 2);
    }

    #[test]
    fn many_observations_stay_close_and_bounded() {
        let mut summary = SlidingSummary::default();
        for value in 0..100_000_u32 {
            summary.observe(
                f64::from(value % 1000),
                Duration::from_secs(u64::from(value / 200)),
            );
        }
        for (got, expected) in quantiles(&summary, 500).iter().zip([100.0, 500.0, 900.0]) {
            assert!((got - expected).abs() < 60.0, "{got} for {expected}");
        }
        let kept: usize = summary.slices.iter().map(|slice| slice.sample.len()).sum();
        assert!(kept <= SAMPLE * SLICES, "{kept}");
    }
}
