//! Prometheus text 0.0.4.
//!
//! Next: `lines` reads one line after the other and keeps nothing; [`read`] puts lines together to
//! families, with every rule and accident of Go's `expfmt.TextParser`; [`write`] is the way back.

pub mod read;
pub mod write;

pub use read::read;
