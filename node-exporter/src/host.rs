//! The only door to the machine: `/proc`, `/sys`, the root file system, netlink, statfs.
//!
//! A [`Host`] knows the roots that `--path.*` name. What a collector reads on every scrape it opens once as a
//! [`Source`]; what comes and goes it reads with [`read`] and lists with [`list`]. Every read has a bound, and what
//! is not a regular file (a pipe, a device, a folder) is refused: a tree is data, and a damaged one costs what it
//! held. Nothing in here knows a metric.

mod errno;
mod glob;
mod netlink;
mod read;
mod source;
mod statfs;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use promontory_exporter::flag::{Flag, Flags};

pub use errno::words as errno_words;
pub use glob::glob;
pub use netlink::{Dump, Netlink, attributes, u32_at, u64_at};
pub use read::{list, read};
pub use source::Source;
pub use statfs::{Answer, Probe, Space};

use source::Room;

/// The flags that say where the machine is.
pub const FLAGS: &[Flag] = &[
    Flag::text("path.procfs", "/proc", "procfs mountpoint."),
    Flag::text("path.sysfs", "/sys", "sysfs mountpoint."),
    Flag::text("path.rootfs", "/", "rootfs mountpoint."),
    Flag::text("path.udev.data", "/run/udev/data", "udev data path."),
];

/// Where the machine is.
#[derive(Debug)]
pub struct Host {
    procfs: PathBuf,
    sysfs: PathBuf,
    rootfs: PathBuf,
    udev: PathBuf,
    room: Arc<Room>,
}

impl Host {
    /// The host that the flags name.
    ///
    /// # Errors
    /// procfs or sysfs is not a folder: every collector would fail for the whole life of the process.
    pub fn new(flags: &Flags) -> anyhow::Result<Arc<Self>> {
        let folder = |name: &str| {
            let path = PathBuf::from(flags.text(name));
            let shown = path.display();
            let about = std::fs::metadata(&path)
                .with_context(|| format!("--{name}: could not read {shown}"))?;
            ensure!(about.is_dir(), "--{name}: {shown} is not a directory");
            anyhow::Ok(path)
        };
        Ok(Arc::new(Self {
            procfs: folder("path.procfs")?,
            sysfs: folder("path.sysfs")?,
            rootfs: PathBuf::from(flags.text("path.rootfs")),
            udev: PathBuf::from(flags.text("path.udev.data")),
            room: Arc::default(),
        }))
    }

    /// A file below procfs that is read on every scrape.
    pub fn proc(&self, name: &str) -> Source {
        Source::new(self.procfs.join(name), &self.room)
    }

    /// A file below sysfs that is read on every scrape.
    pub fn sys(&self, name: &str) -> Source {
        Source::new(self.sysfs.join(name), &self.room)
    }

    /// A path below sysfs.
    pub fn sys_path(&self, name: &str) -> PathBuf {
        self.sysfs.join(name)
    }

    /// Where the root file system is mounted.
    pub fn rootfs(&self) -> &Path {
        &self.rootfs
    }

    /// Where udev keeps what it knows of devices, if it is there.
    ///
    /// # Errors
    /// It is no folder.
    pub fn udev(&self) -> io::Result<&Path> {
        if std::fs::metadata(&self.udev)?.is_dir() {
            return Ok(&self.udev);
        }
        Err(io::ErrorKind::NotADirectory.into())
    }
}
