//! The cases: a tree, flags, queries. Together they use every flag of all collectors.

use anyhow::Result;
use promontory_tests::node::parity::Case;
use promontory_tests::node::textfiles::textfiles;
use promontory_tests::node::tree::Tree;
use promontory_tests::node::trees::{container, old, server};

const fn on(tree: fn() -> Result<Tree>, name: &'static str, flags: &'static str) -> Case {
    Case {
        name,
        tree: Some(tree),
        flags,
        queries: &[""],
    }
}

const fn here(name: &'static str, flags: &'static str) -> Case {
    Case {
        name,
        tree: None,
        flags,
        queries: &[""],
    }
}

/// Nothing but what is asked for, and no metrics of the program itself.
macro_rules! only {
    ($($flags:literal)*) => {
        concat!("--web.disable-exporter-metrics --collector.disable-defaults", $(" --collector.", $flags),*)
    };
}

/// The machine the test runs on.
pub(super) const MACHINE: &[Case] = &[
    here(
        "machine",
        only!("cpu" "diskstats" "entropy" "filesystem" "loadavg" "meminfo" "netdev" "netstat" "os" "pressure" "stat" "textfile" "time" "uname" "vmstat"),
    ),
    here(
        "machine, cpu.info",
        only!("cpu" "cpu.info" "cpu.info.flags-include=^(aes|avx.?|sse\\d)$" "cpu.info.bugs-include=."),
    ),
    here(
        "machine, every disk",
        only!("diskstats" "diskstats.device-exclude=^$"),
    ),
    here(
        "machine, every mount",
        only!("filesystem" "filesystem.mount-points-exclude=^/nowhere$" "filesystem.fs-types-exclude=^nothing$"),
    ),
    here(
        "machine, addresses",
        only!("netdev" "netdev.address-info" "netdev.label-ifalias"),
    ),
    here(
        "machine, detailed",
        only!("netdev" "netdev.enable-detailed-metrics"),
    ),
    here(
        "machine, table",
        concat!(only!("netdev"), " --no-collector.netdev.netlink"),
    ),
    here("machine, softirq", only!("stat" "stat.softirq")),
    here(
        "machine, every field",
        only!("vmstat" "vmstat.fields=." "netstat" "netstat.fields=."),
    ),
];

const SERVER_ALL: &str = only!("cpu" "cpu.info" "diskstats" "entropy" "filesystem" "filesystem.stat-workers=1" "loadavg" "meminfo" "netdev" "netstat" "os" "pressure" "stat" "time" "vmstat");

/// A large server, and the flags that choose what of it is shown.
pub(super) const SERVER: &[Case] = &[
    on(server, "server", SERVER_ALL),
    on(
        server,
        "cpu.guest off",
        concat!(only!("cpu"), " --no-collector.cpu.guest"),
    ),
    on(
        server,
        "cpu.info words",
        only!("cpu" "cpu.info.flags-include=^(aes|avx.?)$" "cpu.info.bugs-include=^(cpu_meltdown|spectre_.*|mds)$"),
    ),
    on(
        server,
        "cpu.info flags",
        only!("cpu" "cpu.info.flags-include=x"),
    ),
    on(
        server,
        "diskstats exclude",
        only!("diskstats" "diskstats.device-exclude=^(dm-|sd)"),
    ),
    on(
        server,
        "diskstats exclude nothing",
        only!("diskstats" "diskstats.device-exclude="),
    ),
    on(
        server,
        "diskstats include",
        only!("diskstats" "diskstats.device-include=^(sda|nvme)"),
    ),
    on(
        server,
        "diskstats include, no exclude",
        only!("diskstats" "diskstats.device-include=a" "diskstats.device-exclude="),
    ),
    on(
        server,
        "diskstats ignored",
        only!("diskstats" "diskstats.ignored-devices=^(dm-|sd)"),
    ),
    on(
        server,
        "filesystem points exclude",
        only!("filesystem" "filesystem.stat-workers=1" "filesystem.mount-points-exclude=^/(srv|run)($|/)"),
    ),
    on(
        server,
        "filesystem points include",
        only!("filesystem" "filesystem.stat-workers=1" "filesystem.mount-points-include=^/(srv|proc|var)"),
    ),
    on(
        server,
        "filesystem points ignored",
        only!("filesystem" "filesystem.stat-workers=1" "filesystem.ignored-mount-points=^/h"),
    ),
    on(
        server,
        "filesystem types exclude",
        only!("filesystem" "filesystem.stat-workers=1" "filesystem.fs-types-exclude=^ext4$"),
    ),
    on(
        server,
        "filesystem types include",
        only!("filesystem" "filesystem.stat-workers=1" "filesystem.fs-types-include=^(proc|vfat|ext4)$"),
    ),
    on(
        server,
        "filesystem types ignored",
        only!("filesystem" "filesystem.stat-workers=1" "filesystem.ignored-fs-types=^x"),
    ),
    on(
        server,
        "filesystem both include",
        only!("filesystem" "filesystem.stat-workers=0" "filesystem.mount-timeout=1m" "filesystem.mount-points-include=/home" "filesystem.fs-types-include=ext4"),
    ),
    on(
        server,
        "netdev table",
        concat!(only!("netdev"), " --no-collector.netdev.netlink"),
    ),
    on(
        server,
        "netdev table, detailed",
        concat!(
            only!("netdev" "netdev.enable-detailed-metrics"),
            " --no-collector.netdev.netlink"
        ),
    ),
    on(
        server,
        "netdev include",
        concat!(
            only!("netdev" "netdev.device-include=^(eth|bond)"),
            " --no-collector.netdev.netlink"
        ),
    ),
    on(
        server,
        "netdev exclude",
        concat!(
            only!("netdev" "netdev.device-exclude=^(veth.*|docker0|naïve)$"),
            " --no-collector.netdev.netlink"
        ),
    ),
    on(
        server,
        "netdev old include",
        concat!(
            only!("netdev" "netdev.device-whitelist=o"),
            " --no-collector.netdev.netlink"
        ),
    ),
    on(
        server,
        "netdev old exclude",
        concat!(
            only!("netdev" "netdev.device-blacklist=o"),
            " --no-collector.netdev.netlink"
        ),
    ),
    on(
        server,
        "netdev ifalias",
        concat!(
            only!("netdev" "netdev.label-ifalias"),
            " --no-collector.netdev.netlink"
        ),
    ),
    on(
        server,
        "netstat fields",
        only!("netstat" "netstat.fields=.*"),
    ),
    on(server, "stat.softirq", only!("stat" "stat.softirq")),
    on(
        server,
        "vmstat fields",
        only!("vmstat" "vmstat.fields=^(nr_|numa_|pgdemote|oom)"),
    ),
    // Upstream's frequency comes with its cpufreq collector, which is on by default.
    Case {
        name: "cpu frequency",
        tree: Some(server),
        flags: "--web.disable-exporter-metrics --collector.cpu.info",
        queries: &["?collect[]=cpu"],
    },
];

const ALL: &str = only!("cpu" "diskstats" "entropy" "filesystem" "filesystem.stat-workers=1" "loadavg" "meminfo" "netdev" "netdev.netlink" "netstat" "os" "pressure" "stat" "stat.softirq" "textfile" "time" "uname" "vmstat");

/// What is not there must be missed in the same way.
pub(super) const SMALL: &[Case] = &[
    on(old, "old kernel", ALL),
    on(
        old,
        "old kernel, table",
        concat!(only!("netdev"), " --no-collector.netdev.netlink"),
    ),
    on(container, "container", ALL),
    on(
        container,
        "container, table",
        concat!(
            only!("netdev" "netdev.label-ifalias"),
            " --no-collector.netdev.netlink"
        ),
    ),
];

macro_rules! texts {
    ($($name:literal)*) => {
        &[
            $(on(textfiles, concat!("text ", $name), concat!(only!("textfile" "loadavg"), " --collector.textfile.directory=$TREE/text/", $name))),*,
            on(textfiles, "text two folders", concat!(only!("textfile"), " --collector.textfile.directory=$TREE/text/glob/b/ --collector.textfile.directory=$TREE/text/../text/./glob//a1")),
            on(textfiles, "text one folder twice", concat!(only!("textfile"), " --collector.textfile.directory=$TREE/text/glob/b --collector.textfile.directory=$TREE/text/glob/b")),
            on(textfiles, "text no folder", only!("textfile" "textfile.directory=")),
            on(textfiles, "text nowhere and somewhere", concat!(only!("textfile"), " --collector.textfile.directory=/nowhere --collector.textfile.directory=$TREE/text/shared")),
        ]
    };
}

/// Folders of text files.
pub(super) const TEXTFILES: &[Case] = texts! {
    "broken" "bytes" "killers/label_name" "killers/label_reserved" "killers/quoted_label" "killers/quoted_name" "killers/no_name" "duplicates" "duplicates_within" "fractions" "glob/*" "glob/?" "glob/[ab]*" "glob/[" "glob/[x]" "glob/none*"
    "good" "helpless_first" "helps" "histograms" "huge" "kinds" "labels" "names" "nowhere" "one_file.prom" "ours" "parts"
    "shared" "timestamps" "types" "*/../good"
};

/// Filters, right and wrong, and pages about the program itself.
pub(super) const QUESTIONS: &[Case] = &[
    Case {
        name: "filters",
        tree: Some(server),
        flags: only!("cpu" "loadavg" "meminfo" "os"),
        queries: &[
            "",
            "?collect[]=cpu",
            "?collect[]=cpu&collect[]=loadavg",
            "?collect[]=cpu&collect[]=cpu",
            "?collect%5B%5D=os",
            "?collect[]=nonsense",
            "?collect[]=loadavg&collect[]=nonsense",
            "?collect[]=stat",
            "?collect[]=wifi",
            "?collect[]=",
            "?collect[]=cpu&exclude[]=loadavg",
            "?exclude[]=cpu",
            "?exclude[]=cpu&exclude[]=loadavg&exclude[]=meminfo&exclude[]=os",
            "?exclude[]=nonsense",
            "?exclude[]=stat",
            "?exclude[]=",
            "?collect=cpu",
            "?name[]=cpu",
            "?collect[]=CPU",
            "?collect[]=%zz",
            "?collect[]=a;b",
        ],
    },
    Case {
        name: "about itself",
        tree: Some(server),
        flags: "--collector.disable-defaults --collector.loadavg",
        queries: &["", "?collect[]=loadavg", "?collect[]=cpu"],
    },
    Case {
        name: "no collector",
        tree: Some(server),
        flags: "--collector.disable-defaults --web.disable-exporter-metrics",
        queries: &["", "?collect[]=cpu"],
    },
];
