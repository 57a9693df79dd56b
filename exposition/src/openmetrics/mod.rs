//! OpenMetrics 1.0 (and 0.0.1): what Prometheus prefers, with exemplars, units and created timestamps.
//!
//! Next: [`read`] for bytes to families, [`write`] for the way back.

pub mod read;
pub mod write;
