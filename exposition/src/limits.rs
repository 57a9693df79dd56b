//! Bounds that every reader checks. They come from the caller, who knows how much memory a body may cost.

/// Bounds on what one body may hold, checked while it is read: memory stays within a constant
/// factor of them whatever the bytes say.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Metrics (family members, buckets and quantiles counted too) in one body.
    pub metrics: usize,
    /// Labels of one metric.
    pub labels: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            metrics: 10_000_000,
            labels: 1_000,
        }
    }
}
