//! The two gateways under the same load: ours and the real one, started the same way.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use promontory_exposition::model::{Counter, Timestamp};
use promontory_exposition::{Escaping, Family, Format, Kind, Label, Metric, Target, Value, format};
use promontory_tests::gateway::{Gateway, Which};

use crate::load;

/// How many groups are held and how many series each has; every group is pushed by its own job.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Groups.
    pub(crate) groups: usize,
    /// Series of each.
    pub(crate) series: usize,
}

impl Size {
    /// All series of all groups.
    pub(crate) fn total(self) -> usize {
        self.groups * self.series
    }

    /// The same with fewer groups where [`SMALLER`] asks for it, but some.
    pub(crate) fn asked_for(self) -> Self {
        Self {
            groups: (self.groups / smaller()).max(10),
            ..self
        }
    }

    /// A push for every group, as requests; `round` moves the values.
    pub(crate) fn pushes(self, round: usize) -> Vec<Vec<u8>> {
        self.pushes_of("batch", round)
    }

    /// [`Self::pushes`] of another job, whose groups are others.
    pub(crate) fn pushes_of(self, job: &str, round: usize) -> Vec<Vec<u8>> {
        let push = |group| {
            load::push(
                &format!("/metrics/job/{job}/instance/host-{group}"),
                "",
                &body(self.series, round + group),
            )
        };
        (0..self.groups).map(push).collect()
    }

    /// A push for every group of a job of its own, as the Go client makes it: protobuf, with the time at which each
    /// counter began, which is another with each run.
    pub(crate) fn pushes_of_go(self, round: usize) -> Vec<Vec<u8>> {
        let push = |group| {
            load::push(
                &format!("/metrics/job/go/instance/host-{group}"),
                PROTOBUF,
                &protobuf(self.series, round + group),
            )
        };
        (0..self.groups).map(push).collect()
    }
}

/// The header of a body in protobuf.
const PROTOBUF: &str = "Content-Type: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n";

/// Counters with created times, five a family.
fn protobuf(series: usize, seed: usize) -> Vec<u8> {
    let number = |at: usize| ((seed * 7919 + at * 104_729) % 1_000_003) as u32;
    let metric = |at: usize| Metric {
        labels: vec![Label::new("step", format!("step-{at}"))],
        value: Value::Counter(Counter {
            value: f64::from(number(at)) / 1000.0,
            exemplar: None,
            created: Some(Timestamp {
                seconds: 1_700_000_000 + i64::from(number(seed)),
                nanos: 5,
            }),
        }),
        timestamp_ms: None,
    };
    let family = |at: usize| {
        let mut family = Family::new(format!("go_stage_{at}_total"), Kind::Counter)
            .with_help("Items that passed the stage.");
        let last = series.min(at * 5 + 5);
        family.metrics = (at * 5..last).map(metric).collect();
        family
    };
    let families: Vec<Family<'_>> = (0..series.div_ceil(5)).map(family).collect();
    let target = Target {
        format: Format::Protobuf,
        escaping: Escaping::AllowUtf8,
    };
    let mut body = Vec::new();
    // Nothing in these families can be refused.
    let _ = format::write(target, &families, &mut body);
    body
}

/// The variable that divides the groups held and the seconds of each load, to see soon that the bench works.
const SMALLER: &str = "PROMONTORY_BENCH_SMALLER";

fn smaller() -> usize {
    let given = std::env::var(SMALLER).ok();
    given.and_then(|by| by.parse().ok()).unwrap_or(1).max(1)
}

/// How long a load lasts that is meant to last so many seconds.
pub(crate) fn lasting(seconds: u64) -> Duration {
    let smaller = u32::try_from(smaller()).unwrap_or(u32::MAX);
    (Duration::from_secs(seconds) / smaller).max(Duration::from_millis(200))
}

/// A text body like a batch job's: families of five series each, told apart by one label.
pub(crate) fn body(series: usize, seed: usize) -> Vec<u8> {
    let mut body = String::new();
    for number in 0..series {
        let family = number / 5;
        if number % 5 == 0 {
            body.push_str(&format!(
                "# HELP batch_stage_{family}_seconds Time spent in stage {family} of the batch.\n"
            ));
            body.push_str(&format!("# TYPE batch_stage_{family}_seconds gauge\n"));
        }
        let value = (seed * 7919 + number * 104_729) % 1_000_003;
        body.push_str(&format!(
            "batch_stage_{family}_seconds{{step=\"step-{number}\"}} {}\n",
            value as f64 / 1000.0
        ));
    }
    body.into_bytes()
}

/// Starts a gateway with flags; `data` is its persistence file, or it keeps everything in memory.
pub(crate) fn start(
    which: Which,
    data: Option<&Path>,
    flags: &[&str],
    folder: &Path,
) -> Result<Gateway> {
    let mut flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
    if let Some(data) = data {
        flags.push(format!("--persistence.file={}", data.display()));
    }
    Gateway::start(which, &flags, folder)
}

/// The file in which [`filled`] keeps what is held.
pub(crate) fn data(which: Which, size: Size, folder: &Path) -> PathBuf {
    folder.join(format!("{which:?}-{}.data", size.total()))
}

/// Ours, holding `size` in memory only.
pub(crate) fn in_memory(size: Size, folder: &Path) -> Result<Gateway> {
    let ours = start(Which::Ours, None, &[], folder)?;
    load::once(ours.address, 64, &size.pushes(0))?;
    Ok(ours)
}

/// A gateway that holds `size`, keeps it in a file, and checks pushes.
///
/// The real one needs minutes to hours to be filled with checked pushes (each costs as much as all it
/// holds), so it is filled unchecked, stopped so that it saves, and started again checked.
pub(crate) fn filled(which: Which, size: Size, folder: &Path) -> Result<Gateway> {
    let requests = size.pushes(0);
    let data = data(which, size, folder);
    if which == Which::Ours {
        let gateway = start(which, Some(&data), &[], folder)?;
        load::once(gateway.address, 64, &requests)?;
        return Ok(gateway);
    }
    let mut unchecked = start(
        which,
        Some(&data),
        &["--push.disable-consistency-check"],
        folder,
    )?;
    load::once(unchecked.address, 8, &requests)?;
    unchecked.process.terminate()?;
    start(which, Some(&data), &[], folder)
}
