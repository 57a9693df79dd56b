//! Seeded random sequences give the same statuses and the same states on ours and the real pushgateway.
//!
//! `PROMONTORY_SEEDS=50` runs more seeds, `PROMONTORY_SEED=7` one; a failing seed prints the shortest sequence it found.

use promontory_tests::parity::Pair;
use promontory_tests::random;

/// Steps of a sequence.
const STEPS: usize = 200;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn seeded_sequences_are_answered_alike() {
    let pair = Pair::start(&["--web.enable-admin-api".to_owned()]).unwrap();
    let seeds = match number("PROMONTORY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("PROMONTORY_SEEDS").unwrap_or(5),
    };
    for seed in seeds {
        if let Err(error) = random::check(&pair, seed, STEPS) {
            panic!("{error:#}");
        }
    }
}
