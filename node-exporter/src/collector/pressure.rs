//! `node_pressure_*`: how long tasks waited for CPU, memory, I/O, or gave way to interrupts (Documentation/accounting/psi.rst).

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::Flags;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use super::{Row, Trouble, lock};
use crate::host::{Host, Source};
use crate::words::{fields, lines, scan_float, scan_uint};

pub(super) const ROW: Row = Row {
    name: "pressure",
    default: true,
    about: "Pressure stall statistics.",
    reads: "`/proc/pressure/{cpu,io,memory,irq}`",
    owns: |name| {
        RESOURCES
            .iter()
            .flat_map(|resource| [resource.some, resource.full])
            .any(|family| family.is_some_and(|(own, _)| own == name))
    },
    flags: &[],
    start,
};

/// A file, and the families its two lines become: time in which some tasks waited, and in which all did.
struct Resource {
    name: &'static str,
    some: Option<(&'static str, &'static str)>,
    full: Option<(&'static str, &'static str)>,
}

/// All of a machine cannot wait for its CPUs, so `cpu` has no full line that means anything; `irq` has no other.
const RESOURCES: [Resource; 4] = [
    Resource {
        name: "cpu",
        some: Some((
            "node_pressure_cpu_waiting_seconds_total",
            "Total time in seconds that processes have waited for CPU time",
        )),
        full: None,
    },
    Resource {
        name: "io",
        some: Some((
            "node_pressure_io_waiting_seconds_total",
            "Total time in seconds that processes have waited due to IO congestion",
        )),
        full: Some((
            "node_pressure_io_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IO congestion",
        )),
    },
    Resource {
        name: "memory",
        some: Some((
            "node_pressure_memory_waiting_seconds_total",
            "Total time in seconds that processes have waited for memory",
        )),
        full: Some((
            "node_pressure_memory_stalled_seconds_total",
            "Total time in seconds no process could make progress due to memory congestion",
        )),
    },
    Resource {
        name: "irq",
        some: None,
        full: Some((
            "node_pressure_irq_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IRQ congestion",
        )),
    },
];

struct Pressure(Mutex<State>);

struct State {
    sources: [Source; RESOURCES.len()],
    buffer: Vec<u8>,
}

fn start(_: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    let sources = RESOURCES.map(|resource| host.proc(&format!("pressure/{}", resource.name)));
    let buffer = Vec::new();
    Ok(Box::new(Pressure(Mutex::new(State { sources, buffer }))))
}

impl Collector for Pressure {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut state = lock(&self.0);
        let State { sources, buffer } = &mut *state;
        let mut trouble = Trouble::default();
        let mut found = 0;
        for (resource, source) in RESOURCES.iter().zip(sources) {
            match source.read(buffer) {
                Ok(text) => found += usize::from(resource.write(text, batch, &mut trouble)),
                // A kernel before 4.20 (6.1 for irq), or built without CONFIG_PSI.
                Err(err) if err.kind() == ErrorKind::NotFound => {}
                // Built with it, booted without psi=1.
                Err(err) if err.kind() == ErrorKind::Unsupported => {
                    trouble.note(CollectError::NoData);
                }
                Err(err) => trouble.note(err),
            }
        }
        if found == 0 {
            trouble.note(CollectError::NoData);
        }
        trouble.outcome()
    }
}

impl Resource {
    /// Writes the families of one file; whether all of them were there.
    fn write(&self, text: &[u8], batch: &mut Batch, trouble: &mut Trouble) -> bool {
        let totals = parse(text, trouble);
        let mut complete = true;
        for (family, total) in [(self.some, totals.some), (self.full, totals.full)] {
            let Some((name, help)) = family else { continue };
            match total {
                // Divided twice, as upstream does: the last digit depends on it.
                Some(micros) => batch
                    .family(Header::counter(name, help))
                    .sample(&[], micros as f64 / 1000.0 / 1000.0),
                None => {
                    trouble.note(CollectError::NoData);
                    complete = false;
                }
            }
        }
        complete
    }
}

/// Microseconds since the machine started.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    some: Option<u64>,
    full: Option<u64>,
}

fn parse(text: &[u8], trouble: &mut Trouble) -> Totals {
    let mut totals = Totals::default();
    for line in lines(text) {
        let total = match line.split(|&byte| byte == b' ').next() {
            Some(b"some") => &mut totals.some,
            Some(b"full") => &mut totals.full,
            // Kernels to come may have more lines.
            _ => continue,
        };
        match parse_line(line) {
            Some(micros) => *total = Some(micros),
            None => trouble.line("pressure", line),
        }
    }
    totals
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=12345`
fn parse_line(line: &[u8]) -> Option<u64> {
    let mut words = fields(line).skip(1);
    for key in [&b"avg10="[..], b"avg60=", b"avg300="] {
        let (_, rest) = scan_float(words.next()?.strip_prefix(key)?)?;
        if !rest.is_empty() {
            return None;
        }
    }
    // As upstream: what follows the digits does not matter.
    let (total, _) = scan_uint(words.next()?.strip_prefix(b"total=")?)?;
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals() {
        let text = b"some avg10=0.10 avg60=2.00 avg300=3.85 total=15\nfull avg10=0.20 avg60=3.00 avg300=4.95 total=25\nmore\n";
        let mut trouble = Trouble::default();
        let expected = Totals {
            some: Some(15),
            full: Some(25),
        };
        assert_eq!(parse(text, &mut trouble), expected);
        trouble.outcome().unwrap();
    }

    #[test]
    fn a_bad_line_costs_itself() {
        for bad in [
            "some avg10=0.10 total=15",
            "some avg10=x avg60=2.00 avg300=3.85 total=15",
            "some",
        ] {
            let text = format!("{bad}\nfull avg10=0.20 avg60=3.00 avg300=4.95 total=25\n");
            let mut trouble = Trouble::default();
            let totals = parse(text.as_bytes(), &mut trouble);
            assert_eq!((totals.some, totals.full), (None, Some(25)));
            assert!(trouble.outcome().is_err());
        }
    }
}
