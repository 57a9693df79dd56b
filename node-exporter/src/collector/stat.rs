//! What `/proc/stat` counts for the whole machine (proc_stat(5)): interrupts, context switches, forks, tasks, boot time.
//!
//! Its lines about single CPUs are the `cpu` collector's.

use std::sync::{Arc, Mutex};

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::{Flag, Flags};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::{Header, Kind};

use super::{Row, Trouble, lock};
use crate::host::{Host, Source};
use crate::words::{fields, lines, uint};

pub(super) const ROW: Row = Row {
    name: "stat",
    default: true,
    about: "Boot time, forks, interrupts, context switches, running tasks.",
    reads: "`/proc/stat`",
    owns: |name| name == SOFTIRQS || LINES.iter().any(|(_, own, ..)| *own == name),
    flags: &[SOFTIRQ],
    start,
};

const SOFTIRQ: Flag = Flag::switch("collector.stat.softirq", "Export softirq calls per vector");

const SOFTIRQS: &str = "node_softirqs_total";

/// The first word of a line, and the family its first number becomes.
const LINES: [(&str, &str, &str, Kind); 6] = [
    (
        "intr",
        "node_intr_total",
        "Total number of interrupts serviced.",
        Kind::Counter,
    ),
    (
        "ctxt",
        "node_context_switches_total",
        "Total number of context switches.",
        Kind::Counter,
    ),
    (
        "btime",
        "node_boot_time_seconds",
        "Node boot time, in unixtime.",
        Kind::Gauge,
    ),
    (
        "processes",
        "node_forks_total",
        "Total number of forks.",
        Kind::Counter,
    ),
    (
        "procs_running",
        "node_procs_running",
        "Number of processes in runnable state.",
        Kind::Gauge,
    ),
    (
        "procs_blocked",
        "node_procs_blocked",
        "Number of processes blocked waiting for I/O to complete.",
        Kind::Gauge,
    ),
];

/// The numbers of the softirq line behind the total, under the names upstream gave them.
const VECTORS: [&str; 10] = [
    "hi",
    "timer",
    "net_tx",
    "net_rx",
    "block",
    "block_iopoll",
    "tasklet",
    "sched",
    "hrtimer",
    "rcu",
];

struct Stat {
    softirq: bool,
    state: Mutex<(Source, Vec<u8>)>,
}

fn start(flags: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    Ok(Box::new(Stat {
        softirq: flags.on(&SOFTIRQ.name),
        state: Mutex::new((host.proc("stat"), Vec::new())),
    }))
}

impl Collector for Stat {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut state = lock(&self.state);
        let (source, buffer) = &mut *state;
        let mut trouble = Trouble::default();
        let counts = parse(source.read(buffer)?, &mut trouble);
        for ((_, name, help, kind), count) in LINES.into_iter().zip(counts.lines) {
            if let Some(count) = count {
                let header = Header::of(name, help, kind);
                batch.family(header).sample(&[], count as f64);
            }
        }
        if let (true, Some(vectors)) = (self.softirq, counts.softirq) {
            let header = Header::counter(SOFTIRQS, "Number of softirq calls.");
            let mut family = batch.family(header);
            for (vector, count) in VECTORS.into_iter().zip(vectors) {
                family.sample(&[("vector", vector)], count as f64);
            }
        }
        trouble.outcome()
    }
}

/// What the file counts.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    lines: [Option<u64>; LINES.len()],
    softirq: Option<[u64; VECTORS.len()]>,
}

/// A line that a kernel does not have counts 0, as upstream shows it; a line that is damaged counts nothing, and so
/// does everything in a file without any of the lines.
fn parse(text: &[u8], trouble: &mut Trouble) -> Counts {
    let mut counts = Counts {
        lines: [Some(0); LINES.len()],
        softirq: Some([0; VECTORS.len()]),
    };
    let mut any = false;
    for line in lines(text) {
        let mut fields = fields(line);
        let (Some(word), Some(first)) = (fields.next(), fields.next()) else {
            continue;
        };
        let row = LINES.iter().position(|(own, ..)| own.as_bytes() == word);
        let read = match row {
            Some(row) => {
                counts.lines[row] = uint(first);
                counts.lines[row].is_some()
            }
            None if word == b"softirq" => {
                counts.softirq = parse_vectors(line);
                counts.softirq.is_some()
            }
            None if word.starts_with(b"cpu") => true,
            None => continue,
        };
        any = true;
        if !read {
            trouble.line("stat", line);
        }
    }
    if any {
        return counts;
    }
    trouble.say("stat: none of its lines is there");
    Counts::default()
}

/// `softirq TOTAL HI TIMER …`
fn parse_vectors(line: &[u8]) -> Option<[u64; VECTORS.len()]> {
    let mut numbers = fields(line).skip(1).map(uint);
    numbers.next()??;
    let mut vectors = [0; VECTORS.len()];
    for vector in &mut vectors {
        *vector = numbers.next()??;
    }
    Some(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "cpu  1 2 3\nintr 8885917 17 0 0\nctxt 38014093\nbtime 1418183276\nprocesses 26442\nprocs_running 2\nprocs_blocked 1\nsoftirq 5 1 2 3 4 5 6 7 8 9 10\n";

    #[test]
    fn lines_in_the_order_of_the_table() {
        let mut trouble = Trouble::default();
        let counts = parse(TEXT.as_bytes(), &mut trouble);
        let expected = [8_885_917, 38_014_093, 1_418_183_276, 26_442, 2, 1].map(Some);
        assert_eq!(counts.lines, expected);
        assert_eq!(counts.softirq, Some([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
        trouble.outcome().unwrap();
    }

    #[test]
    fn missing_lines_are_0_and_damaged_ones_are_nothing() {
        let mut trouble = Trouble::default();
        let counts = parse(b"ctxt x\nbtime 7\nsoftirq 1 2\n", &mut trouble);
        assert_eq!(counts.lines[0], Some(0));
        assert_eq!(counts.lines[1], None);
        assert_eq!(counts.lines[2], Some(7));
        assert_eq!(counts.softirq, None);
        assert!(trouble.outcome().is_err());
    }

    #[test]
    fn a_file_without_lines_is_no_machine_at_rest() {
        for text in ["", "garbage and more\n"] {
            let mut trouble = Trouble::default();
            assert_eq!(parse(text.as_bytes(), &mut trouble), Counts::default());
            assert!(trouble.outcome().is_err());
        }
    }
}
