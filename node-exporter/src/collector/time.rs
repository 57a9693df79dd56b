//! `node_time_*`: the clock, the zone of the machine, and the clock sources of the kernel.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::Flags;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use super::{Row, Trouble, lock};
use crate::host::{Host, Source, list};
use crate::words::{fields, text, trim};

pub(super) const ROW: Row = Row {
    name: "time",
    default: true,
    about: "System time, its zone, clock sources.",
    reads: "the clock, `/etc/localtime` or `TZ` (at start), `/sys/devices/system/clocksource`",
    owns: |name| [SECONDS, ZONE, AVAILABLE, CURRENT].contains(&name),
    flags: &[],
    start,
};

const SECONDS: &str = "node_time_seconds";
const ZONE: &str = "node_time_zone_offset_seconds";
const AVAILABLE: &str = "node_time_clocksource_available_info";
const CURRENT: &str = "node_time_clocksource_current_info";

const FOLDER: &str = "devices/system/clocksource";

struct Time {
    zone: TimeZone,
    host: Arc<Host>,
    folder: PathBuf,
    state: Mutex<State>,
}

/// The clock sources that were there at the last scrape; there is nearly always one.
#[derive(Default)]
struct State {
    sources: Vec<Clock>,
    buffer: Vec<u8>,
}

struct Clock {
    name: String,
    available: Source,
    current: Source,
}

fn start(_: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    Ok(Box::new(Time {
        zone: zone(),
        host: Arc::clone(host),
        folder: host.sys_path(FOLDER),
        state: Mutex::default(),
    }))
}

/// The zone of the machine. Where nothing names one (an empty container) it is UTC, as in Go.
fn zone() -> TimeZone {
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    if zone.is_unknown() {
        TimeZone::UTC
    } else {
        zone
    }
}

impl Collector for Time {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let now = Timestamp::now();
        // As upstream: nanoseconds as a float, then divided.
        let seconds = now.as_nanosecond() as f64 / 1e9;
        let help = "System time in seconds since epoch (1970).";
        batch
            .family(Header::gauge(SECONDS, help))
            .sample(&[], seconds);
        let zone = self.zone.to_offset_info(now);
        let help = "System time zone offset in seconds.";
        let header = Header::gauge(ZONE, help);
        let offset = f64::from(zone.offset().seconds());
        batch
            .family(header)
            .sample(&[("time_zone", zone.abbreviation())], offset);
        self.collect_clocks(batch)
    }
}

impl Time {
    fn collect_clocks(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut locked = lock(&self.state);
        let State { sources, buffer } = &mut *locked;
        // A kernel without them is none the worse.
        let names: Vec<String> = list(&self.folder)
            .unwrap_or_default()
            .iter()
            .filter_map(|name| name.to_str())
            .filter(|name| is_clock(name))
            .map(str::to_owned)
            .collect();
        if !sources.iter().map(|clock| &clock.name).eq(&names) {
            *sources = names.into_iter().map(|name| self.clock(name)).collect();
        }
        let mut trouble = Trouble::default();
        for (index, clock) in sources.iter_mut().enumerate() {
            let device = index.to_string();
            clock.write(&device, buffer, batch, &mut trouble);
        }
        trouble.outcome()
    }

    fn clock(&self, name: String) -> Clock {
        let file = |file: &str| self.host.sys(&format!("{FOLDER}/{name}/{file}"));
        Clock {
            available: file("available_clocksource"),
            current: file("current_clocksource"),
            name,
        }
    }
}

impl Clock {
    fn write(
        &mut self,
        device: &str,
        buffer: &mut Vec<u8>,
        batch: &mut Batch,
        trouble: &mut Trouble,
    ) {
        match self.available.read(buffer) {
            Ok(names) => {
                let help = "Available clocksources read from '/sys/devices/system/clocksource'.";
                let header = Header::gauge(AVAILABLE, help);
                let mut family = batch.family(header);
                let mut seen = HashSet::new();
                for name in fields(names) {
                    if seen.insert(name) {
                        family.sample(&[("clocksource", &text(name)), ("device", device)], 1.0);
                    }
                }
            }
            Err(err) => trouble.note(err),
        }
        match self.current.read(buffer) {
            Ok(name) => {
                let help = "Current clocksource read from '/sys/devices/system/clocksource'.";
                let header = Header::gauge(CURRENT, help);
                let name = text(trim(name));
                batch
                    .family(header)
                    .sample(&[("clocksource", &name), ("device", device)], 1.0);
            }
            Err(err) => trouble.note(err),
        }
    }
}

/// `clocksource0`, as the pattern `clocksource[0-9]*` has it.
fn is_clock(name: &str) -> bool {
    name.strip_prefix("clocksource")
        .is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
}
