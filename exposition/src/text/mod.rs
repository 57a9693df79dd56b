//! Prometheus text 0.0.4.
//!
//! Next: [`lines`] reads one line after the other and keeps nothing; [`read()`] puts lines together to
//! families, with the rules and accidents of Go's `expfmt.TextParser`; [`mod@write`] is the way back.

mod comment;
pub mod lines;
mod parts;
pub mod read;
mod sample;
mod series;
mod token;
pub mod write;

pub use lines::{Line, Lines, Sample};
pub use read::read;
