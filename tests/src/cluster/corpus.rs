//! The objects of `tests/fixtures/kube`: many shapes of the ten kinds, for the parity of the kube-state exporter.
