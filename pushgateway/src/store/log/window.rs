//! Reading a file in large pieces and looking at it in small ones.

use std::io;

use super::disk::File;

/// At least this much is read at once.
pub(super) const WINDOW: usize = 256 << 10;

/// A part of the file, read ahead.
pub(super) struct Window<'f> {
    file: &'f File,
    end: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<'f> Window<'f> {
    pub(super) fn new(file: &'f File, end: u64) -> Self {
        Self {
            file,
            end,
            start: 0,
            bytes: Vec::new(),
        }
    }

    /// The bytes at an offset: as many as asked for, or fewer at the end.
    pub(super) fn bytes(&mut self, at: u64, length: usize) -> io::Result<&[u8]> {
        let length = (length as u64).min(self.end.saturating_sub(at)) as usize;
        let held = self.start..=self.start + self.bytes.len() as u64;
        if !held.contains(&at) || !held.contains(&(at + length as u64)) {
            let ahead = (length.max(WINDOW) as u64).min(self.end.saturating_sub(at));
            self.bytes.resize(ahead as usize, 0);
            self.start = at;
            self.file.read_at(&mut self.bytes, at)?;
        }
        let from = (at - self.start) as usize;
        Ok(&self.bytes[from..from + length])
    }

    /// Where some bytes next stand, from an offset on.
    pub(super) fn find(&mut self, mut at: u64, wanted: &[u8]) -> io::Result<Option<u64>> {
        let end = self.end;
        while at < end {
            let bytes = self.bytes(at, WINDOW)?;
            if let Some(found) = memchr::memmem::find(bytes, wanted) {
                return Ok(Some(at + found as u64));
            }
            if at + bytes.len() as u64 >= end {
                return Ok(None);
            }
            at += (bytes.len() - wanted.len() + 1) as u64;
        }
        Ok(None)
    }
}
