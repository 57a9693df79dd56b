//! `node_disk_*`: what block devices count (Documentation/admin-guide/iostats.rst), and what udev knows of them.

mod line;
mod udev;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::bail;
use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::{Flag, Flags};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;
use promontory_exposition::number;
use tracing::{error, info, warn};

use super::{Row, Trouble, lock};
use crate::host::{Host, Source};
use crate::pattern::Selection;
use crate::words::{lines, trim, uint};
use line::{COUNTERS, Disk};
use udev::Properties;

pub(super) const ROW: Row = Row {
    name: "diskstats",
    default: true,
    about: "Disk I/O statistics, and what udev knows of the disks.",
    reads: "`/proc/diskstats`, `/sys/block/*/queue/rotational`, `/run/udev/data/b*`",
    owns,
    flags: &[EXCLUDE, EXCLUDE_OLD, INCLUDE],
    start,
};

fn owns(name: &str) -> bool {
    COUNTERS.iter().any(|counter| counter.header().name == name)
        || ATA.iter().any(|(_, own, _)| *own == name)
        || [INFO, FILESYSTEM, MAPPER].contains(&name)
}

const INFO: &str = "node_disk_info";
const FILESYSTEM: &str = "node_disk_filesystem_info";
const MAPPER: &str = "node_disk_device_mapper_info";

const EXCLUDE: Flag = Flag::text(
    "collector.diskstats.device-exclude",
    r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$",
    "Regexp of diskstats devices to exclude (mutually exclusive to device-include).",
);
const EXCLUDE_OLD: Flag = Flag::text(
    "collector.diskstats.ignored-devices",
    "",
    "DEPRECATED: Use collector.diskstats.device-exclude",
)
.hidden();
const INCLUDE: Flag = Flag::text(
    "collector.diskstats.device-include",
    "",
    "Regexp of diskstats devices to include (mutually exclusive to device-exclude).",
)
.placeholder("COLLECTOR.DISKSTATS.DEVICE-INCLUDE");

struct Diskstats {
    host: Arc<Host>,
    selection: Selection,
    /// Where udev's files are, if there are any.
    udev: Option<PathBuf>,
    state: Mutex<State>,
}

struct State {
    source: Source,
    buffer: Vec<u8>,
    disks: Vec<Disk>,
    /// Whether a disk turns: one file each, kept while the disk is there.
    rotational: HashMap<String, Source>,
}

fn start(flags: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    let udev = host.udev().map(PathBuf::from);
    if let Err(err) = &udev {
        let path = flags.text("path.udev.data");
        error!(path, %err, "Failed to open directory, disabling udev device properties");
    }
    Ok(Box::new(Diskstats {
        host: Arc::clone(host),
        selection: selection(flags)?,
        udev: udev.ok(),
        state: Mutex::new(State {
            source: host.proc("diskstats"),
            buffer: Vec::new(),
            disks: Vec::new(),
            rotational: HashMap::new(),
        }),
    }))
}

fn selection(flags: &Flags) -> anyhow::Result<Selection> {
    let (old, include) = (flags.text(&EXCLUDE_OLD.name), flags.text(&INCLUDE.name));
    let mut exclude = flags.text(&EXCLUDE.name);
    let given = flags.given(&EXCLUDE.name);
    if !old.is_empty() {
        if given {
            bail!(
                "--{} and --{} are mutually exclusive",
                EXCLUDE_OLD.name,
                EXCLUDE.name
            );
        }
        warn!(
            "--{} is DEPRECATED and will be removed in 2.0.0, use --{}",
            EXCLUDE_OLD.name, EXCLUDE.name
        );
        exclude = old;
    }
    if !include.is_empty() {
        if given && !exclude.is_empty() {
            bail!("device-exclude & device-include are mutually exclusive");
        }
        exclude = "";
    }
    for (flag, value) in [(&EXCLUDE, exclude), (&INCLUDE, include)] {
        if !value.is_empty() {
            info!(flag = value, "Parsed flag --{}", flag.name);
        }
    }
    Selection::new((&EXCLUDE.name, exclude), (&INCLUDE.name, include))
}

impl Collector for Diskstats {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut locked = lock(&self.state);
        let state = &mut *locked;
        let mut trouble = Trouble::default();
        state.disks.clear();
        for line in lines(state.source.read(&mut state.buffer)?) {
            match line::parse(line) {
                Ok(Some(disk)) if self.selection.takes(&disk.name) => state.disks.push(disk),
                Ok(_) => {}
                Err(()) => trouble.line("diskstats", line),
            }
        }
        // A disk stands once on a page, and once in the file; of two the first counts.
        state.disks.sort_by(|a, b| a.name.cmp(&b.name));
        state.disks.dedup_by(|b, a| a.name == b.name);
        let disks = &state.disks;
        let there = |name: &String| disks.binary_search_by(|disk| disk.name.cmp(name)).is_ok();
        state.rotational.retain(|name, _| there(name));
        for disk in &mut state.disks {
            if let Some(folder) = &self.udev {
                disk.udev = udev::read(folder, (disk.major, disk.minor), &mut state.buffer);
            }
            let source = state
                .rotational
                .entry(disk.name.clone())
                .or_insert_with(|| {
                    self.host
                        .sys(&format!("block/{}/queue/rotational", disk.name))
                });
            // What cannot be read counts as not rotating, as upstream has it.
            let text = source.read(&mut state.buffer).unwrap_or_default();
            disk.rotates = uint(trim(text)) == Some(1);
        }
        write(&state.disks, batch);
        trouble.outcome()
    }
}

fn write(disks: &[Disk], batch: &mut Batch) {
    for disk in disks {
        write_info(disk, batch);
    }
    for (at, counter) in COUNTERS.iter().enumerate() {
        let mut family = batch.family(counter.header());
        for disk in disks.iter().filter(|disk| at < disk.counted) {
            let value = disk.counters[at] as f64 * counter.factor;
            family.sample(&[("device", &disk.name)], value);
        }
    }
    for disk in disks {
        write_properties(disk, batch);
    }
}

fn write_info(disk: &Disk, batch: &mut Batch) {
    let udev = &disk.udev;
    // What is printed on the disk; else what the system calls it (virtio has only that).
    let serials = ["SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"];
    let serial = serials
        .map(|key| udev.get(key))
        .into_iter()
        .find(|serial| !serial.is_empty());
    let header = Header::gauge(INFO, "Info of /sys/block/<block_device>.");
    batch.family(header).sample(
        &[
            ("device", &disk.name),
            ("major", &disk.major.to_string()),
            ("minor", &disk.minor.to_string()),
            ("model", udev.get("ID_MODEL")),
            ("path", udev.get("ID_PATH")),
            ("revision", udev.get("ID_REVISION")),
            ("rotational", if disk.rotates { "1" } else { "0" }),
            ("serial", serial.unwrap_or_default()),
            ("wwn", udev.get("ID_WWN")),
        ],
        1.0,
    );
}

/// Families of udev's numbers about ATA disks.
const ATA: [(&str, &str, &str); 3] = [
    (
        "ID_ATA_WRITE_CACHE",
        "node_disk_ata_write_cache",
        "ATA disk has a write cache.",
    ),
    (
        "ID_ATA_WRITE_CACHE_ENABLED",
        "node_disk_ata_write_cache_enabled",
        "ATA disk has its write cache enabled.",
    ),
    (
        "ID_ATA_ROTATION_RATE_RPM",
        "node_disk_ata_rotation_rate_rpm",
        "ATA disk rotation rate in RPMs (0 for SSDs).",
    ),
];

fn write_properties(disk: &Disk, batch: &mut Batch) {
    let udev: &Properties = &disk.udev;
    if !udev.get("ID_FS_TYPE").is_empty() {
        let header = Header::gauge(FILESYSTEM, "Info about disk filesystem.");
        batch.family(header).sample(
            &[
                ("device", &disk.name),
                ("type", udev.get("ID_FS_TYPE")),
                ("usage", udev.get("ID_FS_USAGE")),
                ("uuid", udev.get("ID_FS_UUID")),
                ("version", udev.get("ID_FS_VERSION")),
            ],
            1.0,
        );
    }
    if !udev.get("DM_NAME").is_empty() {
        let help = "Info about disk device mapper.";
        let header = Header::gauge(MAPPER, help);
        batch.family(header).sample(
            &[
                ("device", &disk.name),
                ("lv_layer", udev.get("DM_LV_LAYER")),
                ("lv_name", udev.get("DM_LV_NAME")),
                ("name", udev.get("DM_NAME")),
                ("uuid", udev.get("DM_UUID")),
                ("vg_name", udev.get("DM_VG_NAME")),
            ],
            1.0,
        );
    }
    if udev.get("ID_ATA").is_empty() {
        return;
    }
    for (key, name, help) in ATA {
        let Some(text) = udev.find(key) else { continue };
        match number::parse(text.as_bytes()) {
            Some(value) => batch
                .family(Header::gauge(name, help))
                .sample(&[("device", &disk.name)], value),
            None => error!(device = disk.name, key, text, "Failed to parse ATA value"),
        }
    }
}
