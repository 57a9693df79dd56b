//! Who reads a file, whose a family is, and where the two programs do not agree on purpose.

use super::kinds::Damage;
use super::kinds::Damage::{Again, Empty, Loop, Noise, Odd, Spots, Words};

/// Which collectors read a file, by the beginning of its path; none read it where there are none.
pub(super) const READERS: &[(&str, &[&str])] = &[
    ("proc/stat", &["cpu", "stat"]),
    ("proc/cpuinfo", &["cpu"]),
    ("proc/diskstats", &["diskstats"]),
    ("proc/1/mountinfo", &["filesystem"]),
    ("proc/loadavg", &["loadavg"]),
    ("proc/meminfo", &["meminfo"]),
    ("proc/net/dev", &["netdev"]),
    ("proc/net/", &["netstat"]),
    ("proc/pressure/", &["pressure"]),
    ("proc/sys/kernel/random/", &["entropy"]),
    ("proc/vmstat", &["vmstat"]),
    ("root/etc/os-release", &["os"]),
    ("root/mnt/", &[]),
    ("sys/block/", &["diskstats"]),
    ("sys/class/net/", &["netdev"]),
    // Read once, when the program starts.
    ("sys/devices/system/cpu/isolated", &[]),
    ("sys/devices/system/cpu/online", &[]),
    ("sys/devices/system/cpu/", &["cpu"]),
    ("sys/devices/system/clocksource/", &["time"]),
    ("text/", &["textfile"]),
    ("udev/", &["diskstats"]),
];

/// Whose families they are, by the beginnings of their names; the rest comes from text files.
const FAMILIES: &[(&str, &str)] = &[
    ("node_boot_time_", "stat"),
    ("node_context_switches_", "stat"),
    ("node_cpu_", "cpu"),
    ("node_disk_", "diskstats"),
    ("node_entropy_", "entropy"),
    ("node_exporter_", ""),
    ("node_filesystem_", "filesystem"),
    ("node_forks_", "stat"),
    ("node_intr_", "stat"),
    ("node_load", "loadavg"),
    ("node_memory_", "meminfo"),
    ("node_netstat_", "netstat"),
    ("node_network_", "netdev"),
    ("node_os_", "os"),
    ("node_pressure_", "pressure"),
    ("node_procs_", "stat"),
    ("node_scrape_", ""),
    ("node_softirqs_", "stat"),
    ("node_time_", "time"),
    ("node_vmstat_", "vmstat"),
];

/// Where the two do not agree: the beginning of a path, the collector, the damages, and why.
pub(super) const EXCUSED: &[(&str, &str, &[Damage], &str)] = &[
    (
        "proc/stat",
        "cpu",
        NOTHING,
        "the real program shows a machine without CPUs",
    ),
    (
        "proc/stat",
        "stat",
        NOTHING,
        "the real program shows a machine that booted in 1970",
    ),
    (
        "proc/stat",
        "stat",
        ODD_OR_SPOTS,
        "the real program reads the lines of the CPUs, too, and fails on them",
    ),
    (
        "proc/stat",
        "cpu",
        ODD,
        "the real program reads the other lines, too, and fails on them",
    ),
    (
        "text/b.prom",
        "textfile",
        ODD,
        "the real program shows 0 where the counts of a histogram are not whole numbers",
    ),
    (
        "proc/cpuinfo",
        "cpu",
        ODD,
        "the real program fails on fields that it does not show",
    ),
    (
        "proc/meminfo",
        "meminfo",
        &[Words],
        "the real program is silent about a line of a megabyte",
    ),
    (
        "proc/net/dev",
        "netdev",
        &[Words],
        "two lines of headings may be of any length",
    ),
    (
        "sys/class/net/bonding_masters",
        "netdev",
        &[Loop],
        "the real program takes the broken link for a device",
    ),
    (
        "sys/class/net/",
        "netdev",
        &[Again, Words],
        "the real program cuts an alias at 128 bytes; ours knows the kernel's bound",
    ),
    (
        "sys/devices/system/clocksource/",
        "time",
        &[Again, Words],
        "the real program reads the first 128 bytes",
    ),
];

/// Any of them.
const ODD: &[Damage] = &[Odd(0)];
const ODD_OR_SPOTS: &[Damage] = &[Odd(0), Spots(1), Spots(2)];

/// No line of the file is left.
const NOTHING: &[Damage] = &[Empty, Noise(1), Noise(2), Noise(3), Words];

/// The collector that a family comes from; empty for the program itself.
pub(super) fn collector(family: &str) -> &'static str {
    let row = FAMILIES.iter().find(|(begin, _)| family.starts_with(begin));
    row.map_or("textfile", |(_, collector)| collector)
}
