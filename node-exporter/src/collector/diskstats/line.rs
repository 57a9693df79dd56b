//! One line of `/proc/diskstats`, and the families of its counters.

use promontory_exposition::model::{Header, Kind};

use super::udev::Properties;
use crate::words::{fields, scan_uint, text, uint};

/// One block device.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) name: String,
    pub(super) major: u32,
    pub(super) minor: u32,
    pub(super) counters: [u64; COUNTERS.len()],
    /// How many counters the kernel has: 11 before 4.18, 15 before 5.5, 17 since.
    pub(super) counted: usize,
    pub(super) udev: Properties,
    pub(super) rotates: bool,
}

/// A column behind the name: its family, and what its unit is multiplied with.
pub(super) struct Counter {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    pub(super) factor: f64,
}

impl Counter {
    pub(super) fn header(&self) -> Header<'static> {
        Header::of(self.name, self.help, self.kind)
    }
}

const fn column(name: &'static str, help: &'static str, factor: f64) -> Counter {
    let kind = Kind::Counter;
    Counter {
        name,
        help,
        kind,
        factor,
    }
}

/// A sector is 512 bytes here, whatever the device has.
const SECTOR: f64 = 512.0;
const MILLISECOND: f64 = 1.0 / 1000.0;

/// Columns every kernel has; lines with fewer are no devices.
const COLUMNS_MIN: usize = 11;

/// In the order of the columns.
#[rustfmt::skip]
pub(super) const COUNTERS: [Counter; 17] = [
    column("node_disk_reads_completed_total", "The total number of reads completed successfully.", 1.0),
    column("node_disk_reads_merged_total", "The total number of reads merged.", 1.0),
    column("node_disk_read_bytes_total", "The total number of bytes read successfully.", SECTOR),
    column("node_disk_read_time_seconds_total", "The total number of seconds spent by all reads.", MILLISECOND),
    column("node_disk_writes_completed_total", "The total number of writes completed successfully.", 1.0),
    column("node_disk_writes_merged_total", "The number of writes merged.", 1.0),
    column("node_disk_written_bytes_total", "The total number of bytes written successfully.", SECTOR),
    column("node_disk_write_time_seconds_total", "This is the total number of seconds spent by all writes.", MILLISECOND),
    Counter {
        name: "node_disk_io_now",
        help: "The number of I/Os currently in progress.",
        kind: Kind::Gauge,
        factor: 1.0,
    },
    column("node_disk_io_time_seconds_total", "Total seconds spent doing I/Os.", MILLISECOND),
    column("node_disk_io_time_weighted_seconds_total", "The weighted # of seconds spent doing I/Os.", MILLISECOND),
    column("node_disk_discards_completed_total", "The total number of discards completed successfully.", 1.0),
    column("node_disk_discards_merged_total", "The total number of discards merged.", 1.0),
    column("node_disk_discarded_sectors_total", "The total number of sectors discarded successfully.", 1.0),
    column("node_disk_discard_time_seconds_total", "This is the total number of seconds spent by all discards.", MILLISECOND),
    column("node_disk_flush_requests_total", "The total number of flush requests completed successfully", 1.0),
    column("node_disk_flush_requests_time_seconds_total", "This is the total number of seconds spent by all flush requests.", MILLISECOND),
];

/// `   8       0 sda 25354637 34367663 …`; a line with too few columns is no device, one with words for numbers an
/// error.
pub(super) fn parse(line: &[u8]) -> Result<Option<Disk>, ()> {
    let mut fields = fields(line);
    let number = |digits| uint(digits).and_then(|number| u32::try_from(number).ok());
    let mut device = || fields.next().map(|digits| number(digits).ok_or(()));
    let Some(major) = device().transpose()? else {
        return Ok(None);
    };
    let Some(minor) = device().transpose()? else {
        return Ok(None);
    };
    let Some(name) = fields.next() else {
        return Ok(None);
    };
    let mut counters = [0; COUNTERS.len()];
    let mut counted = 0;
    for (counter, digits) in counters.iter_mut().zip(fields) {
        let (value, rest) = scan_uint(digits).ok_or(())?;
        counted += 1;
        // Upstream looks no further than the last column, so only there something may follow.
        if !rest.is_empty() && counted < COUNTERS.len() {
            return Err(());
        }
        *counter = value;
    }
    if counted < COLUMNS_MIN {
        return Ok(None);
    }
    Ok(Some(Disk {
        name: text(name).into_owned(),
        major,
        minor,
        counters,
        counted,
        udev: Properties::default(),
        rotates: false,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_several_kernels() {
        let eleven = "   8       1 sda1 1 2 3 4 5 6 7 8 9 10 11";
        for (more, counted) in [
            ("", 11),
            (" 12 13 14 15", 15),
            (" 12 13 14 15 16 17 18 19", 17),
        ] {
            let line = format!("{eleven}{more}");
            let disk = parse(line.as_bytes()).unwrap().unwrap();
            assert_eq!((&*disk.name, disk.major, disk.minor), ("sda1", 8, 1));
            assert_eq!(disk.counted, counted);
            assert_eq!(disk.counters[10], 11);
        }
    }

    #[test]
    fn what_is_no_device() {
        assert!(matches!(parse(b""), Ok(None)));
        assert!(matches!(parse(b"8 1 sda1 1 2 3 4"), Ok(None)));
        assert!(parse(b"a:b").is_err());
        assert!(parse(b"8 1 sda1 1 2 x 4 5 6 7 8 9 10 11").is_err());
        assert!(parse(b"8 99999999999 sda1 1 2 3").is_err());
    }
}
