//! Opening a file: is it ours, is it whole, and what becomes of it where it is not.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use tracing::{error, info, warn};

use super::disk::{Disk, File};
use super::frame::{HEAD, Head, VERSION, read_head};
use super::fresh::{Fresh, rewrite};
use super::scan::Found;
use super::source::Source;
use super::write::{Place, Writer};
use super::{LogStore, beside};
use crate::store::{Figures, Op, StoreError};

/// See [`LogStore::open`].
pub(in crate::store) fn open(
    disk: Disk,
    path: &Path,
    dead_min: u64,
) -> Result<LogStore, StoreError> {
    let cannot = |error: io::Error| cannot_open(path, &explain(&error));
    let file = disk.open(path).map_err(cannot)?;
    let head = first_bytes(&file).map_err(cannot)?;
    let (id, start, whole) = match read_head(&head) {
        Head::Empty => return begin(disk, path, file, dead_min).map_err(cannot),
        Head::Ours { id, chain, whole } => (id, Place::start(chain), whole),
        // No frame has this id, so all of it counts as damaged.
        Head::Cut => (super::random(), Place::start(0), false),
        Head::Version(found) => {
            return Err(StoreError::Version {
                path: path.display().to_string(),
                found,
                known: VERSION,
            });
        }
        Head::Damaged => return Err(cannot_open(path, DAMAGED)),
        Head::Redb => return Err(cannot_open(path, REDB)),
        Head::Foreign => return Err(cannot_open(path, FOREIGN)),
    };
    let source = Source {
        file: Arc::new(file),
        id,
        start,
    };
    resume(disk, path, source, whole, dead_min).map_err(cannot)
}

const DAMAGED: &str = "both copies of its head are damaged; it was left as it is";
const REDB: &str = "it was written by an earlier build of this program, in another layout; it was left as it is. Start that \
    build to read it, or name another file";
const FOREIGN: &str = "it is not a file of this program; it was left as it is. Name another file";

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock => "another process has it open".to_owned(),
        _ => error.to_string(),
    }
}

fn cannot_open(path: &Path, reason: &str) -> StoreError {
    StoreError::Open {
        path: path.display().to_string(),
        reason: reason.to_owned(),
    }
}

fn first_bytes(file: &File) -> io::Result<Vec<u8>> {
    let length = usize::try_from(file.length()?).unwrap_or(usize::MAX);
    // One more than the head: a longer file of zeros is not a new one.
    let mut bytes = vec![0; length.min(HEAD + 1)];
    file.read_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Takes a new file into use.
fn begin(disk: Disk, path: &Path, file: File, dead_min: u64) -> io::Result<LogStore> {
    let mut fresh = Fresh::begin(file)?;
    fresh.sync()?;
    disk.sync_folder(path)?;
    Ok(store(disk, path, fresh, Figures::default(), dead_min))
}

fn store(disk: Disk, path: &Path, fresh: Fresh, figures: Figures, dead_min: u64) -> LogStore {
    let Fresh {
        file,
        id,
        start,
        end,
        index,
        ..
    } = fresh;
    let store = LogStore {
        disk,
        path: path.to_owned(),
        source: Source { file, id, start },
        index,
        writer: Writer::default(),
        end,
        synced: end,
        cut: None,
        folder_unsynced: false,
        compaction: None,
        room: Some(end.at),
        dead_min,
        dead_next: dead_min,
        figures: Arc::new(figures),
    };
    store.tell();
    store
}

/// Takes a file of ours into use; all its damage is dealt with first.
fn resume(
    disk: Disk,
    path: &Path,
    source: Source,
    whole: bool,
    dead_min: u64,
) -> io::Result<LogStore> {
    // Of a rewrite that a crash interrupted.
    disk.remove(&beside(path, ".new"))?;
    let length = source.file.length()?;
    let (index, mut found) = source.index(length)?;
    if !whole {
        found.damaged += length.min(HEAD as u64);
    }
    let figures = Figures::default();
    figures.damaged_bytes.set(found.damaged);
    figures.torn_bytes.set(found.torn);
    if found.damaged > 0 {
        let fresh = recover(&disk, path, &source, length, found)?;
        return Ok(store(disk, path, fresh, figures, dead_min));
    }
    if found.torn > 0 {
        set_torn_aside(&disk, path, &source.file, found)?;
    }
    if found.end.at < length {
        source.file.set_length(found.end.at)?;
    }
    // Whoever wrote it may have ended before its last sync.
    source.file.sync()?;
    disk.sync_folder(path)?;
    let mut store = store(
        disk,
        path,
        Fresh::resumed(source, found.end, index),
        figures,
        dead_min,
    );
    store.compact_at_start();
    Ok(store)
}

/// Keeps the bytes of a write that never ended under a name of their own. Nothing of it was ever acknowledged.
fn set_torn_aside(disk: &Disk, path: &Path, file: &File, found: Found) -> io::Result<()> {
    let mut bytes = vec![0; usize::try_from(found.torn).map_err(io::Error::other)?];
    file.read_at(&mut bytes, found.end.at)?;
    let name = free_name(path, "torn", |name| disk.write_new(name, &bytes))?;
    warn!(
        bytes = found.torn, aside = %name.display(),
        "The last write to the persistence file was not finished; it was never acknowledged."
    );
    Ok(())
}

/// Puts what is whole into a new file and keeps the damaged one under another name.
fn recover(
    disk: &Disk,
    path: &Path,
    source: &Source,
    length: u64,
    found: Found,
) -> io::Result<Fresh> {
    let new = beside(path, ".new");
    let (mut fresh, _) = rewrite(disk, &new, source, length, &AtomicBool::new(false))?;
    fresh.sync()?;
    let aside = put_in_place(disk, path, &new, "damaged")?;
    error!(
        damaged_bytes = found.damaged, whole_batches = found.batches, records = fresh.index.len(), aside = %aside.display(),
        "The persistence file is damaged. What is whole was recovered; some of what was acknowledged may be missing."
    );
    Ok(fresh)
}

/// Gives a new file the name of the old one, which is kept under another. At no moment is there none.
fn put_in_place(disk: &Disk, path: &Path, new: &Path, suffix: &str) -> io::Result<PathBuf> {
    let aside = free_name(path, suffix, |name| disk.link(path, name))?;
    disk.sync_folder(path)?;
    disk.rename(new, path)?;
    disk.sync_folder(path)?;
    Ok(aside)
}

/// See [`LogStore::replace`].
pub(super) fn replace(
    disk: &Disk,
    path: &Path,
    suffix: &str,
    records: &mut dyn Iterator<Item = Op>,
) -> Result<PathBuf, StoreError> {
    let replaced = || {
        let old = disk.open(path)?;
        if read_head(&first_bytes(&old)?) != Head::Foreign {
            return Err(io::Error::other("another process changed it"));
        }
        let new = beside(path, ".new");
        let mut fresh = Fresh::create(disk, &new)?;
        for record in records {
            if let Op::Put { key, value } = record {
                fresh.put(&key, &value)?;
            }
        }
        fresh.flush()?;
        fresh.sync()?;
        let aside = put_in_place(disk, path, &new, suffix)?;
        drop(old);
        info!(records = fresh.index.len(), aside = %aside.display(), "Wrote a new persistence file.");
        Ok(aside)
    };
    replaced().map_err(|error: io::Error| cannot_open(path, &explain(&error)))
}

/// Does something with `PATH.SUFFIX-TIME`, or, where that is taken, with `PATH.SUFFIX-TIME-2` and so on.
fn free_name(
    path: &Path,
    suffix: &str,
    mut take: impl FnMut(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let seconds = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mut name = beside(path, &format!(".{suffix}-{seconds}"));
    for next in 2.. {
        match take(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                name = beside(path, &format!(".{suffix}-{seconds}-{next}"));
            }
            other => return other.map(|()| name),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
