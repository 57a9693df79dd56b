//! A whole exporter in one call: flags, logs, sockets, signals, exit codes.

/// Skeleton.
pub struct Program;
