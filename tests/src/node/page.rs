//! What of a page may move between two reads, and a page with that taken out.
//!
//! [`MOVING`] is the whole list. What is not on it must be equal in both programs to the last byte; what is on it must
//! have the same names, labels and place, and a value written as Go writes numbers.

use std::collections::BTreeMap;

/// Where the families of a row move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// On every tree.
    Everywhere,
    /// Where the machine itself is read, not a tree of files.
    Machine,
    /// Where devices are asked of the kernel: also beside a tree.
    Netlink,
}

/// How a value moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Freely.
    Freely,
    /// It never falls: ours lies between two readings of the real program.
    Grows,
    /// The labels tell about the program, not about the machine.
    Labels,
}

/// Families whose values are not compared.
#[derive(Clone, Copy, Debug)]
pub struct Moving {
    /// What their names begin with.
    pub prefix: &'static str,
    /// Where.
    pub place: Where,
    /// How.
    pub how: How,
}

const fn row(prefix: &'static str, place: Where, how: How) -> Moving {
    Moving { prefix, place, how }
}

use How::{Freely, Grows, Labels};
use Where::{Everywhere, Machine, Netlink};

/// Everything that moves. The first row that fits counts.
pub const MOVING: &[Moving] = &[
    // The programs themselves.
    row("node_exporter_build_info", Everywhere, Labels),
    row("node_scrape_collector_duration_seconds", Everywhere, Freely),
    row("process_", Everywhere, Freely),
    row("promhttp_", Everywhere, Freely),
    // The clock.
    row("node_time_seconds", Everywhere, Grows),
    // A tree lies on a disk of this machine, and statfs(2) tells of that disk.
    row("node_filesystem_avail_bytes", Everywhere, Freely),
    row("node_filesystem_files_free", Everywhere, Freely),
    row("node_filesystem_free_bytes", Everywhere, Freely),
    // Idle and iowait times are computed anew for each reader and may fall a little.
    row("node_cpu_seconds_total", Machine, Freely),
    row("node_cpu_guest_seconds_total", Machine, Grows),
    row("node_cpu_frequency_hertz", Machine, Freely),
    row("node_context_switches_total", Machine, Grows),
    row("node_forks_total", Machine, Grows),
    row("node_intr_total", Machine, Grows),
    row("node_softirqs_total", Machine, Grows),
    row("node_procs_", Machine, Freely),
    row("node_entropy_available_bits", Machine, Freely),
    row("node_load", Machine, Freely),
    row("node_memory_", Machine, Freely),
    row("node_pressure_", Machine, Grows),
    row("node_disk_io_now", Machine, Freely),
    row("node_disk_", Machine, Grows),
    row("node_netstat_Tcp_CurrEstab", Machine, Freely),
    row("node_netstat_", Machine, Grows),
    // What is there now, beside what happened since the machine started.
    row("node_vmstat_nr_", Machine, Freely),
    row("node_vmstat_workingset_nodes", Machine, Freely),
    row("node_vmstat_", Machine, Grows),
    row("node_network_", Netlink, Grows),
];

/// What is read.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// The machine itself, not a tree.
    pub machine: bool,
    /// Devices asked of the kernel.
    pub netlink: bool,
}

impl Scene {
    /// How a family moves here, if it does.
    fn how(self, name: &str) -> Option<How> {
        let row = MOVING.iter().find(|row| name.starts_with(row.prefix))?;
        let moves = match row.place {
            Everywhere => true,
            Machine => self.machine,
            Netlink => self.machine || self.netlink,
        };
        moves.then_some(row.how)
    }

    /// The lines of a page, with `~` in place of what moves.
    #[must_use]
    pub fn lines(self, page: &str) -> Vec<String> {
        page.lines().map(|line| self.line(line)).collect()
    }

    fn line(self, line: &str) -> String {
        let Some((series, value)) = sample(line) else {
            return line.to_owned();
        };
        match self.how(name(series)) {
            None => line.to_owned(),
            Some(How::Labels) => format!("{} {value}", without_values(series)),
            Some(_) if is_go_s(value) => format!("{series} ~"),
            Some(_) => format!("{series} {value} (not as Go writes it)"),
        }
    }

    /// The counters of ours that do not lie between two readings of the real program.
    #[must_use]
    pub fn beyond(self, before: &str, ours: &str, after: &str) -> Vec<String> {
        let (before, after) = (samples(before), samples(after));
        let mut lines = Vec::new();
        for (series, value) in samples(ours) {
            if self.how(name(&series)) != Some(How::Grows) {
                continue;
            }
            if let (Some(low), Some(high)) = (before.get(&series), after.get(&series))
                && !(low..=high).contains(&&value)
                // A counter that was reset between the readings says nothing.
                && low <= high
            {
                lines.push(format!("{series} {value} is not in {low}..={high}"));
            }
        }
        lines
    }
}

/// Each series of a page with its value.
#[must_use]
pub fn samples(page: &str) -> BTreeMap<String, f64> {
    page.lines()
        .filter_map(sample)
        .filter_map(|(series, value)| Some((series.to_owned(), number(value)?)))
        .collect()
}

/// Series and value of a line; none of a comment.
#[must_use]
pub fn sample(line: &str) -> Option<(&str, &str)> {
    if line.starts_with('#') {
        return None;
    }
    line.rsplit_once(' ')
}

/// The name a series begins with.
#[must_use]
pub fn name(series: &str) -> &str {
    series.split('{').next().unwrap_or_default()
}

/// `name{a="~",b="~"}`
fn without_values(series: &str) -> String {
    let mut out = String::new();
    for (at, part) in series.split('"').enumerate() {
        out.push_str(if at % 2 == 0 { part } else { "\"~\"" });
    }
    out
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        text => text.parse().ok(),
    }
}

/// Whether a number is written as Go's `strconv.FormatFloat(…, 'g', -1, 64)` writes it.
fn is_go_s(text: &str) -> bool {
    let Some(value) = number(text) else {
        return false;
    };
    let expected = go(value);
    // Halfway between two shortest numbers Go takes the even digit and Rust the larger one. Both mean this value, so it
    // is enough that they look alike.
    let exponent = |text: &str| {
        text.split_once('e')
            .map(|(_, exponent)| exponent.to_owned())
    };
    let alike = text.len() == expected.len() && exponent(text) == exponent(&expected);
    text == "NaN" || text == expected || (alike && exponent(text).is_some())
}

/// The shortest digits that give the number back; with an exponent below -4 and from 6 on.
fn go(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let shortest = format!("{value:e}");
    let Some((digits, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_go_writes_them() {
        for text in [
            "0",
            "1",
            "-1.5",
            "123456",
            "1.234567e+06",
            "1e+06",
            "0.0001",
            "1e-05",
            "1.8446744073709552e+19",
            "+Inf",
            "NaN",
            "1.5e-07",
            "1.7957078132695312e+09",
        ] {
            assert!(is_go_s(text), "{text}");
        }
        for text in ["1.0", "1000000", "1e6", "1E+06", "0.00001", "inf", "x", ""] {
            assert!(!is_go_s(text), "{text}");
        }
    }

    #[test]
    fn what_moves_is_taken_out() {
        let scene = Scene {
            machine: false,
            netlink: true,
        };
        let page = "# HELP node_time_seconds x\nnode_time_seconds 1.5e+09\nnode_load1 1.50\nnode_time_seconds x\nnode_network_a_total{device=\"a b\"} 7\nnode_exporter_build_info{a=\"1\",b=\"2\"} 1\n";
        assert_eq!(
            scene.lines(page),
            [
                "# HELP node_time_seconds x",
                "node_time_seconds ~",
                "node_load1 1.50",
                "node_time_seconds x (not as Go writes it)",
                "node_network_a_total{device=\"a b\"} ~",
                "node_exporter_build_info{a=\"~\",b=\"~\"} 1",
            ]
        );
    }

    #[test]
    fn counters_between_two_readings() {
        let scene = Scene {
            machine: true,
            netlink: true,
        };
        let page = |value: u32| format!("node_forks_total {value}\nnode_load1 {value}\n");
        assert!(scene.beyond(&page(1), &page(2), &page(2)).is_empty());
        assert_eq!(scene.beyond(&page(1), &page(3), &page(2)).len(), 1);
    }
}
