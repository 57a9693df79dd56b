//! The part with Kubernetes: an API server with objects in it, and the kube-state exporter that watches it.
//!
//! The API server is a throw-away one (etcd and kube-apiserver as processes), whose programs take minutes to build the
//! first time; so all of this happens on a thread of its own. With `KUBECONFIG` in the environment it is the user's, and
//! nothing is written to it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow};
use promontory_tests::chart::KUBE_STATE_EXPORTER;
use promontory_tests::cluster::Cluster;
use promontory_tests::process::Process;
use promontory_tests::prometheus::Prometheus;
use promontory_tests::{peers, root};
use serde_json::Value;

use crate::program::Started;
use crate::running::{note_throwaway, started};
use crate::screen::{aside, say};

/// The programs of the throw-away API server.
const PROGRAMS: [&str; 3] = ["etcd", "kube-apiserver", "kubectl"];
/// PromQL and what it answers for the objects in `tests/fixtures/up/objects.yaml`.
const OURS: [(&str, f64); 6] = [
    ("up{job=\"kube-state-exporter\"}", 1.0),
    (
        "kube_node_status_condition{node=\"worker-1\",condition=\"Ready\",status=\"true\"}",
        1.0,
    ),
    (
        "sum(kube_pod_status_phase{namespace=\"shop\",phase=\"Running\"})",
        2.0,
    ),
    (
        "kube_deployment_spec_replicas{namespace=\"shop\",deployment=\"web\"}",
        2.0,
    ),
    (
        "kube_pod_container_resource_requests{container=\"web\",pod=\"web-1\",resource=\"cpu\"}",
        0.25,
    ),
    (
        "count(kube_cronjob_info{namespace=\"shop\",cronjob=\"backup\"})",
        1.0,
    ),
];
/// The same for any cluster: it has namespaces.
const ANY: [(&str, f64); 2] = [
    ("up{job=\"kube-state-exporter\"}", 1.0),
    (
        "kube_namespace_status_phase{namespace=\"kube-system\",phase=\"Active\"}",
        1.0,
    ),
];

/// The part while it is prepared.
pub(crate) struct Kubernetes {
    thread: JoinHandle<Result<Joined>>,
    questions: &'static [(&'static str, f64)],
}

/// What runs once it is there; it ends when this goes.
pub(crate) struct Joined {
    _exporter: Process,
    _cluster: Option<Cluster>,
}

/// What the exporter's arguments are made of.
struct Plan {
    folder: PathBuf,
    chart: Vec<Value>,
    port: u16,
    telemetry: u16,
}

impl Kubernetes {
    /// Begins with it, on a thread of its own.
    ///
    /// # Errors
    /// If `KUBECONFIG` is set and names no file.
    pub(crate) fn prepare(
        folder: &Path,
        chart: Vec<Value>,
        port: u16,
        telemetry: u16,
    ) -> Result<Self> {
        let plan = Plan {
            folder: folder.to_path_buf(),
            chart,
            port,
            telemetry,
        };
        let theirs = std::env::var_os("KUBECONFIG").filter(|paths| !paths.is_empty());
        let theirs = theirs.map(|paths| first_file(&paths)).transpose()?;
        let questions = if theirs.is_some() {
            &ANY[..]
        } else {
            &OURS[..]
        };
        let thread = std::thread::spawn(move || match theirs {
            Some(kubeconfig) => {
                aside(&format!("Using {}, only reading", kubeconfig.display()));
                plan.join(&kubeconfig, None)
            }
            None => {
                let cluster = throwaway(&plan.folder.join("kubernetes"))?;
                let kubeconfig = cluster.kubeconfig();
                plan.join(&kubeconfig, Some(cluster))
            }
        });
        Ok(Self { thread, questions })
    }

    /// Waits until it is there and Prometheus has its objects.
    pub(crate) fn join(self, prometheus: &Prometheus) -> Result<Joined> {
        let joined = self.thread.join();
        let joined = joined.map_err(|_| anyhow!("the thread of Kubernetes panicked"))??;
        for (promql, value) in self.questions {
            prometheus.expect(promql, *value)?;
            say(&format!("{promql} = {value}"));
        }
        Ok(joined)
    }
}

/// Starts an API server of our own and puts objects into it.
fn throwaway(folder: &Path) -> Result<Cluster> {
    aside("Getting etcd, kube-apiserver and kubectl (built the first time: some minutes)");
    for program in PROGRAMS {
        peers::program(program)?;
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    aside("Starting a throw-away API server");
    let cluster = Cluster::start_in(folder)?;
    for pid in cluster.pids() {
        note_throwaway(pid);
    }
    let objects = root().join("tests/fixtures/up/objects.yaml");
    let objects =
        std::fs::read_to_string(&objects).with_context(|| objects.display().to_string())?;
    cluster.apply(&objects)?;
    cluster.apply_status(&objects)?;
    aside(&format!("It holds a few objects: {}", cluster.url()));
    Ok(cluster)
}

impl Plan {
    /// Starts the exporter and waits until it has read everything.
    fn join(&self, kubeconfig: &Path, cluster: Option<Cluster>) -> Result<Joined> {
        aside("Starting the kube-state exporter");
        let words = [
            ("telemetry", self.telemetry.to_string()),
            ("kubeconfig", kubeconfig.display().to_string()),
        ];
        let program = &KUBE_STATE_EXPORTER;
        let exporter = Started::new(program, &self.chart, &self.folder, self.port, &words)?;
        // 503 until it has read everything.
        let exporter = started(|| exporter.start("/metrics"), Process::pid)?;
        aside("It has read everything");
        Ok(Joined {
            _exporter: exporter,
            _cluster: cluster,
        })
    }
}

/// The first file of a `KUBECONFIG`, which may name several with colons between them.
fn first_file(paths: &OsStr) -> Result<PathBuf> {
    let file = std::env::split_paths(paths).find(|path| path.is_file());
    file.with_context(|| format!("KUBECONFIG={} names no file", paths.display()))
}
