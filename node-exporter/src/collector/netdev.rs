//! `node_network_*_total`: what network devices count, and their addresses.
//!
//! `netdev/counters.rs` says which families there are under which flags, `netdev/link.rs` reads netlink messages and
//! `netdev/table.rs` the text of `/proc/net/dev`. The names are those of the text by default; netlink's finer counters
//! are summed to them, as the kernel does for the text.

mod address;
mod counters;
mod link;
mod table;

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use anyhow::bail;
use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::{Flag, Flags, Takes};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;
use tracing::{info, warn};

use super::{Row, Trouble, lock};
use crate::host::{Dump, Host, Netlink, Source, list, read};
use crate::pattern::Selection;
use crate::words::{text, trim};
use counters::{Device, Family};

pub(super) const ROW: Row = Row {
    name: "netdev",
    default: true,
    about: "Network device statistics.",
    reads: "netlink, or `/proc/net/dev`; `/sys/class/net/*/ifalias` for the label",
    owns: |name| name == ADDRESS_INFO || counters::owns(name),
    flags: &[
        INCLUDE,
        INCLUDE_OLD,
        EXCLUDE,
        EXCLUDE_OLD,
        ADDRESSES,
        DETAILED,
        NETLINK,
        IFALIAS,
    ],
    start,
};

const ADDRESS_INFO: &str = "node_network_address_info";

const INCLUDE: Flag = Flag::text(
    "collector.netdev.device-include",
    "",
    "Regexp of net devices to include (mutually exclusive to device-exclude).",
)
.placeholder("COLLECTOR.NETDEV.DEVICE-INCLUDE");
const INCLUDE_OLD: Flag = Flag::text(
    "collector.netdev.device-whitelist",
    "",
    "DEPRECATED: Use collector.netdev.device-include",
)
.hidden();
const EXCLUDE: Flag = Flag::text(
    "collector.netdev.device-exclude",
    "",
    "Regexp of net devices to exclude (mutually exclusive to device-include).",
)
.placeholder("COLLECTOR.NETDEV.DEVICE-EXCLUDE");
const EXCLUDE_OLD: Flag = Flag::text(
    "collector.netdev.device-blacklist",
    "",
    "DEPRECATED: Use collector.netdev.device-exclude",
)
.hidden();
const ADDRESSES: Flag = Flag::switch(
    "collector.netdev.address-info",
    "Collect address-info for every device",
);
const DETAILED: Flag = Flag::switch(
    "collector.netdev.enable-detailed-metrics",
    "Use (incompatible) metric names that provide more detailed stats on Linux",
);
const NETLINK: Flag = Flag::new(
    "collector.netdev.netlink",
    Takes::Switch { default: true },
    "Use netlink to gather stats instead of /proc/net/dev.",
);
const IFALIAS: Flag = Flag::switch("collector.netdev.label-ifalias", "Add ifAlias label");

/// No alias is longer: the kernel's IFALIASZ is 256.
const ALIAS_BYTES_MAX: usize = 4096;

struct Netdev {
    host: Arc<Host>,
    selection: Selection,
    families: &'static [Family],
    addresses: bool,
    ifalias: bool,
    state: Mutex<State>,
}

struct State {
    /// The text, where it is asked for instead of netlink.
    table: Option<Source>,
    netlink: Netlink,
    buffer: Vec<u8>,
    devices: Vec<Device>,
    name: String,
    help: String,
}

fn start(flags: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    let netlink = flags.on(&NETLINK.name);
    Ok(Box::new(Netdev {
        host: Arc::clone(host),
        selection: selection(flags)?,
        families: counters::families(netlink, flags.on(&DETAILED.name)),
        addresses: flags.on(&ADDRESSES.name),
        ifalias: flags.on(&IFALIAS.name),
        state: Mutex::new(State {
            table: (!netlink).then(|| host.proc("net/dev")),
            netlink: Netlink::default(),
            buffer: Vec::new(),
            devices: Vec::new(),
            name: String::new(),
            help: String::new(),
        }),
    }))
}

/// Which devices; the old names of the flags still count, but not beside the new ones.
fn selection(flags: &Flags) -> anyhow::Result<Selection> {
    let either = |old: &Flag, new: &Flag| {
        let (old_value, value) = (flags.text(&old.name), flags.text(&new.name));
        if !old_value.is_empty() && !value.is_empty() {
            bail!("--{} and --{} are mutually exclusive", old.name, new.name);
        }
        if old_value.is_empty() {
            return Ok(value);
        }
        warn!(
            "--{} is DEPRECATED and will be removed in 2.0.0, use --{}",
            old.name, new.name
        );
        Ok(old_value)
    };
    let include = either(&INCLUDE_OLD, &INCLUDE)?;
    let exclude = either(&EXCLUDE_OLD, &EXCLUDE)?;
    if !include.is_empty() && !exclude.is_empty() {
        bail!("device-exclude & device-include are mutually exclusive");
    }
    for (flag, value) in [(&EXCLUDE, exclude), (&INCLUDE, include)] {
        if !value.is_empty() {
            info!(flag = value, "Parsed flag --{}", flag.name);
        }
    }
    Selection::new((&EXCLUDE.name, exclude), (&INCLUDE.name, include))
}

impl Collector for Netdev {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut state = lock(&self.state);
        let mut trouble = Trouble::default();
        if let Err(err) = self.read_devices(&mut state, &mut trouble) {
            trouble.note(err);
        }
        if self.ifalias {
            self.read_aliases(&mut state, &mut trouble);
        }
        self.write(&mut state, batch);
        if self.addresses
            && let Err(err) = self.write_addresses(&mut state.netlink, batch)
        {
            trouble.note(err);
        }
        trouble.outcome()
    }
}

impl Netdev {
    fn read_devices(&self, state: &mut State, trouble: &mut Trouble) -> std::io::Result<()> {
        let devices = &mut state.devices;
        devices.clear();
        let mut take = |device: Device| {
            if self.selection.takes(&device.name) {
                devices.push(device);
            }
        };
        match &mut state.table {
            Some(table) => table::parse(table.read(&mut state.buffer)?, trouble, take),
            None => state.netlink.dump(Dump::Links, |_, attributes| {
                if let Some(device) = link::parse(attributes) {
                    take(device);
                }
            })?,
        }
        // A name stands once on a page; it is once on a machine, too. Of two the last counts.
        devices.reverse();
        devices.sort_by(|a, b| a.name.cmp(&b.name));
        devices.dedup_by(|b, a| a.name == b.name);
        Ok(())
    }

    /// Upstream asks sysfs, whatever the counters came from; a device that is not there has no such label.
    fn read_aliases(&self, state: &mut State, trouble: &mut Trouble) {
        let folder = self.host.sys_path("class/net");
        let known = list(&folder).unwrap_or_else(|err| {
            trouble.note(err);
            Vec::new()
        });
        for device in &mut state.devices {
            let there = known.binary_search_by(|name| name.as_os_str().cmp(device.name.as_ref()));
            if there.is_err() {
                continue;
            }
            let path = folder.join(&device.name).join("ifalias");
            let alias = read(&path, ALIAS_BYTES_MAX, &mut state.buffer);
            device.alias = Some(match alias {
                Ok(_) => text(trim(&state.buffer)).into_owned(),
                Err(_) => String::new(),
            });
        }
    }

    fn write(&self, state: &mut State, batch: &mut Batch) {
        for (key, parts) in self.families {
            state.name.clear();
            state.help.clear();
            // Writing to a string cannot fail.
            let _ = write!(state.name, "node_network_{key}_total");
            let _ = write!(state.help, "Network device statistic {key}.");
            let mut family = batch.family(Header::counter(&state.name, &state.help));
            for device in &state.devices {
                let value = device.sum(parts) as f64;
                match &device.alias {
                    Some(alias) => {
                        family.sample(&[("device", &device.name), ("ifalias", alias)], value);
                    }
                    None => family.sample(&[("device", &device.name)], value),
                }
            }
        }
    }

    fn write_addresses(&self, netlink: &mut Netlink, batch: &mut Batch) -> std::io::Result<()> {
        let mut names = Vec::new();
        netlink.dump(Dump::Links, |head, attributes| {
            names.extend(link::name(head, attributes))
        })?;
        let mut addresses = Vec::new();
        netlink.dump(Dump::Addresses, |head, attributes| {
            if let Some(address) = address::parse(head, attributes) {
                addresses.push(address);
            }
        })?;
        let header = Header::gauge(ADDRESS_INFO, "node network address by device");
        let mut family = batch.family(header);
        let mut shown = Vec::new();
        for address in addresses {
            let Some((_, name)) = names.iter().find(|(index, _)| *index == address.index) else {
                continue;
            };
            let labels = (name, address.ip.to_string(), address.prefix.to_string());
            // One address may be there with several peers.
            if !self.selection.takes(name) || shown.contains(&labels) {
                continue;
            }
            family.sample(
                &[
                    ("address", &labels.1),
                    ("device", name),
                    ("netmask", &labels.2),
                    ("scope", address::scope(address.ip)),
                ],
                1.0,
            );
            shown.push(labels);
        }
        Ok(())
    }
}
