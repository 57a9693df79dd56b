//! A disk in memory that fails when it is told to, writes by halves, and forgets what was not synced.
//!
//! As on Linux, a failed sync takes the pages for written: the next one does not try them again.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// The disk; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct FakeDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Names as the running system sees them.
    names: BTreeMap<PathBuf, usize>,
    /// Names as of the last sync of the folder.
    durable_names: BTreeMap<PathBuf, usize>,
    files: Vec<Content>,
    /// How many more changes of the disk succeed; `None`: all.
    healthy: Option<u64>,
    /// Whether it fails once and is well again, or for good.
    once: bool,
    changes: u64,
    dice: u64,
}

#[derive(Debug, Default)]
struct Content {
    cached: Vec<u8>,
    durable: Vec<u8>,
    /// What the next sync brings to the disk.
    dirty: Vec<Change>,
    locked: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

/// An open file.
#[derive(Debug)]
pub(in crate::store) struct FakeFile {
    disk: FakeDisk,
    number: usize,
}

impl FakeDisk {
    /// A disk whose accidents follow from a seed.
    pub(in crate::store) fn seeded(seed: u64) -> Self {
        let disk = Self::default();
        disk.state().dice = seed;
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Lets so many changes succeed, and none after them.
    pub(in crate::store) fn fail_after(&self, changes: u64) {
        let mut state = self.state();
        (state.healthy, state.once) = (Some(changes), false);
    }

    /// Lets so many changes succeed, and all but one after them.
    pub(in crate::store) fn fail_once_after(&self, changes: u64) {
        let mut state = self.state();
        (state.healthy, state.once) = (Some(changes), true);
    }

    pub(in crate::store) fn heal(&self) {
        self.state().healthy = None;
    }

    /// Changes so far, failed ones among them.
    pub(in crate::store) fn changes(&self) -> u64 {
        self.state().changes
    }

    /// What a process finds after the power failed: of what was not synced, some pages or none; of names that were not
    /// synced, the first few or none. No file is open any more.
    pub(in crate::store) fn after_power_cut(&self) -> Self {
        let mut state = self.state();
        let mut files = Vec::new();
        for number in 0..state.files.len() {
            let mut durable = state.files[number].durable.clone();
            for change in state.files[number].dirty.clone() {
                state.write_back(&mut durable, &change);
            }
            files.push(Content {
                cached: durable.clone(),
                durable,
                ..Content::default()
            });
        }
        let names = match state.roll(2) {
            0 => state.durable_names.clone(),
            _ => state.names.clone(),
        };
        Self(Arc::new(Mutex::new(State {
            durable_names: names.clone(),
            names,
            files,
            dice: state.roll(u64::MAX),
            ..State::default()
        })))
    }

    /// What a process finds after the one before was killed.
    pub(in crate::store) fn after_kill(&self) -> Self {
        let state = self.state();
        let whole = |content: &Content| Content {
            cached: content.cached.clone(),
            durable: content.cached.clone(),
            ..Content::default()
        };
        Self(Arc::new(Mutex::new(State {
            names: state.names.clone(),
            durable_names: state.names.clone(),
            files: state.files.iter().map(whole).collect(),
            dice: state.dice,
            ..State::default()
        })))
    }

    /// The names there are.
    pub(in crate::store) fn names(&self) -> Vec<PathBuf> {
        self.state().names.keys().cloned().collect()
    }

    /// What a file holds.
    pub(in crate::store) fn read(&self, path: &Path) -> Vec<u8> {
        let state = self.state();
        state.files[state.names[path]].cached.clone()
    }

    pub(super) fn open(&self, path: &Path) -> io::Result<FakeFile> {
        let mut state = self.state();
        let number = match state.names.get(path) {
            Some(number) => *number,
            None => {
                state.step()?;
                state.create(path)
            }
        };
        if std::mem::replace(&mut state.files[number].locked, true) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let disk = self.clone();
        Ok(FakeFile { disk, number })
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        let number = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), number);
        Ok(())
    }

    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if !state.names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.step()?;
        state.names.remove(path);
        Ok(())
    }

    pub(super) fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        if state.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let number = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), number);
        Ok(())
    }

    pub(in crate::store) fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let number = state.create(path);
        state.files[number].cached = bytes.to_vec();
        state.files[number].durable = bytes.to_vec();
        Ok(())
    }

    pub(super) fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        state.durable_names = state.names.clone();
        Ok(())
    }
}

impl State {
    fn create(&mut self, path: &Path) -> usize {
        self.files.push(Content::default());
        self.names.insert(path.to_owned(), self.files.len() - 1);
        self.files.len() - 1
    }

    fn step(&mut self) -> io::Result<()> {
        self.changes += 1;
        match self.healthy {
            Some(0) => {
                if self.once {
                    self.healthy = None;
                }
                Err(io::ErrorKind::StorageFull.into())
            }
            Some(left) => {
                self.healthy = Some(left - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// SplitMix64.
    fn roll(&mut self, below: u64) -> u64 {
        self.dice = self.dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % below
    }

    /// Lets a change that was not synced reach the disk: whole, in part, or not at all.
    fn write_back(&mut self, durable: &mut Vec<u8>, change: &Change) {
        let Change::Write(at, bytes) = change else {
            if self.roll(2) == 0 {
                apply(durable, change);
            }
            return;
        };
        match self.roll(4) {
            0 => {}
            1 => apply(durable, change),
            2 => {
                let kept = self.roll(bytes.len() as u64 + 1) as usize;
                apply(durable, &Change::Write(*at, bytes[..kept].to_vec()));
            }
            _ => {
                for (page, part) in bytes.chunks(512).enumerate() {
                    if self.roll(2) == 0 {
                        apply(
                            durable,
                            &Change::Write(at + 512 * page as u64, part.to_vec()),
                        );
                    }
                }
            }
        }
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, bytes) => {
            let at = *at as usize;
            if content.len() < at + bytes.len() {
                content.resize(at + bytes.len(), 0);
            }
            content[at..at + bytes.len()].copy_from_slice(bytes);
        }
        Change::Length(length) => content.resize(*length as usize, 0),
    }
}

impl FakeFile {
    pub(super) fn length(&self) -> u64 {
        self.disk.state().files[self.number].cached.len() as u64
    }

    pub(super) fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let state = self.disk.state();
        let at = at as usize;
        let held = state.files[self.number].cached.get(at..at + bytes.len());
        bytes.copy_from_slice(held.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn change(&self, change: Change) {
        let file = &mut self.disk.state().files[self.number];
        apply(&mut file.cached, &change);
        file.dirty.push(change);
    }

    /// A write that fails may have been made in part.
    pub(super) fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let made = self.disk.state().step();
        let kept = match &made {
            Ok(()) => bytes.len(),
            Err(_) => self.disk.state().roll(bytes.len() as u64 + 1) as usize,
        };
        self.change(Change::Write(at, bytes[..kept].to_vec()));
        made
    }

    pub(super) fn set_length(&self, length: u64) -> io::Result<()> {
        self.disk.state().step()?;
        self.change(Change::Length(length));
        Ok(())
    }

    pub(super) fn allocate(&self, length: u64) -> io::Result<()> {
        self.disk.state().step()?;
        let length = length.max(self.length());
        self.change(Change::Length(length));
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let made = state.step();
        let dirty = std::mem::take(&mut state.files[self.number].dirty);
        let mut durable = std::mem::take(&mut state.files[self.number].durable);
        for change in &dirty {
            match made {
                Ok(()) => apply(&mut durable, change),
                Err(_) => state.write_back(&mut durable, change),
            }
        }
        state.files[self.number].durable = durable;
        made
    }
}

impl Drop for FakeFile {
    fn drop(&mut self) {
        self.disk.state().files[self.number].locked = false;
    }
}
