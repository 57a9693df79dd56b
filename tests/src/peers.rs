//! The real programs we compare with: pinned in `tests/peers/FOLDER`, built once into the user's cache.
//!
//! A peer is a row in [`PEERS`]. Its cache folder carries a hash of everything that decides the binary, so a changed
//! pin builds anew and an unchanged one costs nothing. Concurrent builders wait for each other on a lock file. The
//! sources come from the Go module proxy through an ordinary `go build`; nothing is fetched another way.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// One real program: where it is pinned and what to build.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The name of the binary in the cache.
    pub name: &'static str,
    /// The folder below `tests/peers` with its `go.mod`.
    pub folder: &'static str,
    /// The Go package to build; `.` for a program of our own.
    pub package: &'static str,
    /// Build tags, comma separated.
    pub tags: &'static str,
}

/// Prometheus without most service discoveries: they double the build and no test needs them.
const PROMETHEUS_TAGS: &str = "remove_all_sd,enable_kubernetes_sd";

/// Every real program the tests use.
pub const PEERS: &[Peer] = &[
    Peer {
        name: "pushgateway",
        folder: "pushgateway",
        package: "github.com/prometheus/pushgateway",
        tags: "",
    },
    Peer {
        name: "prometheus",
        folder: "prometheus",
        package: "github.com/prometheus/prometheus/cmd/prometheus",
        tags: PROMETHEUS_TAGS,
    },
    Peer {
        name: "promtool",
        folder: "prometheus",
        package: "github.com/prometheus/prometheus/cmd/promtool",
        tags: PROMETHEUS_TAGS,
    },
    Peer {
        name: "expfmt",
        folder: "expfmt",
        package: ".",
        tags: "",
    },
];

/// The binary of the peer called `name`, built now if it is not in the cache.
///
/// # Errors
/// If the name is not in [`PEERS`], `go` is missing, or the build fails.
pub fn program(name: &str) -> Result<PathBuf> {
    let peer = PEERS
        .iter()
        .find(|peer| peer.name == name)
        .with_context(|| format!("no real program called {name:?} in tests/src/peers.rs"))?;
    build(peer)
}

/// Where everything fetched or built from outside is kept: `${XDG_CACHE_HOME:-~/.cache}/promontory`.
///
/// # Errors
/// If neither variable is set, or the folder cannot be made.
pub fn cache() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(
            std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?,
        )
        .join(".cache"),
    };
    let folder = base.join("promontory");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Runs `make` once per `folder` of the cache, with other processes waiting for the first.
///
/// `make` gets the folder and must leave the thing whole; a file `done` marks success.
///
/// # Errors
/// If the folder cannot be made or `make` fails.
pub fn once(name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = cache()?.join(name);
    fs::create_dir_all(&folder)?;
    let done = folder.join("done");
    if done.exists() {
        return Ok(folder);
    }
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    if !done.exists() {
        make(&folder)?;
        fs::write(&done, "")?;
    }
    Ok(folder)
}

fn build(peer: &Peer) -> Result<PathBuf> {
    let source = crate::root().join("tests/peers").join(peer.folder);
    let key = format!("peers/{}-{:016x}", peer.name, fingerprint(peer, &source)?);
    let folder = once(&key, |folder| {
        eprintln!(
            "Building the real {} (once; kept in {}).",
            peer.name,
            folder.display()
        );
        let mut go = Command::new("go");
        go.current_dir(&source).args(["build", "-v", "-trimpath"]);
        if !peer.tags.is_empty() {
            go.arg(format!("-tags={}", peer.tags));
        }
        go.arg("-o").arg(folder.join(peer.name)).arg(peer.package);
        watch(go).with_context(|| format!("go build {} in {}", peer.package, source.display()))
    })?;
    Ok(folder.join(peer.name))
}

/// Runs `go build -v` and says from time to time how far it is: it names each module and package on a line.
fn watch(mut go: Command) -> Result<()> {
    let mut child = go
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run `go`: install Go 1.26 or newer")?;
    let (mut modules, mut packages) = (0, 0);
    let mut said = Vec::new();
    for line in BufReader::new(child.stderr.take().context("no stderr")?).lines() {
        let line = line?;
        if line.starts_with("go: downloading ") {
            modules += 1;
        } else {
            packages += 1;
            if packages % 200 == 0 {
                eprintln!("      {modules} modules fetched, {packages} packages compiled");
            }
        }
        said.push(line);
    }
    let status = child.wait()?;
    let last = said.len().saturating_sub(30);
    ensure!(status.success(), "{status}:\n{}", said[last..].join("\n"));
    Ok(())
}

/// A hash of all that decides the binary: the sources and pins in the folder, and the command.
fn fingerprint(peer: &Peer, source: &Path) -> Result<u64> {
    let mut files: Vec<PathBuf> = fs::read_dir(source)
        .with_context(|| format!("no folder {}", source.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|path| path.is_file());
    files.sort();
    let mut hash = DefaultHasher::new();
    (peer.package, peer.tags).hash(&mut hash);
    for file in files {
        file.file_name().hash(&mut hash);
        fs::read(&file)?.hash(&mut hash);
    }
    Ok(hash.finish())
}
