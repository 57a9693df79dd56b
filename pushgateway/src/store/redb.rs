//! The durable store: one redb file.
//!
//! redb is a copy-on-write B-tree with a checksum on every page: a crash at any moment leaves the last
//! synced commit. The whole file is checked when it is opened, so a damaged one is refused, never trusted
//! and never overwritten (upstream starts empty and replaces it).
//!
//! The file holds two tables: `promontory_pushgateway` with the layout's version under `version`, and
//! `families` with the records that [`super`] describes.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition, TableHandle};

use super::{Op, Store, StoreError, Sync, Visit};

/// The layout described in [`super`].
const VERSION: u32 = 1;

/// Everything held is in memory already; redb's cache only has to hold the pages of one batch.
const CACHE_BYTES: usize = 4 << 20;

const META: TableDefinition<'_, &str, u32> = TableDefinition::new("promontory_pushgateway");
const FAMILIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("families");

/// Opens the database, anew after each failure.
pub(super) type OpenDatabase = Box<dyn Fn(Opening) -> Result<Database, redb::DatabaseError> + Send>;

/// Whether a database may be made where none is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Opening {
    /// At the start of the program.
    First,
    /// After a failure: a file that is gone by then must not be replaced by an empty one.
    Again,
}

/// A store in one redb file, locked for as long as it is open.
pub struct RedbStore {
    path: PathBuf,
    open: OpenDatabase,
    /// `None` after a failed commit: redb refuses a handle that saw an I/O error, so the next commit opens
    /// the file again, which checks it and goes back to the last commit that is whole.
    database: Option<Database>,
}

impl RedbStore {
    /// Opens or creates the file (mode 0600). An empty file is taken as new.
    ///
    /// # Errors
    /// [`StoreError::Open`] and [`StoreError::Version`]; the file is left as it is.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = path.to_owned();
        Self::opened_by(path, Box::new(move |opening| open_file(&file, opening)))
    }

    /// Opens a store on any bytes; for tests with faults.
    pub(super) fn opened_by(path: &Path, open: OpenDatabase) -> Result<Self, StoreError> {
        let mut store = Self {
            path: path.to_owned(),
            open,
            database: None,
        };
        store.database = Some(store.open_database(Opening::First)?);
        Ok(store)
    }

    fn open_database(&self, opening: Opening) -> Result<Database, StoreError> {
        let database = (self.open)(opening).map_err(|error| self.cannot_open(explain(error)))?;
        self.check_layout(&database)?;
        Ok(database)
    }

    /// The open database; opened again where the last commit failed.
    fn take_database(&mut self) -> Result<Database, StoreError> {
        match self.database.take() {
            Some(database) => Ok(database),
            None => self.open_database(Opening::Again),
        }
    }

    /// Takes a new file into use, and refuses one that somebody else made.
    fn check_layout(&self, database: &Database) -> Result<(), StoreError> {
        match read_version(database).map_err(|error| self.cannot_open(error))? {
            Layout::Version(VERSION) => Ok(()),
            Layout::Version(found) => Err(StoreError::Version {
                path: self.path.display().to_string(),
                found,
                known: VERSION,
            }),
            Layout::Foreign => Err(self.cannot_open("it is a redb file of another program")),
            Layout::New => write_version(database).map_err(|error| self.cannot_open(error)),
        }
    }

    fn cannot_open(&self, reason: impl ToString) -> StoreError {
        StoreError::Open {
            path: self.path.display().to_string(),
            reason: reason.to_string(),
        }
    }
}

impl Store for RedbStore {
    fn load(&mut self, each: &mut Visit<'_>) -> Result<(), StoreError> {
        let database = self.take_database()?;
        let database = self.database.insert(database);
        let table = read_table(database).map_err(|error| StoreError::Read(error.to_string()))?;
        let records = table
            .iter()
            .map_err(|error| StoreError::Read(error.to_string()))?;
        for record in records {
            let (key, value) = record.map_err(|error| StoreError::Read(error.to_string()))?;
            each(key.value(), value.value())?;
        }
        Ok(())
    }

    fn commit(&mut self, batch: &[Op], sync: Sync) -> Result<(), StoreError> {
        let database = self.take_database()?;
        // Put back only after success: a failed handle is closed here.
        commit(&database, batch, sync).map_err(|error| StoreError::Write(error.to_string()))?;
        self.database = Some(database);
        Ok(())
    }
}

/// Why a file could not be opened, in words for someone who swapped programs and kept the file's name.
fn explain(error: redb::DatabaseError) -> String {
    match error {
        redb::DatabaseError::Storage(redb::StorageError::Io(error))
            if error.kind() == std::io::ErrorKind::InvalidData =>
        {
            format!(
                "it does not begin as a store of this program does ({error}); it was left as it is. \
                 A file of prometheus/pushgateway cannot be read: name another file"
            )
        }
        error => error.to_string(),
    }
}

fn read_table(
    database: &Database,
) -> Result<redb::ReadOnlyTable<&'static [u8], &'static [u8]>, redb::Error> {
    Ok(database.begin_read()?.open_table(FAMILIES)?)
}

fn commit(database: &Database, batch: &[Op], sync: Sync) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(match sync {
        Sync::Now => Durability::Immediate,
        Sync::Later => Durability::None,
    })?;
    {
        let mut table = transaction.open_table(FAMILIES)?;
        for op in batch {
            match op {
                Op::Put { key, value } => {
                    table.insert(key.as_slice(), value.as_slice())?;
                }
                Op::Delete { key } => {
                    table.remove(key.as_slice())?;
                }
                Op::Clear => table.retain(|_, _| false)?,
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// What a file turned out to be.
enum Layout {
    New,
    Foreign,
    Version(u32),
}

fn read_version(database: &Database) -> Result<Layout, redb::Error> {
    let transaction = database.begin_read()?;
    let mut tables = transaction.list_tables()?.peekable();
    if tables.peek().is_none() && transaction.list_multimap_tables()?.next().is_none() {
        return Ok(Layout::New);
    }
    if !tables.any(|table| table.name() == META.name()) {
        return Ok(Layout::Foreign);
    }
    let version = transaction
        .open_table(META)?
        .get("version")?
        .map(|version| version.value());
    Ok(version.map_or(Layout::Foreign, Layout::Version))
}

fn write_version(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert("version", VERSION)?;
    transaction.open_table(FAMILIES)?;
    transaction.commit()?;
    Ok(())
}

fn open_file(path: &Path, opening: Opening) -> Result<Database, redb::DatabaseError> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(opening == Opening::First)
        .truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // A new file survives a crash only when its folder was synced too.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    builder().create_with_backend(FileBackend::new(file)?)
}

/// How every database of ours is opened.
pub(super) fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(true);
    builder
}
