//! OpenMetrics 1.0 (and 0.0.1): what Prometheus prefers, with exemplars, units and created timestamps.
//!
//! Next: [`lines`] reads one line after the other and keeps nothing; [`read()`] puts lines together to
//! families; [`mod@write`] is the way back.

mod family;
mod line;
pub mod lines;
mod metadata;
mod part;
pub mod read;
mod role;
mod token;
pub mod write;

pub use read::read;
