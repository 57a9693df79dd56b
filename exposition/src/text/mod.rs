//! Prometheus text 0.0.4.

pub mod write;
