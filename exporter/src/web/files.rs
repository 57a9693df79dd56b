//! The files a web config is made of, and whether one of them changed since it was read.
//!
//! Two looks: a cheap one at the stamp (times, length, inode), and one at the content when the stamp moved or
//! cannot be trusted yet. A file system's clock is coarse: two writes within one tick leave the same time, so a
//! file written less than [`SETTLED`] before it was read is read again until it is older.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// No honest certificate or config comes near this.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// A stamp older than this at the time of reading is trusted.
const SETTLED: Duration = Duration::from_secs(2);

/// Everything read for one config, in order.
#[derive(Debug, Default)]
pub(super) struct Files {
    read: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    path: PathBuf,
    stamp: Option<Stamp>,
    settled: bool,
    /// The content, or why there is none.
    content: Result<Vec<u8>, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    bytes: u64,
    inode: (u64, u64),
}

impl Files {
    /// Reads a file and remembers it. The error is in words, without the path.
    pub(super) fn read(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        // The stamp comes first: a change in between makes the next look different, never the same.
        let stamp = Stamp::of(path);
        let content = read_bounded(path).map_err(|error| error.to_string());
        self.read.push(Seen {
            path: path.to_owned(),
            settled: stamp.is_some_and(|stamp| stamp.is_settled()),
            stamp,
            content: content.clone(),
        });
        content
    }

    /// Whether it is worth reading the files again.
    pub(super) fn may_have_changed(&self) -> bool {
        let moved = |seen: &Seen| !seen.settled || Stamp::of(&seen.path) != seen.stamp;
        self.read.iter().any(moved)
    }

    /// Whether both have read the same from the same places.
    pub(super) fn same_as(&self, other: &Files) -> bool {
        let of = |files: &Files| files.read.len();
        let mut pairs = self.read.iter().zip(&other.read);
        of(self) == of(other) && pairs.all(|(a, b)| a.path == b.path && a.content == b.content)
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        let meta = fs::metadata(path).ok()?;
        Some(Stamp {
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
            bytes: meta.len(),
            inode: (meta.dev(), meta.ino()),
        })
    }

    fn is_settled(&self) -> bool {
        let (seconds, nanos) = self.modified.max(self.changed);
        let written = UNIX_EPOCH
            + Duration::new(
                u64::try_from(seconds).unwrap_or(0),
                u32::try_from(nanos).unwrap_or(0),
            );
        let age = SystemTime::now().duration_since(written);
        age.is_ok_and(|age| age > SETTLED)
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let file = File::open(path)?;
    // A named pipe or a device would block or never end.
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content)?;
    if content.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other(format!(
            "larger than {FILE_BYTES_MAX} bytes"
        )));
    }
    Ok(content)
}
