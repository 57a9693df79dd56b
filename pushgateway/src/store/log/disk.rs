//! The only door to the disk: files and their folder, and, in tests, a disk that fails and forgets.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

#[cfg(test)]
pub(in crate::store) mod fake;

/// Where files are.
#[derive(Clone, Debug)]
pub(in crate::store) enum Disk {
    /// The system's.
    Real,
    /// A test's.
    #[cfg(test)]
    Fake(fake::FakeDisk),
}

/// An open file that no other process of ours has open.
#[derive(Debug)]
pub(in crate::store) enum File {
    /// The system's.
    Real(fs::File),
    /// A test's.
    #[cfg(test)]
    Fake(fake::FakeFile),
}

impl Disk {
    /// Opens a file, made if need be (mode 0600), and locks it for as long as it is open.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if another process has it.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        match self {
            Self::Real => open_locked(path).map(File::Real),
            #[cfg(test)]
            Self::Fake(disk) => disk.open(path).map(File::Fake),
        }
    }

    /// Puts a file in place of another.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self {
            Self::Real => fs::rename(from, to),
            #[cfg(test)]
            Self::Fake(disk) => disk.rename(from, to),
        }
    }

    /// Removes a file that may be there.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = match self {
            Self::Real => fs::remove_file(path),
            #[cfg(test)]
            Self::Fake(disk) => disk.remove(path),
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Gives a file a second name that nothing has yet.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where something has it.
    pub(super) fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self {
            Self::Real => fs::hard_link(from, to).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(error),
                // Not every file system has hard links.
                _ => copy_new(from, to),
            }),
            #[cfg(test)]
            Self::Fake(disk) => disk.link(from, to),
        }
    }

    /// Writes a file that must not be there yet, and syncs it.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where it is.
    pub(super) fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Real => {
                let file = create_new(path)?;
                file.write_all_at(bytes, 0)?;
                file.sync_all()
            }
            #[cfg(test)]
            Self::Fake(disk) => disk.write_new(path, bytes),
        }
    }

    /// Makes the names in a file's folder durable.
    pub(super) fn sync_folder(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Real => fs::File::open(folder(path))?.sync_all(),
            #[cfg(test)]
            Self::Fake(disk) => disk.sync_folder(),
        }
    }
}

impl File {
    pub(super) fn length(&self) -> io::Result<u64> {
        match self {
            Self::Real(file) => Ok(file.metadata()?.len()),
            #[cfg(test)]
            Self::Fake(file) => Ok(file.length()),
        }
    }

    /// Fills `bytes` from an offset.
    pub(super) fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        match self {
            Self::Real(file) => file.read_exact_at(bytes, at),
            #[cfg(test)]
            Self::Fake(file) => file.read_at(bytes, at),
        }
    }

    /// Writes all of `bytes` at an offset.
    pub(super) fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        match self {
            Self::Real(file) => file.write_all_at(bytes, at),
            #[cfg(test)]
            Self::Fake(file) => file.write_at(bytes, at),
        }
    }

    pub(super) fn set_length(&self, length: u64) -> io::Result<()> {
        match self {
            Self::Real(file) => file.set_len(length),
            #[cfg(test)]
            Self::Fake(file) => file.set_length(length),
        }
    }

    /// Makes room for zeros up to this length, so that syncing what is written there need not also sync the length.
    pub(super) fn allocate(&self, length: u64) -> io::Result<()> {
        match self {
            Self::Real(file) => {
                let flags = rustix::fs::FallocateFlags::empty();
                Ok(rustix::fs::fallocate(file, flags, 0, length)?)
            }
            #[cfg(test)]
            Self::Fake(file) => file.allocate(length),
        }
    }

    /// Waits until all that was written is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self {
            Self::Real(file) => file.sync_data(),
            #[cfg(test)]
            Self::Fake(file) => file.sync(),
        }
    }
}

/// The lock belongs to the file, not to its name: a file that was replaced between opening and locking is not the one.
fn open_locked(path: &Path) -> io::Result<fs::File> {
    loop {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        file.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
            fs::TryLockError::Error(error) => error,
        })?;
        let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
        match fs::metadata(path) {
            Ok(named) if identity(&named) == identity(&file.metadata()?) => return Ok(file),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
}

fn create_new(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn copy_new(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = create_new(to)?;
    io::copy(&mut fs::File::open(from)?, &mut copy)?;
    copy.sync_all()
}

/// The folder a file is in.
fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
