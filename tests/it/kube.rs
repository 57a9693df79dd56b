//! The kube-state exporter beside the real kube-state-metrics, on a real control plane.

mod cluster;
mod parity;
mod random;
mod robust;
