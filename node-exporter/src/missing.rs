//! The collectors of node_exporter 1.12 that are not here yet.
//!
//! Whoever swaps the image passes their flags too: `--no-collector.wifi`, `--collector.netclass.ignored-devices=…`. All
//! of them are known, so that such a command line starts; they have no effect and stand in no help. Only asking for
//! one of these collectors is refused, because its metrics would be missing without a word. A collector that gets
//! built moves its row from here to `collector/mod.rs`.

use promontory_exporter::flag::{Flag, Flags, Takes};

/// A collector that is not here yet.
#[derive(Clone, Copy, Debug)]
pub struct Missing {
    /// Its name.
    pub name: &'static str,
    /// Whether node_exporter runs it unless told otherwise.
    pub default: bool,
    /// Its flags and what they take.
    pub flags: &'static [(&'static str, What)],
}

/// What a flag takes; the value is not looked at.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// On or off.
    Switch,
    /// One value.
    Text,
    /// Values, one each time it is given.
    Texts,
}

use What::{Switch, Text, Texts};

/// In the order of their names.
#[rustfmt::skip]
pub const MISSING: &[Missing] = &[
    Missing { name: "arp", default: true, flags: &[
        ("collector.arp.device-include", Text),
        ("collector.arp.device-exclude", Text),
        ("collector.arp.netlink", Switch),
    ] },
    Missing { name: "bcache", default: true, flags: &[
        ("collector.bcache.priorityStats", Switch),
    ] },
    Missing { name: "bcachefs", default: true, flags: &[] },
    Missing { name: "bonding", default: true, flags: &[] },
    Missing { name: "btrfs", default: true, flags: &[] },
    Missing { name: "buddyinfo", default: false, flags: &[] },
    Missing { name: "cgroups", default: false, flags: &[] },
    Missing { name: "conntrack", default: true, flags: &[] },
    Missing { name: "cpu_vulnerabilities", default: false, flags: &[] },
    Missing { name: "cpufreq", default: true, flags: &[] },
    Missing { name: "dmi", default: true, flags: &[] },
    Missing { name: "dmmultipath", default: true, flags: &[] },
    Missing { name: "drbd", default: false, flags: &[] },
    Missing { name: "drm", default: false, flags: &[] },
    Missing { name: "edac", default: true, flags: &[] },
    Missing { name: "ethtool", default: false, flags: &[
        ("collector.ethtool.device-include", Text),
        ("collector.ethtool.device-exclude", Text),
        ("collector.ethtool.metrics-include", Text),
    ] },
    Missing { name: "fibrechannel", default: true, flags: &[] },
    Missing { name: "filefd", default: true, flags: &[] },
    Missing { name: "hwmon", default: true, flags: &[
        ("collector.hwmon.chip-include", Text),
        ("collector.hwmon.chip-exclude", Text),
        ("collector.hwmon.sensor-include", Text),
        ("collector.hwmon.sensor-exclude", Text),
    ] },
    Missing { name: "infiniband", default: true, flags: &[
        ("collector.infiniband.device-include", Text),
        ("collector.infiniband.device-exclude", Text),
    ] },
    Missing { name: "interrupts", default: false, flags: &[
        ("collector.interrupts.name-include", Text),
        ("collector.interrupts.name-exclude", Text),
        ("collector.interrupts.include-zeros", Switch),
    ] },
    Missing { name: "ipvs", default: true, flags: &[
        ("collector.ipvs.backend-labels", Text),
    ] },
    Missing { name: "kernel_hung", default: true, flags: &[] },
    Missing { name: "ksmd", default: false, flags: &[] },
    Missing { name: "lnstat", default: false, flags: &[] },
    Missing { name: "logind", default: false, flags: &[] },
    Missing { name: "mdadm", default: true, flags: &[] },
    Missing { name: "meminfo_numa", default: false, flags: &[] },
    Missing { name: "mountstats", default: false, flags: &[] },
    Missing { name: "netclass", default: true, flags: &[
        ("collector.netclass.ignored-devices", Text),
        ("collector.netclass.ignore-invalid-speed", Switch),
        ("collector.netclass.netlink", Switch),
        ("collector.netclass_rtnl.with-stats", Switch),
    ] },
    Missing { name: "network_route", default: false, flags: &[] },
    Missing { name: "nfs", default: true, flags: &[] },
    Missing { name: "nfsd", default: true, flags: &[] },
    Missing { name: "ntp", default: false, flags: &[
        ("collector.ntp.server", Text),
        ("collector.ntp.server-port", Text),
        ("collector.ntp.protocol-version", Text),
        ("collector.ntp.server-is-local", Switch),
        ("collector.ntp.ip-ttl", Text),
        ("collector.ntp.max-distance", Text),
        ("collector.ntp.local-offset-tolerance", Text),
    ] },
    Missing { name: "nvme", default: true, flags: &[] },
    Missing { name: "nvmesubsystem", default: false, flags: &[] },
    Missing { name: "pcidevice", default: false, flags: &[
        ("collector.pcidevice.idsfile", Text),
        ("collector.pcidevice.names", Switch),
    ] },
    Missing { name: "perf", default: false, flags: &[
        ("collector.perf.cpus", Text),
        ("collector.perf.tracepoint", Texts),
        ("collector.perf.disable-hardware-profilers", Switch),
        ("collector.perf.hardware-profilers", Texts),
        ("collector.perf.disable-software-profilers", Switch),
        ("collector.perf.software-profilers", Texts),
        ("collector.perf.disable-cache-profilers", Switch),
        ("collector.perf.cache-profilers", Texts),
    ] },
    Missing { name: "powersupplyclass", default: true, flags: &[
        ("collector.powersupply.ignored-supplies", Text),
    ] },
    Missing { name: "processes", default: false, flags: &[] },
    Missing { name: "qdisc", default: false, flags: &[
        ("collector.qdisc.fixtures", Text),
        ("collector.qdisc.device-include", Text),
        ("collector.qdisc.device-exclude", Text),
        ("collector.qdisk.device-include", Text),
        ("collector.qdisk.device-exclude", Text),
    ] },
    Missing { name: "rapl", default: true, flags: &[
        ("collector.rapl.enable-zone-label", Switch),
    ] },
    Missing { name: "runit", default: false, flags: &[
        ("collector.runit.servicedir", Text),
    ] },
    Missing { name: "schedstat", default: true, flags: &[] },
    Missing { name: "selinux", default: true, flags: &[] },
    Missing { name: "slabinfo", default: false, flags: &[
        ("collector.slabinfo.slabs-include", Text),
        ("collector.slabinfo.slabs-exclude", Text),
    ] },
    Missing { name: "sockstat", default: true, flags: &[] },
    Missing { name: "softirqs", default: false, flags: &[] },
    Missing { name: "softnet", default: true, flags: &[] },
    Missing { name: "supervisord", default: false, flags: &[
        ("collector.supervisord.url", Text),
    ] },
    Missing { name: "swap", default: false, flags: &[] },
    Missing { name: "sysctl", default: false, flags: &[
        ("collector.sysctl.include", Texts),
        ("collector.sysctl.include-info", Texts),
    ] },
    Missing { name: "systemd", default: false, flags: &[
        ("collector.systemd.unit-include", Text),
        ("collector.systemd.unit-exclude", Text),
        ("collector.systemd.enable-task-metrics", Switch),
        ("collector.systemd.enable-restarts-metrics", Switch),
        ("collector.systemd.enable-start-time-metrics", Switch),
        ("collector.systemd.unit-whitelist", Text),
        ("collector.systemd.unit-blacklist", Text),
        ("collector.systemd.private", Switch),
    ] },
    Missing { name: "tapestats", default: true, flags: &[
        ("collector.tapestats.ignored-devices", Text),
    ] },
    Missing { name: "tcpstat", default: false, flags: &[] },
    Missing { name: "thermal_zone", default: true, flags: &[] },
    Missing { name: "timex", default: true, flags: &[] },
    Missing { name: "udp_queues", default: true, flags: &[] },
    Missing { name: "watchdog", default: true, flags: &[] },
    Missing { name: "wifi", default: false, flags: &[
        ("collector.wifi.fixtures", Text),
    ] },
    Missing { name: "xfrm", default: false, flags: &[] },
    Missing { name: "xfs", default: true, flags: &[] },
    Missing { name: "zfs", default: true, flags: &[] },
    Missing { name: "zoneinfo", default: false, flags: &[] },
];

/// The hidden flags of all of them, their switches included.
pub fn flags() -> impl Iterator<Item = Flag> {
    let options = MISSING.iter().flat_map(|missing| missing.flags);
    let options = options.map(|(name, what)| {
        let takes = match what {
            Switch => Takes::Switch { default: false },
            Text => Takes::Text { default: "".into() },
            Texts => Takes::Texts { default: &[] },
        };
        Flag::new(name, takes, "Known, without effect.").hidden()
    });
    let switches = MISSING.iter().map(|missing| {
        let takes = Takes::Switch {
            default: missing.default,
        };
        let mut flag = Flag::new("", takes, "Known; the collector is not here yet.").hidden();
        flag.name = switch(missing.name).into();
        flag
    });
    options.chain(switches)
}

/// The collectors among them that the command line asks for.
pub fn asked_for(flags: &Flags) -> Vec<&'static str> {
    let asked = |missing: &&Missing| {
        let name = switch(missing.name);
        flags.given(&name) && flags.on(&name)
    };
    MISSING
        .iter()
        .filter(asked)
        .map(|missing| missing.name)
        .collect()
}

fn switch(name: &str) -> String {
    format!("collector.{name}")
}
