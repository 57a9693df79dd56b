//! The kube-state exporter.
fn main() {}
