//! `make up`: the three programs and a real Prometheus on this machine, and the proof that they work together.
//!
//! Each program is started with the arguments that the Helm chart gives it (`promontory_tests::chart` lists what a laptop
//! needs otherwise). A batch job pushes with the official Python client, the pushgateway dies by SIGKILL and comes back, and
//! Prometheus is asked for all of it: what was pushed, this machine, and the objects of an API server. That last part
//! (`kubernetes.rs`) is prepared beside the rest and joins when it is ready. Then everything stays until Ctrl-C; `--once`
//! ends after the check with exit status 0 or 1. Everything listens on 127.0.0.1 only; all data lies in `data/up`, or
//! in the folder of `--data`.

mod batch;
mod kubernetes;
mod program;
mod running;
mod screen;

use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use promontory_tests::chart::{KUBE_STATE_EXPORTER, NODE_EXPORTER, PUSHGATEWAY};
use promontory_tests::helm::Render;
use promontory_tests::process::Process;
use promontory_tests::prometheus::{Prometheus, Protocol, Target};
use promontory_tests::{peers, python, root};

use kubernetes::Kubernetes;
use program::Started;
use running::{free_port_from, started};
use screen::{say, step};

fn main() -> ExitCode {
    let mut once = false;
    let mut folder = root().join("data/up");
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            None if argument == "--once" => once = true,
            Some(("--data", path)) => folder = path.into(),
            _ => {
                eprintln!(
                    "up knows --once and --data=FOLDER, not {argument}. Run it by `make up` or `make up ARGS=--once`."
                );
                return ExitCode::FAILURE;
            }
        }
    }
    match running::stop_on_signal().and_then(|()| story(once, &folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nIt did not work: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Where everything listens, decided at the beginning: Prometheus is told once, whoever comes later.
struct Ports {
    pushgateway: u16,
    node: u16,
    kube: u16,
    telemetry: u16,
    prometheus: u16,
}

impl Ports {
    fn find() -> Result<Self> {
        let kube = free_port_from(8080)?;
        Ok(Self {
            pushgateway: free_port_from(9091)?,
            node: free_port_from(9100)?,
            kube,
            telemetry: free_port_from(kube + 1)?,
            prometheus: free_port_from(9090)?,
        })
    }
}

fn story(once: bool, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    // Some of the programs run in it, where a relative path would be another one.
    let folder = &folder.canonicalize()?;
    let ports = Ports::find()?;

    step(
        "Getting the real Prometheus, Helm and the Python client (built or fetched the first time: some minutes)",
    );
    peers::program("prometheus")?;
    peers::program("helm")?;
    python::interpreter()?;
    step("Reading the programs' arguments from the chart");
    let chart = Render::default().documents()?;
    let program = |program, port| Started::new(program, &chart, folder, port, &[]);
    let pushgateway = program(&PUSHGATEWAY, ports.pushgateway)?;
    let node = program(&NODE_EXPORTER, ports.node)?;
    screen::explain(&[&PUSHGATEWAY, &NODE_EXPORTER, &KUBE_STATE_EXPORTER]);
    // From here on beside everything else.
    let kubernetes = Kubernetes::prepare(folder, chart, ports.kube, ports.telemetry)?;

    step("Starting the pushgateway and the node exporter");
    let mut gateway = start_pushgateway(&pushgateway)?;
    let _node = started(|| node.start("/"), Process::pid)?;

    step("Starting Prometheus, which scrapes them every half second");
    let prometheus = started(
        || Prometheus::start_on(ports.prometheus, folder, &targets(&ports)),
        |prometheus| prometheus.process.pid(),
    )?;

    step("Pushing from Python, as a backup job would at its end");
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    batch::push(pushgateway.address(), now)?;
    batch::answers(&prometheus, now)?;
    step("Asking for this machine");
    machine(&prometheus)?;

    step(&format!(
        "kill -9 {}, and start the pushgateway again",
        gateway.pid()
    ));
    gateway.kill9()?;
    prometheus.expect("up{job=\"pushgateway\"}", 0.0)?;
    say("Prometheus sees it gone: up = 0");
    let _gateway = start_pushgateway(&pushgateway)?;
    step("Asking again: what was pushed is still there");
    batch::answers(&prometheus, now)?;
    screen::addresses(&ports, folder);

    step("Waiting for the objects of Kubernetes");
    let _kubernetes = kubernetes.join(&prometheus)?;
    println!("\nIt works.");
    if once {
        return Ok(());
    }
    println!("\nCtrl-C stops everything.");
    loop {
        std::thread::park();
    }
}

fn start_pushgateway(program: &Started) -> Result<Process> {
    started(|| program.start("/-/ready"), Process::pid)
}

/// What Prometheus scrapes: the three programs, and the kube-state exporter's words about itself.
fn targets(ports: &Ports) -> [Target; 4] {
    let target = |job: &str, port, protocol| Target {
        job: job.to_owned(),
        address: ([127, 0, 0, 1], port).into(),
        protocol,
    };
    [
        target(PUSHGATEWAY.name, ports.pushgateway, Protocol::Protobuf),
        target(NODE_EXPORTER.name, ports.node, Protocol::Text),
        target(KUBE_STATE_EXPORTER.name, ports.kube, Protocol::Text),
        target(
            "kube-state-exporter-telemetry",
            ports.telemetry,
            Protocol::Text,
        ),
    ]
}

/// Asks Prometheus for this machine: its memory is what the kernel tells us as well.
fn machine(prometheus: &Prometheus) -> Result<()> {
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let kilobytes: f64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB"))
        .context("no MemTotal in /proc/meminfo")?
        .parse()?;
    for (promql, value) in [
        ("up{job=\"node-exporter\"}", 1.0),
        ("node_memory_MemTotal_bytes", kilobytes * 1024.0),
        ("count(node_uname_info)", 1.0),
        (
            "min(node_scrape_collector_success{collector=~\"cpu|meminfo|netdev|stat\"})",
            1.0,
        ),
    ] {
        prometheus.expect(promql, value)?;
        say(&format!("{promql} = {value}"));
    }
    Ok(())
}
