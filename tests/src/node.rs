//! The node exporter, ours or the real one: started with the same flags on the same tree, scraped the same way.
//!
//! [`trees`] writes machines that never were, out of [`tree`]; [`page`] says what of a page may move between two reads;
//! [`parity`] puts both programs side by side and holds every difference against one list.

pub mod page;
pub mod parity;
pub mod textfiles;
pub mod tree;
pub mod trees;

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Result, ensure};

pub use crate::gateway::Which;

use crate::http::{Request, Response};
use crate::process::{Process, free_port};

/// The collectors that ours has.
pub const COLLECTORS: [&str; 15] = [
    "cpu",
    "diskstats",
    "entropy",
    "filesystem",
    "loadavg",
    "meminfo",
    "netdev",
    "netstat",
    "os",
    "pressure",
    "stat",
    "textfile",
    "time",
    "uname",
    "vmstat",
];

/// The path of the binary; the real one is built on first use.
///
/// # Errors
/// If it is not there and cannot be built.
pub fn program(which: Which) -> Result<PathBuf> {
    match which {
        Which::Ours => crate::gateway::ours("node-exporter"),
        Which::Real => crate::peers::program("node_exporter"),
    }
}

/// A running node exporter; it is killed when this goes.
#[derive(Debug)]
pub struct Exporter {
    /// The process, for signals and its log.
    pub process: Process,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Exporter {
    /// Starts the program on a free port and waits until it answers. `folder` receives its log and is its working
    /// directory.
    ///
    /// # Errors
    /// If it cannot be found, built or started; the message holds its log.
    pub fn start(which: Which, flags: &[String], folder: &Path) -> Result<Self> {
        Self::start_with(Command::new(program(which)?), &[], flags, folder)
    }

    /// The same as another user, with a copy of the program that this user can reach.
    ///
    /// # Errors
    /// As [`Self::start`], or if we may not become another user.
    pub fn start_as(which: Which, uid: u32, flags: &[String], folder: &Path) -> Result<Self> {
        let copy = folder.join(format!("{which:?}").to_lowercase());
        if !copy.exists() {
            std::fs::copy(program(which)?, &copy)?;
        }
        let mut command = Command::new(&copy);
        command.uid(uid).gid(uid);
        Self::start_with(command, &[], flags, folder)
    }

    /// The same through another command, such as `unshare`; `before` are its arguments in front of ours.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(
        mut command: Command,
        before: &[String],
        flags: &[String],
        folder: &Path,
    ) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        command
            .args(before)
            .arg(format!("--web.listen-address={address}"))
            .args(flags)
            .env_remove("GOMAXPROCS")
            .current_dir(folder);
        let log = folder.join(format!("{}.log", address.port()));
        let mut process = Process::start(command, &log)?;
        // Any answer will do: with `--web.telemetry-path=/` this is a scrape, otherwise a page for people.
        let ready = Request::new("GET", "/");
        process.wait_ready(|| ready.send(address).is_ok())?;
        Ok(Self { process, address })
    }

    /// Asks for a path below the metrics, with header lines.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Response> {
        let request = Request::new("GET", path);
        let add = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        headers.iter().fold(request, add).send(self.address)
    }

    /// Scrapes `/metrics` as text; `query` begins with a question mark or is empty.
    ///
    /// # Errors
    /// If there is no answer with status 200.
    pub fn scrape(&self, query: &str) -> Result<String> {
        let response = self.get(&format!("/metrics{query}"), &[])?;
        let status = response.status;
        ensure!(
            status == 200,
            "scrape answered {status}: {}",
            response.text()
        );
        Ok(response.text())
    }
}

/// Runs the program until it ends by itself: with flags that it refuses, or `--help`. Gives its status and all it
/// printed.
///
/// # Errors
/// If it cannot be started, or does not end.
pub fn run(which: Which, flags: &[String], folder: &Path) -> Result<(ExitStatus, String)> {
    let log = tempfile::NamedTempFile::new_in(folder)?;
    let mut command = Command::new(program(which)?);
    command
        .args(flags)
        .env_remove("GOMAXPROCS")
        .current_dir(folder);
    let mut process = Process::start(command, log.path())?;
    let status = process.wait()?;
    Ok((status, process.log()))
}
