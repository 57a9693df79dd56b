//! The node exporter.
fn main() {}
