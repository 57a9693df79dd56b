//! One read of one file, and one listing of one folder, each with a bound.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Mode, OFlags};

/// What the kernel is asked for at first: its own files fit a page, and asking for more makes it allocate more.
const PAGE: usize = 4096;

/// What no file of a machine is longer than; the longest, `/proc/stat` and `mountinfo` of huge machines, have a few
/// hundred kilobytes.
pub(super) const BYTES_MAX: usize = 16 << 20;

/// The most entries of a folder that are looked at.
const ENTRIES_MAX: usize = 65_536;

/// Seconds since the epoch.
type Seconds = i64;

/// Where the content of a file ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ends {
    /// At a read that gives nothing. Files of `/proc` give their content in pieces.
    Empty,
    /// At a read that does not fill the buffer: sysfs has its content ready as a whole.
    Short,
}

/// Opens a file for reading, without waiting for anyone on the other side of it, and tells when it was written.
pub(super) fn open(path: &Path) -> io::Result<(OwnedFd, Seconds)> {
    // NONBLOCK: opening a pipe without a writer would wait for one.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|err| named(path, err))?;
    let about = rustix::fs::fstat(&file).map_err(|err| named(path, err))?;
    match FileType::from_raw_mode(about.st_mode) {
        FileType::RegularFile => Ok((file, about.st_mtime as Seconds)),
        FileType::Directory => Err(named(path, rustix::io::Errno::ISDIR)),
        // A pipe or a device may never end, or may change something when it is read.
        _ => Err(io::Error::other(format!(
            "{}: not a regular file",
            path.display()
        ))),
    }
}

/// Reads a file from its beginning into the buffer, in place of what was there.
pub(super) fn fill(
    file: impl AsFd,
    ends: Ends,
    bytes_max: usize,
    buffer: &mut Vec<u8>,
) -> Result<(), Trouble> {
    buffer.clear();
    buffer.reserve(PAGE);
    loop {
        if buffer.len() == buffer.capacity() {
            buffer.reserve(buffer.len());
        }
        let room = buffer.capacity() - buffer.len();
        let offset = buffer.len() as u64;
        match rustix::io::pread(&file, spare_capacity(buffer), offset) {
            Ok(0) => return Ok(()),
            Ok(count) if count < room && ends == Ends::Short => return Ok(()),
            Ok(_) if buffer.len() > bytes_max => return Err(Trouble::TooLong),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => {}
            Err(err) => return Err(Trouble::Errno(err)),
        }
    }
}

/// Why a read gave nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    TooLong,
    Errno(rustix::io::Errno),
}

impl Trouble {
    pub(super) fn at(self, path: &Path) -> io::Error {
        match self {
            Self::TooLong => io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("{}: longer than any such file is", path.display()),
            ),
            Self::Errno(err) => named(path, err),
        }
    }
}

/// Reads a file that comes and goes, of at most `bytes_max` bytes, and tells when it was written (seconds since the
/// epoch).
///
/// # Errors
/// It is not there, not regular, too long, or cannot be read; the message names it.
pub fn read(path: &Path, bytes_max: usize, buffer: &mut Vec<u8>) -> io::Result<i64> {
    let (file, written) = open(path)?;
    fill(&file, Ends::Empty, bytes_max, buffer).map_err(|trouble| trouble.at(path))?;
    Ok(written)
}

/// The names in a folder, sorted, with any bound on their number kept.
///
/// # Errors
/// It cannot be listed; the message names it.
pub fn list(folder: &Path) -> io::Result<Vec<OsString>> {
    let named = |err: io::Error| io::Error::new(err.kind(), format!("{}: {err}", folder.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(named)?.take(ENTRIES_MAX) {
        names.push(entry.map_err(named)?.file_name());
    }
    names.sort();
    Ok(names)
}

/// An error that names its file and keeps its kind.
fn named(path: &Path, err: rustix::io::Errno) -> io::Error {
    let err = io::Error::from(err);
    io::Error::new(err.kind(), format!("{}: {err}", path.display()))
}
