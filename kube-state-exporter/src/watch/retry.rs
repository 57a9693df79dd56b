//! When to try again, and what of it to log.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::Timing;

/// Waits longer after each failure in a row, as client-go's reflector does, and tells a new reason from an old one.
#[derive(Debug)]
pub(super) struct Retry {
    first: Duration,
    longest: Duration,
    next: Duration,
    reason: String,
}

impl Retry {
    pub(super) fn new(timing: &Timing) -> Self {
        Self {
            first: timing.retry_first,
            longest: timing.retry_longest,
            next: timing.retry_first,
            reason: String::new(),
        }
    }

    /// How long to wait now: the delay or up to twice that, so that a hundred of us do not come at once.
    pub(super) fn delay(&mut self) -> Duration {
        let delay = self.next.mul_f64(1.0 + random());
        self.next = (self.next * 2).min(self.longest);
        delay
    }

    /// All is well for some time: the next failure is the first.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
        self.reason.clear();
    }

    /// Whether it failed for another reason before, or not at all.
    pub(super) fn is_news(&mut self, reason: &str) -> bool {
        let news = self.reason != reason;
        if news {
            reason.clone_into(&mut self.reason);
        }
        news
    }

    /// It works; whether it had failed.
    pub(super) fn recovered(&mut self) -> bool {
        let failed = !self.reason.is_empty();
        self.reason.clear();
        failed
    }
}

/// A random number from 0 to below 1.
pub(super) fn random() -> f64 {
    // std seeds each state anew, which is random enough to spread requests.
    let bits = RandomState::new().hash_one(()) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_begin_anew() {
        let timing = Timing {
            retry_first: Duration::from_secs(1),
            retry_longest: Duration::from_secs(5),
            ..Timing::default()
        };
        let mut retry = Retry::new(&timing);
        for seconds in [1, 2, 4, 5, 5] {
            let (low, high) = (
                Duration::from_secs(seconds),
                Duration::from_secs(2 * seconds),
            );
            let delay = retry.delay();
            assert!(low <= delay && delay < high, "{seconds}: {delay:?}");
        }
        retry.reset();
        assert!(retry.delay() < Duration::from_secs(2));
    }

    #[test]
    fn a_reason_is_news_once() {
        let mut retry = Retry::new(&Timing::default());
        assert!(!retry.recovered());
        assert!(retry.is_news("a") && !retry.is_news("a") && retry.is_news("b"));
        assert!(retry.recovered() && !retry.recovered());
        assert!(retry.is_news("b"));
    }
}
