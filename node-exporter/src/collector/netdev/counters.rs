//! The counters of a device, and the families they become: four tables, by source and by `--…enable-detailed-metrics`.

/// One device.
#[derive(Debug, PartialEq)]
pub(super) struct Device {
    pub(super) name: String,
    /// The text an administrator gave it; the label is there even where it is empty.
    pub(super) alias: Option<String>,
    /// In the order of `struct rtnl_link_stats64`, or of [`table`](super::table)'s columns.
    pub(super) counters: [u64; COUNTERS],
}

impl Device {
    /// Several counters as one. They wrap, as the kernel's own do.
    pub(super) fn sum(&self, parts: &[usize]) -> u64 {
        let counters = parts.iter().map(|&at| self.counters[at]);
        counters.fold(0, u64::wrapping_add)
    }
}

/// A family's name between `node_network_` and `_total`, and the counters that are summed for it.
pub(super) type Family = (&'static str, &'static [usize]);

/// The fields of `struct rtnl_link_stats64` (linux/if_link.h) up to `rx_nohandler`.
pub(super) const COUNTERS: usize = 24;

/// The families for a source and a choice of names.
pub(super) fn families(netlink: bool, detailed: bool) -> &'static [Family] {
    match (netlink, detailed) {
        (true, false) => NETLINK,
        (true, true) => NETLINK_DETAILED,
        (false, false) => TABLE,
        (false, true) => TABLE_DETAILED,
    }
}

/// Whether a name is that of a family in one of the tables.
pub(super) fn owns(name: &str) -> bool {
    let key = name.strip_prefix("node_network_");
    let key = key.and_then(|key| key.strip_suffix("_total"));
    let tables = [NETLINK, NETLINK_DETAILED, TABLE, TABLE_DETAILED];
    tables
        .into_iter()
        .flatten()
        .any(|(own, _)| key == Some(own))
}

/// netlink's counters under the names of the text.
#[rustfmt::skip]
const NETLINK: &[Family] = &[
    ("receive_packets", &[0]),
    ("transmit_packets", &[1]),
    ("receive_bytes", &[2]),
    ("transmit_bytes", &[3]),
    ("receive_errs", &[4]),
    ("transmit_errs", &[5]),
    ("receive_drop", &[6, 15]),             // with missed
    ("transmit_drop", &[7]),
    ("receive_multicast", &[8]),
    ("transmit_colls", &[9]),
    ("receive_frame", &[13, 10, 11, 12]),   // with length, over, crc
    ("receive_fifo", &[14]),
    ("transmit_carrier", &[17, 16, 19, 20]), // with aborted, heartbeat, window
    ("transmit_fifo", &[18]),
    ("receive_compressed", &[21]),
    ("transmit_compressed", &[22]),
    ("receive_nohandler", &[23]),
];

/// netlink's counters, each under its own name.
#[rustfmt::skip]
const NETLINK_DETAILED: &[Family] = &[
    ("receive_packets", &[0]),
    ("transmit_packets", &[1]),
    ("receive_bytes", &[2]),
    ("transmit_bytes", &[3]),
    ("receive_errors", &[4]),
    ("transmit_errors", &[5]),
    ("receive_dropped", &[6]),
    ("transmit_dropped", &[7]),
    ("multicast", &[8]),
    ("collisions", &[9]),
    ("receive_length_errors", &[10]),
    ("receive_over_errors", &[11]),
    ("receive_crc_errors", &[12]),
    ("receive_frame_errors", &[13]),
    ("receive_fifo_errors", &[14]),
    ("receive_missed_errors", &[15]),
    ("transmit_aborted_errors", &[16]),
    ("transmit_carrier_errors", &[17]),
    ("transmit_fifo_errors", &[18]),
    ("transmit_heartbeat_errors", &[19]),
    ("transmit_window_errors", &[20]),
    ("receive_compressed", &[21]),
    ("transmit_compressed", &[22]),
    ("receive_nohandler", &[23]),
];

/// The sixteen columns of the text.
#[rustfmt::skip]
const TABLE: &[Family] = &[
    ("receive_bytes", &[0]),
    ("receive_packets", &[1]),
    ("receive_errs", &[2]),
    ("receive_drop", &[3]),
    ("receive_fifo", &[4]),
    ("receive_frame", &[5]),
    ("receive_compressed", &[6]),
    ("receive_multicast", &[7]),
    ("transmit_bytes", &[8]),
    ("transmit_packets", &[9]),
    ("transmit_errs", &[10]),
    ("transmit_drop", &[11]),
    ("transmit_fifo", &[12]),
    ("transmit_colls", &[13]),
    ("transmit_carrier", &[14]),
    ("transmit_compressed", &[15]),
];

/// The same columns, four of them under names that also netlink's detailed counters have.
#[rustfmt::skip]
const TABLE_DETAILED: &[Family] = &[
    ("receive_bytes", &[0]),
    ("receive_packets", &[1]),
    ("receive_errors", &[2]),
    ("receive_dropped", &[3]),
    ("receive_fifo", &[4]),
    ("receive_frame", &[5]),
    ("receive_compressed", &[6]),
    ("receive_multicast", &[7]),
    ("transmit_bytes", &[8]),
    ("transmit_packets", &[9]),
    ("transmit_errors", &[10]),
    ("transmit_dropped", &[11]),
    ("transmit_fifo", &[12]),
    ("transmit_colls", &[13]),
    ("transmit_carrier", &[14]),
    ("transmit_compressed", &[15]),
];
