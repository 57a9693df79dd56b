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

    /// Seconds since the epoch, as upstream computes them for its time metrics.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}
