//! The node exporters on this machine: what a scrape costs, beside a program that only does the reads.
//!
//! Both are started with the same collectors and scraped as Prometheus does: gzip, one kept connection, one after the
//! other. System calls are counted by strace, without those that only wait.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;
use promontory_tests::http::{Connection, Request};
use promontory_tests::node::{self, COLLECTORS, Which};
use promontory_tests::process::until;

use crate::limit::Limit;
use crate::measure;
use crate::table::Row;

/// Scrapes for the CPU and memory rows.
const SCRAPES: usize = 1_000;
/// Scrapes under strace.
const TRACED: usize = 20;
/// System calls that wait for somebody else and say nothing about the work of a scrape.
const WAITING: &[&str] = &[
    "futex",
    "epoll_wait",
    "epoll_pwait",
    "nanosleep",
    "clock_nanosleep",
    "poll",
    "ppoll",
    "sched_yield",
    "restart_syscall",
];

/// Every row about node exporters.
pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    eprintln!("node exporters: {SCRAPES} scrapes each …");
    let ours = Exporter::start(Which::Ours, folder)?;
    let real = Exporter::start(Which::Real, folder)?;
    let idle = (ours.memory()?, real.memory()?);
    let limit = limit(folder)?;
    // In turns, so that a slow minute of the machine meets both.
    let (mut mine, mut theirs, mut floor) = (0.0, 0.0, 0.0);
    for _ in 0..10 {
        mine += ours.cpu_of(SCRAPES / 10)?;
        theirs += real.cpu_of(SCRAPES / 10)?;
        floor += limit_cpu_of(&limit, SCRAPES / 10)?;
    }
    let after = (ours.memory()?, real.memory()?);
    let mut rows = vec![Row {
        measure: format!(
            "CPU a node scrape of {} collectors, gzip, ms",
            COLLECTORS.len()
        ),
        ours: mine / SCRAPES as f64 * 1e3,
        real: Some(theirs / SCRAPES as f64 * 1e3),
        limit: Some(floor / SCRAPES as f64 * 1e3),
        digits: 3,
    }];
    match (ours.system_calls(folder)?, real.system_calls(folder)?) {
        (Some(mine), Some(theirs)) => rows.push(Row {
            measure: "system calls a node scrape".to_owned(),
            ours: mine,
            real: Some(theirs),
            limit: Some(sources()?.len() as f64),
            digits: 0,
        }),
        _ => eprintln!("no strace: system calls are not counted"),
    }
    for (when, (mine, theirs)) in [("idle", idle), ("after 1,000 scrapes", after)] {
        rows.push(Row {
            measure: format!("resident memory of the node exporter, {when}, MiB"),
            ours: mine,
            real: Some(theirs),
            limit: None,
            digits: 1,
        });
    }
    Ok(rows)
}

/// A running node exporter.
struct Exporter(node::Exporter);

impl Exporter {
    fn start(which: Which, folder: &Path) -> Result<Self> {
        let texts = folder.join("textfiles");
        std::fs::create_dir_all(&texts)?;
        std::fs::write(
            texts.join("job.prom"),
            "# TYPE job_done gauge\njob_done 1\n",
        )?;
        let textfiles = format!("--collector.textfile.directory={}", texts.display());
        let mut flags = vec![textfiles, "--collector.disable-defaults".to_owned()];
        flags.extend(COLLECTORS.iter().map(|name| format!("--collector.{name}")));
        Ok(Self(node::Exporter::start(which, &flags, folder)?))
    }

    /// Scrapes `count` times over one connection.
    fn scrape(&self, count: usize) -> Result<()> {
        let request = Request::new("GET", "/metrics")
            .header("Accept-Encoding", "gzip")
            .header("Accept", "text/plain;version=0.0.4");
        let mut connection = Connection::open(self.0.address)?;
        for _ in 0..count {
            let answer = connection.send(&request)?;
            anyhow::ensure!(answer.status == 200, "a scrape got {}", answer.status);
        }
        Ok(())
    }

    /// Seconds of CPU for so many scrapes.
    fn cpu_of(&self, scrapes: usize) -> Result<f64> {
        let before = measure::cpu(self.0.process.pid())?;
        self.scrape(scrapes)?;
        Ok((measure::cpu(self.0.process.pid())? - before).as_secs_f64())
    }

    fn memory(&self) -> Result<f64> {
        Ok(measure::memory(self.0.process.pid())?.0 as f64 / f64::from(1 << 20))
    }

    /// System calls a scrape; `None` without strace.
    fn system_calls(&self, folder: &Path) -> Result<Option<f64>> {
        let report = folder.join(format!("strace-{}", self.0.process.pid()));
        let strace = Command::new("strace")
            .args(["-f", "-c", "-p", &self.0.process.pid().to_string(), "-o"])
            .arg(&report)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut strace) = strace else {
            return Ok(None);
        };
        let status = format!("/proc/{}/status", self.0.process.pid());
        until("strace to attach", || {
            let status = std::fs::read_to_string(&status).ok()?;
            let traced = !status.contains("TracerPid:\t0\n");
            traced.then_some(())
        })?;
        self.scrape(TRACED)?;
        promontory_tests::process::signal(strace.id(), "INT")?;
        strace.wait()?;
        let report = std::fs::read_to_string(&report)?;
        let calls: u64 = report.lines().filter_map(counted).sum();
        Ok(Some(calls as f64 / TRACED as f64))
    }
}

/// The calls in a line of strace's table, unless they only wait.
fn counted(line: &str) -> Option<u64> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let name = fields.last()?;
    // "% time, seconds, usecs/call, calls, [errors,] name"; the heading and the total have other words.
    let calls = fields.get(3)?.parse().ok()?;
    fields.first()?.parse::<f64>().ok()?;
    (!WAITING.contains(name) && *name != "total").then_some(calls)
}

/// The files that cannot be left out: each is read once a scrape, through a descriptor that stays open.
fn sources() -> Result<Vec<String>> {
    let mut paths: Vec<String> = [
        "/proc/stat",
        "/proc/diskstats",
        "/proc/1/mountinfo",
        "/proc/loadavg",
        "/proc/meminfo",
        // Stands for the dump of links over netlink.
        "/proc/net/dev",
        "/proc/net/netstat",
        "/proc/net/snmp",
        "/proc/net/snmp6",
        "/proc/pressure/cpu",
        "/proc/pressure/io",
        "/proc/pressure/memory",
        "/proc/sys/kernel/random/entropy_avail",
        "/proc/sys/kernel/random/poolsize",
        "/proc/vmstat",
        "/sys/devices/system/clocksource/clocksource0/current_clocksource",
    ]
    .map(str::to_owned)
    .into();
    paths.retain(|path| std::fs::read(path).is_ok());
    anyhow::ensure!(paths.len() > 5, "this machine shows too little of itself");
    Ok(paths)
}

/// The floor, started: a bare HTTP server that reads all sources once for each request.
fn limit(folder: &Path) -> Result<Limit> {
    let list = folder.join("sources");
    std::fs::write(&list, sources()?.join("\n"))?;
    Limit::start("reads", &list)
}

fn limit_cpu_of(limit: &Limit, rounds: usize) -> Result<f64> {
    let before = measure::cpu(limit.child.id())?;
    let mut connection = Connection::open(limit.address)?;
    let request = Request::new("GET", "/");
    for _ in 0..rounds {
        let answer = connection.send(&request)?;
        anyhow::ensure!(answer.status == 200, "the floor answered {}", answer.status);
    }
    Ok((measure::cpu(limit.child.id())? - before).as_secs_f64())
}
