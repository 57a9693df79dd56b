//! Reading a log from front to end, past what is damaged.
//!
//! What counts as whole: a frame whose own checksum and whose payload's checksum hold, that carries the id of the file and
//! a higher number than every frame before it; and a batch all of whose frames are whole and follow each other. Behind
//! a damaged place the next such frame is looked for, byte by byte. A frame that is whole but not chained to
//! the one right before it was left behind by a write that was taken back: nothing from there on counts.

use std::io;

use super::disk::File;
use super::frame::{FRAME, Frame};
use super::window::{WINDOW, Window};
use super::write::Place;

/// What a scan found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Found {
    /// Behind the last batch that counts.
    pub(super) end: Place,
    /// Whole batches.
    pub(super) batches: u64,
    /// Bytes of a last batch that was never written to its end.
    pub(super) torn: u64,
    /// Zeros where the file grew and nothing was written.
    pub(super) unwritten: u64,
    /// Bytes that are neither whole batches nor the above.
    pub(super) damaged: u64,
}

/// What is done with the bytes of a whole batch. `false`: they are no changes, so the batch counts as damaged.
pub(super) type Each<'e> = dyn FnMut(&[u8]) -> io::Result<bool> + 'e;

/// Shows every whole batch from `start` up to the offset `end`, in order.
///
/// # Errors
/// The file cannot be read, or the first error of `each`.
pub(super) fn scan(
    file: &File,
    id: u64,
    start: Place,
    end: u64,
    each: &mut Each<'_>,
) -> io::Result<Found> {
    let mut scan = Scan {
        window: Window::new(file, end),
        id,
        end,
        place: start,
        after_hole: false,
        batch: Vec::new(),
        open: None,
        found: Found {
            end: start,
            batches: 0,
            torn: 0,
            unwritten: 0,
            damaged: 0,
        },
    };
    while scan.place.at < end {
        match scan.frame()? {
            Some(frame) => scan.take(frame, each)?,
            None => {
                if !scan.skip()? {
                    break;
                }
            }
        }
    }
    Ok(scan.finish())
}

struct Scan<'f> {
    window: Window<'f>,
    id: u64,
    end: u64,
    /// Where the next frame should stand.
    place: Place,
    /// Whether what stands before `place` is damaged, so that the next frame need not be chained to it.
    after_hole: bool,
    /// The changes of the batch under way.
    batch: Vec<u8>,
    /// Where that batch began; `None` between batches.
    open: Option<u64>,
    found: Found,
}

impl Scan<'_> {
    /// The frame at the place, its payload unpacked into the batch.
    fn frame(&mut self) -> io::Result<Option<Frame>> {
        let at = self.place.at;
        let Some(frame) = Frame::read(self.window.bytes(at, FRAME)?, self.id) else {
            return Ok(None);
        };
        let fits = if self.after_hole {
            frame.number >= self.place.number
        } else {
            frame.number == self.place.number && frame.before == self.place.chain
        };
        // A batch must begin where the one before has ended. Behind a hole the rest of one may come.
        if !fits || !self.after_hole && frame.first != self.open.is_none() {
            return Ok(None);
        }
        if frame.first {
            self.batch.clear();
        }
        let payload = self.window.bytes(at + FRAME as u64, frame.payload)?;
        let whole = payload.len() == frame.payload && frame.unpack(payload, &mut self.batch);
        Ok(whole.then_some(frame))
    }

    /// Goes past a whole frame.
    fn take(&mut self, frame: Frame, each: &mut Each<'_>) -> io::Result<()> {
        let begin = self.place.at;
        self.place = Place {
            at: begin + (FRAME + frame.payload) as u64,
            number: frame.number + 1,
            chain: frame.chain,
        };
        self.after_hole = false;
        if frame.first {
            self.open = Some(begin);
        }
        let Some(opened) = self.open else {
            // The end of a batch whose beginning is gone.
            self.found.damaged += self.place.at - begin;
            self.after_hole = frame.more;
            return Ok(());
        };
        if frame.more {
            return Ok(());
        }
        self.open = None;
        if each(&self.batch)? {
            self.found.batches += 1;
            self.found.end = self.place;
        } else {
            self.found.damaged += self.place.at - opened;
        }
        Ok(())
    }

    /// Looks for the next whole frame behind one that is not; `false` if the file ends without one.
    fn skip(&mut self) -> io::Result<bool> {
        let from = self.open.take().unwrap_or(self.place.at);
        if !self.after_hole && self.is_left_behind()? {
            self.found.damaged += self.end - from;
            return Ok(false);
        }
        let bad = self.place.at;
        let mut at = bad + 1;
        while let Some(candidate) = self.window.find(at, &self.id.to_le_bytes())? {
            if self.stands_at(candidate)? {
                self.found.damaged += candidate - from;
                self.place.at = candidate;
                self.after_hole = true;
                return Ok(true);
            }
            at = candidate + 1;
        }
        self.judge_end(from, bad)?;
        Ok(false)
    }

    /// Whether a whole frame of later number stands at an offset.
    fn stands_at(&mut self, at: u64) -> io::Result<bool> {
        let Some(frame) = Frame::read(self.window.bytes(at, FRAME)?, self.id) else {
            return Ok(false);
        };
        let payload = self.window.bytes(at + FRAME as u64, frame.payload)?;
        let whole = payload.len() == frame.payload && frame.unpack(payload, &mut Vec::new());
        Ok(whole && frame.number >= self.place.number)
    }

    /// Whether the frame at the place is whole but belongs to a write that was taken back.
    fn is_left_behind(&mut self) -> io::Result<bool> {
        let at = self.place.at;
        let Some(frame) = Frame::read(self.window.bytes(at, FRAME)?, self.id) else {
            return Ok(false);
        };
        Ok(frame.before != self.place.chain || frame.number != self.place.number)
    }

    /// Says what the last bytes are, none of which is a whole frame: from `from`, where a batch began, or `bad`,
    /// where its frames end. Zeros up to the end are space for what was not written.
    fn judge_end(&mut self, from: u64, bad: u64) -> io::Result<()> {
        let used = self.last_used(bad)?;
        self.found.unwritten = self.end - used;
        if !self.after_hole && (used == bad || self.is_torn(bad, used)?) {
            self.found.torn = used - from;
        } else {
            self.found.damaged += used - from;
        }
        Ok(())
    }

    /// Behind the last byte from an offset on that is not zero.
    fn last_used(&mut self, from: u64) -> io::Result<u64> {
        let (mut at, mut used) = (from, from);
        while at < self.end {
            let bytes = self.window.bytes(at, WINDOW)?;
            if let Some(last) = bytes.iter().rposition(|byte| *byte != 0) {
                used = at + last as u64 + 1;
            }
            at += bytes.len() as u64;
        }
        Ok(used)
    }

    /// Whether nothing but the first part of the frame that should stand there does, up to `used`.
    fn is_torn(&mut self, at: u64, used: u64) -> io::Result<bool> {
        let (id, number) = (self.id.to_le_bytes(), self.place.number.to_le_bytes());
        let bytes = self.window.bytes(at, FRAME)?;
        if let Some(frame) = Frame::read(bytes, self.id) {
            return Ok(used - at < (FRAME + frame.payload) as u64);
        }
        let begin: Vec<u8> = id.into_iter().chain(number).collect();
        let written = bytes.len().min((used - at) as usize);
        let known = written.min(begin.len());
        Ok(used - at <= FRAME as u64 && written < FRAME && bytes[..known] == begin[..known])
    }

    fn finish(mut self) -> Found {
        if let Some(opened) = self.open {
            // The file ends between two frames of one batch.
            self.found.torn = self.place.at - opened;
        }
        self.found
    }
}
