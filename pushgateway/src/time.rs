//! Points in time as the pushgateway keeps and shows them.

use std::time::{Duration, SystemTime};

/// A point in time: nanoseconds since the epoch. Zero means never.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct UnixNanos(pub i64);

impl UnixNanos {
    /// From the system's clock; times before 1970 or after 2262 become never.
    pub fn from_system(time: SystemTime) -> Self {
        let since = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Self(i64::try_from(since.as_nanos()).unwrap_or(0))
    }

    /// Now, by the system's clock.
    pub fn now() -> Self {
        Self::from_system(SystemTime::now())
    }

    /// Undoes [`Self::as_seconds`], but for what a float of today's seconds cannot say: a quarter of a microsecond.
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1e9).round() as i64)
    }

    /// A later point in time; at most 2262.
    pub fn after(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX)),
        )
    }

    /// How long it is from another point in time to this one; zero where this one is not later.
    pub fn since(self, other: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(other.0)).unwrap_or(0))
    }

    /// Seconds since the epoch, as upstream computes them for its time metrics.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}
