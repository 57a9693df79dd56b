//! A running pushgateway, ours or the real one, on a port of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::http::{Request, Response};
use crate::process::{Process, free_port};

/// Which of the two programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one of this repository.
    Ours,
    /// The pinned real one.
    Real,
}

impl Which {
    /// The path of the binary; the real one is built on first use.
    ///
    /// # Errors
    /// If it is not there and cannot be built.
    pub fn program(self) -> Result<PathBuf> {
        match self {
            Self::Real => crate::peers::program("pushgateway"),
            Self::Ours => ours("pushgateway"),
        }
    }
}

/// The path of a program of this workspace, as `cargo build` left it beside the running test.
///
/// `PROMONTORY_<NAME>` in the environment names another binary, for example a release build or the real program (then
/// the suite compares it with itself and must find nothing).
///
/// # Errors
/// If it was not built yet.
pub fn ours(name: &str) -> Result<PathBuf> {
    let variable = format!("PROMONTORY_{}", name.to_uppercase().replace('-', "_"));
    if let Some(path) = std::env::var_os(&variable) {
        return Ok(PathBuf::from(path));
    }
    let test = std::env::current_exe()?;
    let path = test
        .ancestors()
        .find(|folder| folder.ends_with("debug") || folder.ends_with("release"))
        .map(|folder| folder.join(name))
        .filter(|path| path.exists());
    path.with_context(|| {
        format!("no binary {name}: run `cargo build -p {name}` first (make test does)")
    })
}

/// A running pushgateway; it is killed when this goes.
#[derive(Debug)]
pub struct Gateway {
    /// The process, for signals and its log.
    pub process: Process,
    /// Where it listens.
    pub address: SocketAddr,
    /// What every path begins with (`--web.route-prefix`), without a trailing slash.
    pub prefix: String,
}

impl Gateway {
    /// Starts the program on a free port and waits until it is ready. `folder` receives its log.
    ///
    /// # Errors
    /// If it cannot be found, built or started.
    pub fn start(which: Which, flags: &[String], folder: &Path) -> Result<Self> {
        let mut attempt = Self::start_on(which, free_port()?, flags, folder);
        for _ in 0..2 {
            if attempt.is_ok() {
                break;
            }
            // Another process may have taken the port between our asking and our use of it.
            attempt = Self::start_on(which, free_port()?, flags, folder);
        }
        attempt
    }

    /// Starts the program on the given port of 127.0.0.1 and waits until it is ready.
    ///
    /// # Errors
    /// If it cannot be found, built or started.
    pub fn start_on(which: Which, port: u16, flags: &[String], folder: &Path) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let log = folder.join(format!("{which:?}-{port}.log").to_lowercase());
        let mut command = Command::new(which.program()?);
        command
            .arg(format!("--web.listen-address={address}"))
            .args(flags)
            .current_dir(folder);
        Self::run(command, address, prefix(flags), &log)
    }

    fn run(command: Command, address: SocketAddr, prefix: String, log: &Path) -> Result<Self> {
        let mut process = Process::start(command, log)?;
        let ready = Request::new("GET", format!("{prefix}/-/ready"));
        process.wait_ready(|| {
            ready
                .send(address)
                // Behind a password the answer is 401, which says that it is up as well.
                .is_ok_and(|response| matches!(response.status, 200 | 401))
        })?;
        Ok(Self {
            process,
            address,
            prefix,
        })
    }

    /// Starts ours with the file `held.db` in `folder`, so that it meets a limit on the size of files as an error, as of a
    /// full disk, and not as the signal that ends a program; see [`limit_files`](Self::limit_files).
    ///
    /// # Errors
    /// If it cannot be found, built or started.
    pub fn start_limitable(folder: &Path) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(Which::Ours.program()?)
            .arg(format!("--web.listen-address={address}"))
            .arg("--persistence.file=held.db")
            .current_dir(folder);
        Self::run(command, address, String::new(), &folder.join("gateway.log"))
    }

    /// How long files may be that it writes; `unlimited` takes the limit away.
    ///
    /// # Errors
    /// If the limit cannot be set.
    pub fn limit_files(&self, bytes: &str) -> Result<()> {
        let mut command = Command::new("prlimit");
        let pid = self.process.pid().to_string();
        command.args(["--pid", &pid, &format!("--fsize={bytes}:")]);
        ensure!(command.status()?.success(), "prlimit failed");
        Ok(())
    }

    /// Sends one request on a connection of its own.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn send(&self, request: &Request) -> Result<Response> {
        request.send(self.address)
    }

    /// Pushes text with the given method to a path below the prefix and returns the status.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn push(&self, method: &str, path: &str, body: &str) -> Result<u16> {
        let path = format!("{}{path}", self.prefix);
        Ok(self.send(&Request::new(method, path).body(body))?.status)
    }

    /// Scrapes `/metrics` as text.
    ///
    /// # Errors
    /// If there is no answer with status 200.
    pub fn scrape(&self) -> Result<String> {
        let response = self.send(&Request::new("GET", format!("{}/metrics", self.prefix)))?;
        anyhow::ensure!(
            response.status == 200,
            "scrape answered {}: {}",
            response.status,
            response.text()
        );
        Ok(response.text())
    }
}

/// The route prefix a list of flags asks for, as both programs normalise it.
fn prefix(flags: &[String]) -> String {
    let path = |flag: &str| {
        flags
            .iter()
            .find_map(|given| given.strip_prefix(flag).map(str::to_owned))
    };
    let given = path("--web.route-prefix=").or_else(|| {
        path("--web.external-url=").map(|url| {
            let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            rest.split_once('/')
                .map_or(String::new(), |(_, path)| path.to_owned())
        })
    });
    let trimmed = given.as_deref().unwrap_or_default().trim_matches('/');
    if trimmed.is_empty() {
        String::new()
    } else {
        format!("/{trimmed}")
    }
}
