//! The machine as metrics, as prometheus/node_exporter shows it.
//!
//! [`host`] is the only door to the machine. [`collector`] is the table: one row a collector, with its flags, its
//! constructor and what its metrics are called; the command line ([`flags`]), the README and the tests come from its
//! rows. What upstream has and we do not yet is known by name in [`missing`]. Everything else a program needs (HTTP,
//! TLS, logs, scrapes, formats) lives in the crates below.
//!
//! What always holds: a file, a line or a device that cannot be read costs what it held and nothing else, and the
//! collector's success series says 0 (as upstream's does, which then loses everything the collector had).
#![forbid(unsafe_code)]

pub mod collector;
pub mod flags;
pub mod host;
pub mod missing;
mod pattern;
mod start;
mod words;

pub use start::collectors;
