//! A file that is read on every scrape.
//!
//! Reading a file that is open costs a third of opening it again, so descriptors are kept, but only on procfs and
//! sysfs, where a path means the same file for as long as there is one. A file in an ordinary folder (a fixture tree,
//! lxcfs, a bind mount) may be replaced by another under the same name and is opened anew.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::read::{BYTES_MAX, Ends, Trouble, fill, open};

/// Descriptors kept by one process. A quarter of the 1,024 that a shell or systemd gives; beyond them files are
/// opened each time, which a machine with that many files hardly notices.
const KEPT_MAX: usize = 256;

/// `f_type` of sysfs (linux/magic.h).
const SYSFS_MAGIC: u64 = 0x6265_6572;

/// How many descriptors are kept.
#[derive(Debug, Default)]
pub(super) struct Room {
    kept: AtomicUsize,
}

/// A file that is read again and again.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    room: Arc<Room>,
    kept: Option<Kept>,
}

/// An open descriptor, counted while it lives.
#[derive(Debug)]
struct Kept {
    file: OwnedFd,
    ends: Ends,
    room: Arc<Room>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.room.kept.fetch_sub(1, Relaxed);
    }
}

impl Source {
    pub(super) fn new(path: PathBuf, room: &Arc<Room>) -> Self {
        Self {
            path,
            room: Arc::clone(room),
            kept: None,
        }
    }

    /// Reads the whole file into the buffer, in place of what was there, and gives it back.
    ///
    /// # Errors
    /// It is not there, not regular, too long, or cannot be read; the message names it.
    pub fn read<'b>(&mut self, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        if let Some(kept) = &self.kept {
            match fill(&kept.file, kept.ends, BYTES_MAX, buffer) {
                Ok(()) => return Ok(buffer),
                Err(Trouble::TooLong) => return Err(Trouble::TooLong.at(&self.path)),
                // The device behind it went away (ENODEV), or the mount did (ESTALE): perhaps there is another.
                Err(Trouble::Errno(_)) => self.kept = None,
            }
        }
        let (file, _) = open(&self.path)?;
        let kernel = kernel(&file);
        let filled = fill(&file, kernel.unwrap_or(Ends::Empty), BYTES_MAX, buffer);
        filled.map_err(|trouble| trouble.at(&self.path))?;
        if let Some(ends) = kernel {
            self.keep(file, ends);
        }
        Ok(buffer)
    }

    /// Whether the kernel itself made this file, so that what cannot change there needs no second look. Only after
    /// a read.
    pub fn is_kernel(&self) -> bool {
        self.kept.is_some()
    }

    /// Closes the descriptor; the next read opens the file again.
    pub fn release(&mut self) {
        self.kept = None;
    }

    fn keep(&mut self, file: OwnedFd, ends: Ends) {
        if self.room.kept.fetch_add(1, Relaxed) >= KEPT_MAX {
            self.room.kept.fetch_sub(1, Relaxed);
            return;
        }
        let room = Arc::clone(&self.room);
        self.kept = Some(Kept { file, ends, room });
    }
}

/// How a file ends if procfs or sysfs made it.
fn kernel(file: &OwnedFd) -> Option<Ends> {
    let about = rustix::fs::fstatfs(file).ok()?;
    // The type of the field differs between machines, its values do not.
    let magic = about.f_type as u64;
    if magic == rustix::fs::PROC_SUPER_MAGIC as u64 {
        Some(Ends::Empty)
    } else if magic == SYSFS_MAGIC {
        Some(Ends::Short)
    } else {
        None
    }
}
