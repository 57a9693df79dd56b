//! `node_filesystem_*`: the mounted file systems and their room.
//!
//! `filesystem/mounts.rs` reads mountinfo, and only when it has changed; [`Probe`] asks each file system for its room
//! without waiting for one that is dead. Such a mount is shown as `device_error="mountpoint timeout"` until it answers.

mod mounts;

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};

use anyhow::bail;
use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::{Flag, Flags};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;
use tracing::{info, warn};

use super::{Row, Trouble, lock};
use crate::host::{Answer, Host, Probe, Source, Space, errno_words};
use crate::pattern::Selection;
use mounts::{Mount, Mounts};

pub(super) const ROW: Row = Row {
    name: "filesystem",
    default: true,
    about: "Room in the mounted file systems.",
    reads: "`/proc/1/mountinfo` (else `self`), statfs(2) of each mount point below `--path.rootfs`",
    owns,
    flags: FLAGS,
    start,
};

const DEVICE_ERROR: &str = "node_filesystem_device_error";
const READONLY: &str = "node_filesystem_readonly";
const MOUNT_INFO: &str = "node_filesystem_mount_info";

fn owns(name: &str) -> bool {
    [DEVICE_ERROR, READONLY, MOUNT_INFO].contains(&name)
        || SPACE.iter().any(|(own, ..)| *own == name)
}

/// The names of the three flags that choose by one property.
struct Choice {
    exclude: &'static str,
    old: &'static str,
    include: &'static str,
}

const POINTS: Choice = Choice {
    exclude: "collector.filesystem.mount-points-exclude",
    old: "collector.filesystem.ignored-mount-points",
    include: "collector.filesystem.mount-points-include",
};

const TYPES: Choice = Choice {
    exclude: "collector.filesystem.fs-types-exclude",
    old: "collector.filesystem.ignored-fs-types",
    include: "collector.filesystem.fs-types-include",
};

const FLAGS: &[Flag] = &[
    Flag::text(
        POINTS.exclude,
        "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
        "Regexp of mount points to exclude for filesystem collector. (mutually exclusive to mount-points-include)",
    ),
    Flag::text(
        POINTS.old,
        "",
        "Regexp of mount points to ignore for filesystem collector.",
    )
    .hidden(),
    Flag::text(
        POINTS.include,
        "",
        "Regexp of mount points to include for filesystem collector. (mutually exclusive to mount-points-exclude)",
    )
    .placeholder("COLLECTOR.FILESYSTEM.MOUNT-POINTS-INCLUDE"),
    Flag::text(
        TYPES.exclude,
        "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$",
        "Regexp of filesystem types to exclude for filesystem collector. (mutually exclusive to fs-types-include)",
    ),
    Flag::text(
        TYPES.old,
        "",
        "Regexp of filesystem types to ignore for filesystem collector.",
    )
    .hidden(),
    Flag::text(
        TYPES.include,
        "",
        "Regexp of filesystem types to include for filesystem collector. (mutually exclusive to fs-types-exclude)",
    )
    .placeholder("COLLECTOR.FILESYSTEM.FS-TYPES-INCLUDE"),
    TIMEOUT,
    WORKERS,
];

/// Upstream's default is five seconds, half of what a scrape may take; a live mount answers within milliseconds.
const TIMEOUT: Flag = Flag::duration(
    "collector.filesystem.mount-timeout",
    "300ms",
    "how long to wait for a mount to respond before marking it as stale",
)
.hidden();

const WORKERS: Flag = Flag::integer(
    "collector.filesystem.stat-workers",
    4,
    "how many stat calls to process simultaneously",
)
.hidden();

impl Choice {
    /// The selection that the flags ask for, with upstream's rules about which of them go together.
    fn selection(&self, flags: &Flags) -> anyhow::Result<Selection> {
        let given = flags.given(self.exclude);
        let mut exclude = flags.text(self.exclude);
        let (old, include) = (flags.text(self.old), flags.text(self.include));
        if !old.is_empty() {
            if given {
                bail!(
                    "--{} and --{} are mutually exclusive",
                    self.old,
                    self.exclude
                );
            }
            warn!(
                "--{} is DEPRECATED and will be removed in 2.0.0, use --{}",
                self.old, self.exclude
            );
            exclude = old;
        }
        if !include.is_empty() && !given {
            exclude = "";
        }
        if !include.is_empty() && !exclude.is_empty() {
            bail!(
                "--{} and --{} are mutually exclusive",
                self.exclude,
                self.include
            );
        }
        for (flag, value) in [(self.exclude, exclude), (self.include, include)] {
            if !value.is_empty() {
                info!(flag = value, "Parsed flag --{flag}");
            }
        }
        Selection::new((self.exclude, exclude), (self.include, include))
    }
}

struct Filesystem {
    probe: Probe,
    state: Mutex<State>,
}

struct State {
    /// Of the first process, whose mounts are the machine's; of our own where that one is hidden.
    sources: [Source; 2],
    buffer: Vec<u8>,
    mounts: Mounts,
}

fn start(flags: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    let joining = usize::try_from(flags.integer(&WORKERS.name)).unwrap_or(1);
    let mounts = Mounts::new(
        host.rootfs(),
        POINTS.selection(flags)?,
        TYPES.selection(flags)?,
    );
    Ok(Box::new(Filesystem {
        probe: Probe::new(flags.duration(&TIMEOUT.name), joining),
        state: Mutex::new(State {
            sources: ["1", "self"].map(|process| host.proc(&format!("{process}/mountinfo"))),
            buffer: Vec::new(),
            mounts,
        }),
    }))
}

impl Collector for Filesystem {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut locked = lock(&self.state);
        let State {
            sources: [first, own],
            buffer,
            mounts,
        } = &mut *locked;
        let mut trouble = Trouble::default();
        let read = match first.read(buffer) {
            Err(err) if err.kind() == ErrorKind::NotFound => own.read(buffer),
            read => read,
        };
        read?;
        mounts.update(buffer);
        if let Some(line) = mounts.broken() {
            trouble.line("mountinfo", line);
        }
        let answers = self.probe.ask(mounts.paths());
        let shown: Vec<Shown<'_>> = mounts
            .iter()
            .map(|mount| Shown::new(mount, answers[mount.path]))
            .collect();
        write(&shown, batch);
        trouble.outcome()
    }
}

/// A mount and what came of asking it.
struct Shown<'m> {
    mount: &'m Mount,
    space: Option<Space>,
    error: String,
}

impl<'m> Shown<'m> {
    fn new(mount: &'m Mount, answer: Answer) -> Self {
        let (space, error) = match answer {
            Answer::Space(space) => (Some(space), String::new()),
            Answer::Failed(errno) => (None, errno_words(errno)),
            Answer::Silent => (None, "mountpoint timeout".to_owned()),
        };
        Self {
            mount,
            space,
            error,
        }
    }
}

/// Families of what a file system says of itself.
type SpaceRow = (&'static str, &'static str, fn(&Space) -> f64);

const SPACE: [SpaceRow; 6] = [
    (
        "node_filesystem_size_bytes",
        "Filesystem size in bytes.",
        |space| space.blocks as f64 * space.block_bytes,
    ),
    (
        "node_filesystem_free_bytes",
        "Filesystem free space in bytes.",
        |space| space.free as f64 * space.block_bytes,
    ),
    (
        "node_filesystem_avail_bytes",
        "Filesystem space available to non-root users in bytes.",
        |space| space.available as f64 * space.block_bytes,
    ),
    (
        "node_filesystem_files",
        "Filesystem total file nodes.",
        |space| space.files as f64,
    ),
    (
        "node_filesystem_files_free",
        "Filesystem total free file nodes.",
        |space| space.files_free as f64,
    ),
    // Only macOS has such space, but 1.12 shows the family everywhere.
    (
        "node_filesystem_purgeable_bytes",
        "Filesystem space available including purgeable space (MacOS specific).",
        |_| 0.0,
    ),
];

fn write(shown: &[Shown<'_>], batch: &mut Batch) {
    let mut family = |name: &str, help: &str, value: &dyn Fn(&Shown<'_>) -> Option<f64>| {
        let mut family = batch.family(Header::gauge(name, help));
        for shown in shown.iter().filter(|shown| shown.mount.has_room) {
            let Some(value) = value(shown) else { continue };
            let labels = [
                ("device", &*shown.mount.device),
                ("device_error", &shown.error),
                ("fstype", &shown.mount.fstype),
                ("mountpoint", &shown.mount.point),
            ];
            family.sample(&labels, value);
        }
    };
    family(
        DEVICE_ERROR,
        "Whether an error occurred while getting statistics for the given device.",
        &|shown| Some(f64::from(u8::from(shown.space.is_none()))),
    );
    family(READONLY, "Filesystem read-only status.", &|shown| {
        Some(f64::from(u8::from(shown.mount.read_only)))
    });
    for (name, help, value) in SPACE {
        family(name, help, &|shown| shown.space.as_ref().map(value));
    }
    let header = Header::gauge(MOUNT_INFO, "Filesystem mount information.");
    let mut family = batch.family(header);
    for Shown { mount, space, .. } in shown {
        if mount.has_info && space.is_some() {
            let labels = [
                ("device", &*mount.device),
                ("major", &mount.major.to_string()),
                ("minor", &mount.minor.to_string()),
                ("mountpoint", &mount.point),
            ];
            family.sample(&labels, 1.0);
        }
    }
}
