//! A token bucket for all requests of a site, with the meaning of Go's `rate.NewLimiter(rate.Every(interval), burst)`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets `burst` requests through at once and one more every `interval`.
#[derive(Debug)]
pub(super) struct RateLimit {
    interval: Duration,
    burst: u32,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl RateLimit {
    /// A full bucket.
    pub(super) fn new(interval: Duration, burst: u32) -> Self {
        Self {
            interval,
            burst,
            bucket: Mutex::new(Bucket {
                tokens: f64::from(burst),
                filled: Instant::now(),
            }),
        }
    }

    /// Whether these are its settings.
    pub(super) fn is(&self, interval: Duration, burst: u32) -> bool {
        (self.interval, self.burst) == (interval, burst)
    }

    /// Says in the log that requests are limited.
    pub(super) fn announce(&self) {
        let (burst, interval) = (self.burst, self.interval);
        tracing::info!(burst, ?interval, "Rate Limiter is enabled.");
    }

    /// Takes a token if there is one.
    pub(super) fn allow(&self) -> bool {
        self.allow_at(Instant::now())
    }

    fn allow_at(&self, now: Instant) -> bool {
        // Every state of the bucket is valid, so a panic elsewhere while it was held does no harm.
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(bucket.filled);
        let gained = passed.as_secs_f64() / self.interval.as_secs_f64();
        bucket.tokens = (bucket.tokens + gained).min(f64::from(self.burst));
        bucket.filled = bucket.filled.max(now);
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_then_one_every_interval() {
        let limit = RateLimit::new(Duration::from_secs(10), 2);
        let start = Instant::now();
        let allowed = |after: u64| limit.allow_at(start + Duration::from_secs(after));
        let asked = [0, 0, 0, 9, 11, 11, 19, 21, 100, 100, 100];
        let got: Vec<bool> = asked.into_iter().map(allowed).collect();
        let expected = [
            true, true, false, false, true, false, false, true, true, true, false,
        ];
        assert_eq!(got, expected);
    }

    #[test]
    fn no_burst_lets_nothing_through() {
        assert!(!RateLimit::new(Duration::from_secs(1), 0).allow());
    }
}
