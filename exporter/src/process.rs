//! The process's own metrics, under the names and help texts of client_golang, and its build (`process/build.rs`).
//!
//! What cannot be read is left out, as client_golang leaves it out; a metric is never guessed.

mod build;

use std::fs;

use procfs::process::{LimitValue, Process as Proc};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::{Header, Kind};

pub use build::{Build, BuildInfo};

use crate::collector::{CollectError, Collector};

/// `process_*` of this process, from `/proc/self`. Writes nothing where there is no `/proc`.
#[derive(Debug, Default)]
pub struct Process;

impl Collector for Process {
    fn name(&self) -> &str {
        "process"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let readings = Readings::take();
        for (name, kind, help, value) in ROWS {
            if let Some(value) = value(&readings) {
                batch
                    .family(Header::of(name, help, *kind))
                    .sample(&[], value);
            }
        }
        Ok(())
    }
}

/// Name, type, help and value of each family.
type Row = (
    &'static str,
    Kind,
    &'static str,
    fn(&Readings) -> Option<f64>,
);

const ROWS: &[Row] = &[
    (
        "process_cpu_seconds_total",
        Kind::Counter,
        "Total user and system CPU time spent in seconds.",
        |readings| readings.cpu,
    ),
    (
        "process_max_fds",
        Kind::Gauge,
        "Maximum number of open file descriptors.",
        |readings| readings.max_fds,
    ),
    (
        "process_network_receive_bytes_total",
        Kind::Counter,
        "Number of bytes received by the process over the network.",
        |readings| readings.received,
    ),
    (
        "process_network_transmit_bytes_total",
        Kind::Counter,
        "Number of bytes sent by the process over the network.",
        |readings| readings.transmitted,
    ),
    (
        "process_open_fds",
        Kind::Gauge,
        "Number of open file descriptors.",
        |readings| readings.open_fds,
    ),
    (
        "process_resident_memory_bytes",
        Kind::Gauge,
        "Resident memory size in bytes.",
        |readings| readings.resident,
    ),
    (
        "process_start_time_seconds",
        Kind::Gauge,
        "Start time of the process since unix epoch in seconds.",
        |readings| readings.start,
    ),
    (
        "process_virtual_memory_bytes",
        Kind::Gauge,
        "Virtual memory size in bytes.",
        |readings| readings.virt,
    ),
    (
        "process_virtual_memory_max_bytes",
        Kind::Gauge,
        "Maximum amount of virtual memory available in bytes.",
        |readings| readings.virt_max,
    ),
];

/// Names and types of the families that [`Process`] may write, for programs that take metrics from others.
pub fn families() -> impl Iterator<Item = (&'static str, Kind)> {
    ROWS.iter().map(|(name, kind, ..)| (*name, *kind))
}

/// What `/proc/self` says at one moment; `None` is what it does not say.
#[derive(Default)]
struct Readings {
    cpu: Option<f64>,
    max_fds: Option<f64>,
    received: Option<f64>,
    transmitted: Option<f64>,
    open_fds: Option<f64>,
    resident: Option<f64>,
    start: Option<f64>,
    virt: Option<f64>,
    virt_max: Option<f64>,
}

impl Readings {
    fn take() -> Self {
        let Ok(process) = Proc::myself() else {
            return Self::default();
        };
        let stat = process.stat().ok();
        let limits = process.limits().ok();
        let (received, transmitted) = network().unzip();
        let ticks = procfs::ticks_per_second() as f64;
        Self {
            cpu: stat
                .as_ref()
                .map(|stat| (stat.utime + stat.stime) as f64 / ticks),
            max_fds: limits
                .as_ref()
                .map(|limits| limit(limits.max_open_files.soft_limit)),
            received,
            transmitted,
            open_fds: process.fd_count().ok().map(|count| count as f64),
            resident: stat
                .as_ref()
                .map(|stat| stat.rss as f64 * procfs::page_size() as f64),
            start: stat.as_ref().and_then(|stat| {
                Some(procfs::boot_time_secs().ok()? as f64 + stat.starttime as f64 / ticks)
            }),
            virt: stat.as_ref().map(|stat| stat.vsize as f64),
            virt_max: limits
                .as_ref()
                .map(|limits| limit(limits.max_address_space.soft_limit)),
        }
    }
}

/// A limit as client_golang shows it: no limit is the largest unsigned number.
fn limit(value: LimitValue) -> f64 {
    match value {
        LimitValue::Unlimited => u64::MAX as f64,
        LimitValue::Value(value) => value as f64,
    }
}

/// Bytes received and sent: the octets of IP in this process's network namespace.
fn network() -> Option<(f64, f64)> {
    let text = fs::read_to_string("/proc/self/net/netstat").ok()?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("IpExt: "));
    let (names, values) = (lines.next()?.split(' '), lines.next()?.split(' '));
    let columns: Vec<(&str, &str)> = names.zip(values).collect();
    let find = |name: &str| {
        columns
            .iter()
            .find(|(column, _)| *column == name)?
            .1
            .parse()
            .ok()
    };
    Some((find("InOctets")?, find("OutOctets")?))
}

#[cfg(test)]
mod tests {
    use promontory_exposition::format::{Format, Target};
    use promontory_exposition::name::Escaping;

    use super::*;

    /// A collector's page with every value replaced, for comparison by shape.
    fn shape(collector: &dyn Collector) -> String {
        let mut batch = Batch::default();
        collector.collect(&mut batch).expect("collects");
        let mut out = Vec::new();
        let target = Target {
            format: Format::Text,
            escaping: Escaping::Underscores,
        };
        batch.write(target, &mut out).expect("a valid page");
        let text = String::from_utf8(out).expect("UTF-8");
        let value = |line: &str| match line.rsplit_once(' ') {
            Some((name, _)) if !line.starts_with('#') => format!("{name} N\n"),
            _ => format!("{line}\n"),
        };
        text.lines().map(value).collect()
    }

    #[test]
    fn process_metrics_have_the_names_and_words_of_client_golang() {
        insta::assert_snapshot!(shape(&Process));
    }

    #[test]
    fn this_process_uses_memory_and_has_started() {
        let readings = Readings::take();
        assert!(readings.resident > Some(1e6), "resident memory");
        assert!(readings.virt >= readings.resident, "virtual memory");
        assert!(readings.open_fds >= Some(3.0), "descriptors");
        assert!(readings.start > Some(1.5e9), "start time");
    }

    #[test]
    fn build_info() {
        let build = Build {
            version: "1.2.3",
            revision: "abc",
            branch: "main",
            user: "me",
            date: "today",
        };
        let text = shape(&BuildInfo {
            program: "node_exporter",
            build,
        });
        let compiler = build.compiler();
        assert!(compiler.starts_with("rustc1."), "{compiler}");
        let expected = format!(
            r#"node_exporter_build_info{{branch="main",goarch="{}",goos="{}",goversion="{compiler}",revision="abc",tags="unknown",version="1.2.3"}} N"#,
            build.arch(),
            build.os()
        );
        assert!(text.contains(&expected), "{text}");
        assert_eq!(build.info(), "(version=1.2.3, branch=main, revision=abc)");
        assert!(build.text("x").starts_with(
            "x, version 1.2.3 (branch: main, revision: abc)\n  build user:       me\n"
        ));
    }
}
