//! The harness: real programs, processes and raw HTTP, for tests, benches and `make up`.
//!
//! Everything here drives programs from outside, through the doors their users have. It must never reach into our
//! crates for behaviour, never bind anything but loopback, and never leave a process behind. It is blocking on
//! purpose: a test reads as a list of steps. Start with [`gateway`], which starts ours or the real
//! pushgateway, or with [`cluster`], a real Kubernetes control plane.

pub mod browser;
pub mod case;
pub mod chart;
pub mod cluster;
pub mod gateway;
pub mod helm;
pub mod http;
pub mod lifeline;
pub mod node;
pub mod npm;
pub mod parity;
pub mod peers;
pub mod process;
pub mod prometheus;
pub mod proxy;
pub mod python;
pub mod random;
pub mod state;
pub mod state_exporter;
pub mod wire;

use std::path::PathBuf;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.parent().map(PathBuf::from).unwrap_or(tests)
}
