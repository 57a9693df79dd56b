//! Appending batches to a file.

use std::io;

use super::batch::Change;
use super::disk::File;
use super::frame::{CHUNK, Frame, HEAD, LAST};

/// Frames are handed to the file once there are this many bytes of them, so that a batch of any size needs little memory.
const WRITE: usize = 4 << 20;

/// A place between two batches of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    /// The offset.
    pub(super) at: u64,
    /// The number of the next frame.
    pub(super) number: u64,
    /// What the next frame is chained to.
    pub(super) chain: u32,
}

impl Place {
    /// Behind the head.
    pub(super) fn start(chain: u32) -> Self {
        Self {
            at: HEAD as u64,
            number: 1,
            chain,
        }
    }
}

/// Writes batches; its buffers are used again and again.
pub(super) struct Writer {
    /// Changes, not yet packed.
    raw: Vec<u8>,
    /// Frames, not yet written.
    frames: Vec<u8>,
    packed: Vec<u8>,
    packer: snap::raw::Encoder,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            raw: Vec::new(),
            frames: Vec::new(),
            packed: Vec::new(),
            packer: snap::raw::Encoder::new(),
        }
    }
}

impl Writer {
    /// Appends one batch at `place` and gives the place behind it. Nothing is synced.
    ///
    /// # Errors
    /// The file's; what stands behind `place` is unknown then.
    pub(super) fn append<'a>(
        &mut self,
        file: &File,
        id: u64,
        place: Place,
        changes: impl IntoIterator<Item = Change<'a>>,
    ) -> io::Result<Place> {
        self.raw.clear();
        self.frames.clear();
        let (mut written, mut end, mut first) = (place.at, place, true);
        for change in changes {
            change.write(&mut self.raw);
            // Rarely more than once: only a change larger than a chunk takes several.
            let mut taken = 0;
            while self.raw.len() - taken > CHUNK {
                end = self.frame(id, end, taken..taken + CHUNK, first, true)?;
                (taken, first) = (taken + CHUNK, false);
                written = self.flush(file, written, WRITE)?;
            }
            self.raw.drain(..taken);
        }
        end = self.frame(id, end, 0..self.raw.len(), first, false)?;
        self.flush(file, written, 0)?;
        // A large batch leaves no large buffers behind.
        self.raw.clear();
        self.raw.shrink_to(2 * CHUNK);
        self.frames.clear();
        self.frames.shrink_to(2 * CHUNK);
        Ok(end)
    }

    /// Packs a part of the changes into a frame.
    fn frame(
        &mut self,
        id: u64,
        place: Place,
        part: std::ops::Range<usize>,
        first: bool,
        more: bool,
    ) -> io::Result<Place> {
        let raw = &self.raw[part];
        let room = snap::raw::max_compress_len(raw.len()) + 1;
        if self.packed.len() < room {
            self.packed.resize(room, 0);
        }
        let length = self
            .packer
            .compress(raw, &mut self.packed)
            .map_err(io::Error::other)?;
        self.packed[length] = LAST;
        let payload = &self.packed[..=length];
        let frame = Frame::of(payload, place.number, place.chain, first, more);
        let (head, chain) = frame.to_bytes(id);
        self.frames.extend_from_slice(&head);
        self.frames.extend_from_slice(payload);
        let payload_bytes = payload.len();
        Ok(Place {
            at: place.at + (head.len() + payload_bytes) as u64,
            number: place.number + 1,
            chain,
        })
    }

    /// Writes the frames that wait, if there are more than so many bytes, and gives the offset of the next.
    fn flush(&mut self, file: &File, at: u64, more_than: usize) -> io::Result<u64> {
        if self.frames.len() <= more_than {
            return Ok(at);
        }
        file.write_at(&self.frames, at)?;
        let at = at + self.frames.len() as u64;
        self.frames.clear();
        Ok(at)
    }
}
