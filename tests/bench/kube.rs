//! The kube-state exporters on one real API server: what it costs to follow it, and to be scraped.
//!
//! The cluster has 2,000 pods with the objects around them. Both programs get the same resources. A program has
//! synchronised when it shows every pod and its CPU clock stands still.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use promontory_tests::cluster::Cluster;
use promontory_tests::gateway::Which;
use promontory_tests::http::{Connection, Request, Response};
use promontory_tests::peers;
use promontory_tests::process::{Process, free_port, until};
use promontory_tests::state_exporter::{EVERY, StateExporter};

use crate::limit::Limit;
use crate::table::Row;
use crate::{measure, objects};

/// Scrapes of each kind.
const SCRAPES: usize = 20;

/// Every row about kube-state exporters.
pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    eprintln!(
        "kube-state exporters: filling a real API server with {} pods …",
        objects::PODS
    );
    let cluster = Cluster::start()?;
    let proxy = Proxy::start(&cluster, folder)?;
    objects::fill(proxy.address)?;
    let fetched = fetch(&proxy, folder)?;

    eprintln!("synchronising and scraping …");
    let real = Exporter::start(Which::Real, &cluster, folder)?;
    let ours = Exporter::start(Which::Ours, &cluster, folder)?;
    let (mine, my_peak) = ours.synchronised()?;
    let (theirs, their_peak) = real.synchronised()?;
    let mut rows = vec![
        row(
            "CPU to synchronise, ms",
            mine * 1e3,
            theirs * 1e3,
            Some(fetched * 1e3),
            0,
        ),
        row("peak memory after it, MiB", my_peak, their_peak, None, 1),
    ];

    let page = folder.join("kube-page");
    std::fs::write(&page, ours.scrape(1, false)?.body)?;
    let compressed = folder.join("kube-page-gzip");
    std::fs::write(&compressed, ours.scrape(1, true)?.body)?;
    for (what, gzip, page) in [
        ("CPU a plain scrape, ms", false, &page),
        ("CPU a gzip scrape, nothing new, ms", true, &compressed),
    ] {
        real.scrape(1, gzip)?;
        ours.scrape(1, gzip)?;
        let limit = Limit::start("page", page)?;
        let (mine, theirs) = (ours.cpu_of(gzip)?, real.cpu_of(gzip)?);
        let floor = cpu_of(limit.child.id(), limit.address, gzip)?;
        rows.push(row(what, mine * 1e3, theirs * 1e3, Some(floor * 1e3), 2));
    }
    rows.push(row(
        "peak memory at the end, MiB",
        ours.memory()?,
        real.memory()?,
        None,
        1,
    ));
    Ok(rows)
}

fn row(what: &str, ours: f64, real: f64, limit: Option<f64>, digits: usize) -> Row {
    Row {
        measure: format!("kube-state, {} pods: {what}", objects::PODS),
        ours,
        real: Some(real),
        limit,
        digits,
    }
}

/// CPU seconds of a program that only fetches what there is to follow and looks for line ends.
fn fetch(proxy: &Proxy, folder: &Path) -> Result<f64> {
    let list = folder.join("fetch");
    let urls = [
        "/api/v1/pods",
        "/api/v1/nodes",
        "/api/v1/namespaces",
        "/api/v1/services",
    ];
    let apps = ["deployments", "replicasets", "statefulsets", "daemonsets"];
    let apps = apps.map(|name| format!("/apis/apps/v1/{name}"));
    let paths: Vec<String> = urls.iter().map(|&url| url.to_owned()).chain(apps).collect();
    std::fs::write(&list, format!("{}\n{}", proxy.address, paths.join("\n")))?;
    let before = measure::children_cpu()?;
    let status = Command::new(std::env::current_exe()?)
        .args(["limit", "fetch"])
        .arg(&list)
        .status()?;
    ensure!(status.success(), "the fetching limit ended with {status}");
    Ok((measure::children_cpu()? - before).as_secs_f64())
}

/// `kubectl proxy`: the API server over plain HTTP on loopback.
struct Proxy {
    _process: Process,
    address: SocketAddr,
}

impl Proxy {
    fn start(cluster: &Cluster, folder: &Path) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let mut command = Command::new(peers::program("kubectl")?);
        command
            .arg(format!("--kubeconfig={}", cluster.kubeconfig().display()))
            .args(["proxy", &format!("--port={}", address.port())]);
        let mut process = Process::start(command, &folder.join("kubectl-proxy.log"))?;
        let ready = Request::new("GET", "/readyz");
        process.wait_ready(|| ready.send(address).is_ok_and(|answer| answer.status == 200))?;
        Ok(Self {
            _process: process,
            address,
        })
    }
}

/// A running kube-state exporter.
struct Exporter(StateExporter);

impl Exporter {
    fn start(which: Which, cluster: &Cluster, folder: &Path) -> Result<Self> {
        let flags = [EVERY, "--enable-gzip-encoding"];
        let exporter = StateExporter::start(which, &cluster.kubeconfig(), &flags, folder)?;
        Ok(Self(exporter))
    }

    /// CPU seconds until every pod is shown and the clock stands still, and the highest memory in MiB.
    fn synchronised(&self) -> Result<(f64, f64)> {
        let mut last = Duration::ZERO;
        let spent = until("the exporter to be idle", || {
            std::thread::sleep(Duration::from_millis(700));
            let now = measure::cpu(self.0.process.pid()).ok()?;
            let idle = now == last && now > Duration::from_millis(30);
            last = now;
            idle.then_some(now)
        })?;
        let peak = self.memory()?;
        let shown = self.scrape(1, false)?.text();
        let pods = shown
            .lines()
            .filter(|line| line.starts_with("kube_pod_info{"))
            .count();
        ensure!(
            pods == objects::PODS,
            "{pods} of {} pods are shown",
            objects::PODS
        );
        Ok((spent.as_secs_f64(), peak))
    }

    fn scrape(&self, count: usize, gzip: bool) -> Result<Response> {
        scrape(self.0.address, count, gzip)
    }

    fn cpu_of(&self, gzip: bool) -> Result<f64> {
        cpu_of(self.0.process.pid(), self.0.address, gzip)
    }

    fn memory(&self) -> Result<f64> {
        Ok(measure::memory(self.0.process.pid())?.1 as f64 / f64::from(1 << 20))
    }
}

/// CPU seconds a scrape.
fn cpu_of(pid: u32, address: SocketAddr, gzip: bool) -> Result<f64> {
    let before = measure::cpu(pid)?;
    scrape(address, SCRAPES, gzip)?;
    Ok((measure::cpu(pid)? - before).as_secs_f64() / SCRAPES as f64)
}

/// Scrapes over one connection; the last answer.
fn scrape(address: SocketAddr, count: usize, gzip: bool) -> Result<Response> {
    let mut request = Request::new("GET", "/metrics");
    if gzip {
        request = request.header("Accept-Encoding", "gzip");
    }
    let mut connection = Connection::open(address)?;
    let mut last = None;
    for _ in 0..count {
        let answer = connection.send(&request)?;
        ensure!(
            answer.status == 200,
            "a scrape got {}: {}",
            answer.status,
            answer.text()
        );
        last = Some(answer);
    }
    last.context("no scrape was asked for")
}
