//! `node_cpu_*`: what the CPUs spent their time on, and where they are.
//!
//! `cpu/times.rs` keeps the counters from falling, `cpu/place.rs` reads sysfs, `cpu/info.rs` reads `/proc/cpuinfo`.

mod info;
mod place;
mod times;

use std::sync::{Arc, Mutex};

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::{Flag, Flags, Takes};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;
use tracing::{info, warn};

use super::{Row, Trouble, lock};
use crate::host::{Host, Source};
use info::Info;
use place::Places;
use times::{GUEST_MODES, MODES, Times};

pub(super) const ROW: Row = Row {
    name: "cpu",
    default: true,
    about: "CPU times, throttling, which CPUs are online and isolated.",
    reads: "`/proc/stat`, `/sys/devices/system/cpu`, `/proc/cpuinfo` by flag",
    owns: |name| NAMES.contains(&name),
    flags: &[GUEST, INFO, info::FLAGS_INCLUDE, info::BUGS_INCLUDE],
    start,
};

/// Its families.
const NAMES: [&str; 10] = [
    "node_cpu_seconds_total",
    "node_cpu_guest_seconds_total",
    "node_cpu_isolated",
    "node_cpu_online",
    "node_cpu_core_throttles_total",
    "node_cpu_package_throttles_total",
    "node_cpu_info",
    "node_cpu_frequency_hertz",
    "node_cpu_flag_info",
    "node_cpu_bug_info",
];

const GUEST: Flag = Flag::new(
    "collector.cpu.guest",
    Takes::Switch { default: true },
    "Enables metric node_cpu_guest_seconds_total",
);
const INFO: Flag = Flag::switch("collector.cpu.info", "Enables metric cpu_info");

struct Cpu {
    guest: bool,
    /// Read once: the kernel decides it when it boots.
    isolated: Vec<u16>,
    state: Mutex<State>,
}

struct State {
    source: Source,
    buffer: Vec<u8>,
    times: Times,
    places: Places,
    info: Option<Info>,
}

fn start(flags: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    let filters = info::Filters::new(flags)?;
    if filters.any() && !flags.on(&INFO.name) {
        info!(
            "--{} has been set to `true` because you set --{} or --{}",
            INFO.name,
            info::FLAGS_INCLUDE.name,
            info::BUGS_INCLUDE.name
        );
    }
    let info = (filters.any() || flags.on(&INFO.name)).then(|| {
        // Upstream shows the frequency only while its cpufreq collector, which shows it better, is on.
        Info::new(host, filters, super::enabled(flags, "cpufreq"))
    });
    let isolated = place::isolated(host).unwrap_or_else(|err| {
        warn!(%err, "unable to get isolated cpus");
        Vec::new()
    });
    Ok(Box::new(Cpu {
        guest: flags.on(&GUEST.name),
        isolated,
        state: Mutex::new(State {
            source: host.proc("stat"),
            buffer: Vec::new(),
            times: Times::default(),
            places: Places::new(host),
            info,
        }),
    }))
}

impl Collector for Cpu {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut locked = lock(&self.state);
        let state = &mut *locked;
        let mut trouble = Trouble::default();
        if let Some(info) = &mut state.info {
            info.write(&mut state.buffer, batch, &mut trouble);
        }
        match state.source.read(&mut state.buffer) {
            Ok(text) => {
                state.times.update(text, &mut trouble);
                self.write_times(&state.times, batch);
            }
            Err(err) => trouble.note(err),
        }
        if !self.isolated.is_empty() {
            let help =
                "Whether each core is isolated, information from /sys/devices/system/cpu/isolated.";
            let mut family = batch.family(Header::gauge("node_cpu_isolated", help));
            for cpu in &self.isolated {
                family.sample(&[("cpu", &cpu.to_string())], 1.0);
            }
        }
        state.places.write(&mut state.buffer, batch);
        trouble.outcome()
    }
}

impl Cpu {
    fn write_times(&self, times: &Times, batch: &mut Batch) {
        let help = "Seconds the CPUs spent in each mode.";
        let mut family = batch.family(Header::counter("node_cpu_seconds_total", help));
        for (cpu, seconds) in times.rows() {
            for (mode, at) in MODES {
                family.sample(&[("cpu", cpu), ("mode", mode)], seconds[at]);
            }
        }
        if !self.guest {
            return;
        }
        let help = "Seconds the CPUs spent in guests (VMs) for each mode.";
        let mut family = batch.family(Header::counter("node_cpu_guest_seconds_total", help));
        for (cpu, seconds) in times.rows() {
            for (mode, at) in GUEST_MODES {
                family.sample(&[("cpu", cpu), ("mode", mode)], seconds[at]);
            }
        }
    }
}
