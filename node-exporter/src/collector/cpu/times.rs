//! The times of each CPU in `/proc/stat`, kept from falling.
//!
//! The kernel computes idle and iowait time of a sleeping CPU anew for each reader, and the result may be a little less
//! than the last one. A counter must not fall, so the last value stands until it is passed. Only where idle time falls
//! by three seconds or more was the CPU taken out and put back, and all its counters begin again.

use std::collections::BTreeMap;

use super::Trouble;
use crate::words::{fields, int, lines, scan_float};

/// `USER_HZ`: the kernel counts in hundredths, on every machine Linux runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// Idle time that falls by so many seconds means another start.
const JUMP_SECONDS: f64 = 3.0;

/// The columns of a line: user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice.
const COLUMNS: usize = 10;
const IDLE: usize = 3;

/// The label `mode` and its column, in the order of a page.
pub(super) const MODES: [(&str, usize); 8] = [
    ("idle", IDLE),
    ("iowait", 4),
    ("irq", 5),
    ("nice", 1),
    ("softirq", 6),
    ("steal", 7),
    ("system", 2),
    ("user", 0),
];

/// Time in guests; user and nice time hold it too.
pub(super) const GUEST_MODES: [(&str, usize); 2] = [("nice", 9), ("user", 8)];

/// Seconds by column.
type Seconds = [f64; COLUMNS];

/// The times as they were shown last, by the number of the CPU.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The label, the seconds, and the number of the update they come from.
    cpus: BTreeMap<i64, (String, Seconds, u64)>,
    updates: u64,
}

impl Times {
    /// Takes over what the file says; CPUs that are not in it any more are gone.
    pub(super) fn update(&mut self, text: &[u8], trouble: &mut Trouble) {
        self.updates += 1;
        let mut any = false;
        // Of two lines for one CPU the last counts.
        let mut read = BTreeMap::new();
        for line in lines(text) {
            let mut words = fields(line);
            // A word alone says nothing, as upstream has it.
            let (Some(name), Some(_)) = (words.next(), words.next()) else {
                continue;
            };
            let Some(number) = name.strip_prefix(b"cpu") else {
                continue;
            };
            any = true;
            match parse_line(number, line) {
                // The line of all CPUs together.
                Some((-1, _)) => {}
                Some((cpu, seconds)) => {
                    read.insert(cpu, seconds);
                }
                None => trouble.line("stat", line),
            }
        }
        for (cpu, seconds) in &read {
            self.take(*cpu, seconds);
        }
        if !any {
            trouble.say("stat: no line about any CPU");
        }
        let now = self.updates;
        self.cpus.retain(|_, (.., update)| *update == now);
    }

    /// The label and the seconds of each CPU, in the order of a page: as texts.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &Seconds)> {
        let rows = self
            .cpus
            .values()
            .map(|(label, seconds, _)| (&**label, seconds));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable_by_key(|(label, _)| *label);
        rows.into_iter()
    }

    fn take(&mut self, cpu: i64, new: &Seconds) {
        let Some((_, old, update)) = self.cpus.get_mut(&cpu) else {
            // A clock never shows less than nothing.
            let first = new.map(|seconds| seconds.max(0.0));
            self.cpus
                .insert(cpu, (cpu.to_string(), first, self.updates));
            return;
        };
        if old[IDLE] - new[IDLE] >= JUMP_SECONDS {
            *old = [0.0; COLUMNS];
        }
        for (old, new) in old.iter_mut().zip(new) {
            if new >= old {
                *old = *new;
            }
        }
        *update = self.updates;
    }
}

/// `cpu0 10132153 290696 3084719 …`: the CPU and the seconds; old kernels have fewer columns. -1 stands for all CPUs
/// together.
fn parse_line(number: &[u8], line: &[u8]) -> Option<(i64, Seconds)> {
    let cpu = if number.is_empty() { -1 } else { int(number)? };
    let mut seconds = [0.0; COLUMNS];
    let mut whole = true;
    for (column, ticks) in seconds.iter_mut().zip(fields(line).skip(1)) {
        let (ticks, rest) = scan_float(ticks).filter(|_| whole)?;
        // Upstream looks no further than the last column, so only there something may follow.
        whole = rest.is_empty();
        *column = ticks / TICKS_A_SECOND;
    }
    Some((cpu, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(times: &Times, cpu: &str) -> Option<(f64, f64)> {
        let found = times.rows().find(|(label, _)| *label == cpu);
        found.map(|(_, seconds)| (seconds[0], seconds[IDLE]))
    }

    fn update(times: &mut Times, text: &str) -> bool {
        let mut trouble = Trouble::default();
        times.update(text.as_bytes(), &mut trouble);
        trouble.is_empty()
    }

    #[test]
    fn counters_do_not_fall() {
        let mut times = Times::default();
        assert!(update(
            &mut times,
            "cpu  1 2 3 4\ncpu0 100 0 0 1000\ncpu1 5 0 0 7\n"
        ));
        assert_eq!(row(&times, "0"), Some((1.0, 10.0)));
        assert!(update(&mut times, "cpu0 90 0 0 998\ncpu1 5 0 0 8\n"));
        assert_eq!(
            row(&times, "0"),
            Some((1.0, 10.0)),
            "a little less is the same"
        );
        assert_eq!(row(&times, "1"), Some((0.05, 0.08)));
    }

    #[test]
    fn a_cpu_that_was_taken_out_begins_again() {
        let mut times = Times::default();
        update(&mut times, "cpu0 100 0 0 1000\ncpu1 1 1 1 1\n");
        update(&mut times, "cpu0 7 0 0 700\n");
        assert_eq!(row(&times, "0"), Some((0.07, 7.0)));
        assert_eq!(row(&times, "1"), None, "it is gone");
    }

    #[test]
    fn odd_lines_are_read_as_upstream_reads_them() {
        let mut times = Times::default();
        let line = " cpu01 1 2 3 400 5 6 7 8 9 10cpu3 1\ncpu10 7\ncpu10 9\ncpu-1 5\n";
        assert!(update(&mut times, line));
        let labels: Vec<_> = times.rows().map(|(label, _)| label).collect();
        assert_eq!(labels, ["1", "10"]);
        assert_eq!(
            (row(&times, "1"), row(&times, "10")),
            (Some((0.01, 4.0)), Some((0.09, 0.0)))
        );
    }

    #[test]
    fn a_bad_line_costs_itself() {
        let mut times = Times::default();
        assert!(!update(
            &mut times,
            "cpu0 1 x\ncpux 1 2 3 4\ncpu1 100\ncpu5 1x 2\ncpu2\n"
        ));
        assert_eq!(times.rows().count(), 1);
        assert_eq!(row(&times, "1"), Some((1.0, 0.0)));
        assert!(!update(&mut times, ""));
    }
}
