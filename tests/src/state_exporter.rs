//! A running kube-state exporter, ours or the real one, on two ports of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::gateway::{Which, ours};
use crate::http::{Request, Response};
use crate::peers;
use crate::process::{Process, free_port};

macro_rules! resources {
    ($first:literal $($name:literal)*) => {
        /// The resources that ours has, by name.
        pub const RESOURCES: &[&str] = &[$first, $($name),*];
        /// The flag that asks either program for these and no others.
        pub const EVERY: &str = concat!("--resources=", $first, $(",", $name),*);
    };
}

resources! {
    "cronjobs" "daemonsets" "deployments" "jobs" "namespaces" "nodes" "pods" "replicasets" "services"
    "statefulsets"
}

/// A running kube-state exporter; it is killed when this goes.
#[derive(Debug)]
pub struct StateExporter {
    /// The process, for signals and its log.
    pub process: Process,
    /// Where it shows objects.
    pub address: SocketAddr,
    /// Where it shows itself.
    pub telemetry: SocketAddr,
}

impl StateExporter {
    /// Starts the program on free ports and waits until it listens; it need not have read anything. `folder` receives
    /// its log.
    ///
    /// # Errors
    /// If it cannot be found, built or started.
    pub fn start(which: Which, kubeconfig: &Path, flags: &[&str], folder: &Path) -> Result<Self> {
        let [address, telemetry] =
            [free_port()?, free_port()?].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let mut command = Command::new(program(which)?);
        command
            .arg(format!("--kubeconfig={}", kubeconfig.display()))
            .args(["--host=127.0.0.1", "--telemetry-host=127.0.0.1"])
            .arg(format!("--port={}", address.port()))
            .arg(format!("--telemetry-port={}", telemetry.port()))
            .args(flags)
            .current_dir(folder);
        let log = folder.join(format!("{which:?}-{}.log", address.port()).to_lowercase());
        let mut process = Process::start(command, &log)?;
        let listens = |address| Request::new("GET", "/").send(address).is_ok();
        process.wait_ready(|| listens(address) && listens(telemetry))?;
        Ok(Self {
            process,
            address,
            telemetry,
        })
    }

    /// Asks for a path of the main site, with an `Accept` header.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn get(&self, path: &str, accept: &str) -> Result<Response> {
        let request = Request::new("GET", path).header("Accept", accept);
        request.send(self.address).context("no answer")
    }
}

/// The binary of either program.
///
/// # Errors
/// If it is not there and cannot be built.
pub fn program(which: Which) -> Result<PathBuf> {
    match which {
        Which::Ours => ours("kube-state-exporter"),
        Which::Real => peers::program("kube-state-metrics"),
    }
}
