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
    /// Flags for the linker: the version, where clients stumble over a missing one.
    pub ldflags: &'static str,
}

impl Peer {
    /// A peer that builds without tags and linker flags.
    const fn plain(name: &'static str, folder: &'static str, package: &'static str) -> Self {
        Self {
            name,
            folder,
            package,
            tags: "",
            ldflags: "",
        }
    }

    /// A program of Kubernetes itself, with its version stamped in.
    const fn kubernetes(name: &'static str, package: &'static str) -> Self {
        Self {
            ldflags: KUBERNETES_VERSION,
            ..Self::plain(name, "kubernetes", package)
        }
    }

    /// A program of Prometheus, with the tags above.
    const fn prometheus(name: &'static str, package: &'static str) -> Self {
        Self {
            tags: PROMETHEUS_TAGS,
            ..Self::plain(name, "prometheus", package)
        }
    }
}

/// Prometheus without most service discoveries: they double the build and no test needs them.
const PROMETHEUS_TAGS: &str = "remove_all_sd,enable_kubernetes_sd";

/// Without this, kubectl and the operator stumble over `v0.0.0-master`.
const KUBERNETES_VERSION: &str = "-X k8s.io/component-base/version.gitVersion=v1.36.2 \
    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36";

/// Every real program the tests use, quick builds first.
pub const PEERS: &[Peer] = &[
    Peer::plain(
        "pushgateway",
        "pushgateway",
        "github.com/prometheus/pushgateway",
    ),
    Peer::plain("expfmt", "expfmt", "."),
    Peer::plain("push", "push", "."),
    Peer::plain(
        "node_exporter",
        "node_exporter",
        "github.com/prometheus/node_exporter",
    ),
    Peer::plain("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
    Peer::kubernetes("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    Peer::kubernetes("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
    Peer::plain(
        "kube-state-metrics",
        "kube-state-metrics",
        "k8s.io/kube-state-metrics/v2",
    ),
    Peer::plain("helm", "helm", "helm.sh/helm/v4/cmd/helm"),
    Peer::prometheus(
        "prometheus",
        "github.com/prometheus/prometheus/cmd/prometheus",
    ),
    Peer::prometheus("promtool", "github.com/prometheus/prometheus/cmd/promtool"),
    Peer::kubernetes(
        "kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    ),
    Peer::plain(
        "operator",
        "operator",
        "github.com/prometheus-operator/prometheus-operator/cmd/operator",
    ),
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
        if !peer.ldflags.is_empty() {
            go.arg(format!("-ldflags={}", peer.ldflags));
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
    (peer.package, peer.tags, peer.ldflags).hash(&mut hash);
    for file in files {
        file.file_name().hash(&mut hash);
        fs::read(&file)?.hash(&mut hash);
    }
    Ok(hash.finish())
}
