//! The layout of the log: its head, and the frames behind it. Pure; [`super`] describes it byte by byte.

use crc32fast::hash as checksum;

/// How every file of ours begins.
pub(super) const MAGIC: [u8; 8] = *b"pgwstore";
/// The layout described in [`super`]; 1 was a redb file.
pub(super) const VERSION: u32 = 2;
/// Bytes of one copy of the head.
const COPY: usize = 32;
/// Bytes of the head: two copies.
pub(super) const HEAD: usize = 2 * COPY;
/// Bytes before the payload of a frame.
pub(super) const FRAME: usize = 32;
/// Bytes of changes in one frame, at most, before they are packed: bounds what reading a frame can cost.
pub(super) const CHUNK: usize = 1 << 20;
/// The last byte of every payload: a frame that was written in part into space of zeros ends with zeros, a whole one
/// never does.
pub(super) const LAST: u8 = 0xFF;
/// What a chunk that does not pack takes.
const PAYLOAD_MAX: usize = CHUNK + CHUNK / 4;

/// How redb's files begin, the layout before ours.
const REDB: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";

/// Bits of a frame's length that are no length: it begins a batch; its batch goes on in the next frame.
const FIRST: u32 = 1 << 30;
const MORE: u32 = 1 << 31;

/// What the beginning of a file says.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Head {
    /// Nothing was ever kept here.
    Empty,
    /// A log of ours; `whole` unless one copy of the head is damaged or missing.
    Ours { id: u64, chain: u32, whole: bool },
    /// Ours, cut off before it said anything.
    Cut,
    /// Ours, but of another version.
    Version(u32),
    /// Ours by its first bytes, but neither copy of the head is whole.
    Damaged,
    /// A file of this program before it had a log.
    Redb,
    /// Somebody else's.
    Foreign,
}

/// The head of a new file, and what its first frame is chained to.
pub(super) fn head(id: u64) -> ([u8; HEAD], u32) {
    let mut bytes = [0; HEAD];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..20].copy_from_slice(&id.to_le_bytes());
    let chain = checksum(&bytes[..COPY - 4]);
    bytes[COPY - 4..COPY].copy_from_slice(&chain.to_le_bytes());
    bytes.copy_within(..COPY, COPY);
    (bytes, chain)
}

/// Reads the beginning of a file: its first [`HEAD`] bytes, or all it has.
pub(super) fn read_head(bytes: &[u8]) -> Head {
    if bytes.iter().all(|byte| *byte == 0) && bytes.len() <= HEAD {
        return Head::Empty;
    }
    let copies = [bytes.get(..COPY), bytes.get(COPY..HEAD)].map(|copy| copy.and_then(read_copy));
    match copies {
        [Some((VERSION, id, chain)), other] | [other, Some((VERSION, id, chain))] => {
            return Head::Ours {
                id,
                chain,
                whole: other == Some((VERSION, id, chain)),
            };
        }
        [Some((version, ..)), _] | [_, Some((version, ..))] => return Head::Version(version),
        [None, None] => {}
    }
    if bytes.starts_with(&MAGIC) || MAGIC.starts_with(bytes) {
        return if bytes.len() < COPY {
            Head::Cut
        } else {
            Head::Damaged
        };
    }
    if bytes.starts_with(REDB) {
        return Head::Redb;
    }
    Head::Foreign
}

/// Version, id and checksum of a copy of the head that is whole.
fn read_copy(copy: &[u8]) -> Option<(u32, u64, u32)> {
    let (content, sum) = copy.split_at_checked(COPY - 4)?;
    let sum = u32_at(sum, 0)?;
    (content.starts_with(&MAGIC) && checksum(content) == sum).then_some((
        u32_at(content, 8)?,
        u64_at(content, 12)?,
        sum,
    ))
}

/// What stands before a payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Frame {
    /// Frames of a file are numbered from 1.
    pub(super) number: u64,
    /// Whether a batch begins here.
    pub(super) first: bool,
    /// Whether its batch goes on in the next frame.
    pub(super) more: bool,
    /// Bytes of the payload.
    pub(super) payload: usize,
    /// The checksum of the payload.
    sum: u32,
    /// The checksum of the frame before, or of the head: a frame that was cut off and written anew does not fit
    /// what the old one left behind it.
    pub(super) before: u32,
    /// The checksum of all that.
    pub(super) chain: u32,
}

impl Frame {
    /// The frame of a payload.
    pub(super) fn of(payload: &[u8], number: u64, before: u32, first: bool, more: bool) -> Self {
        Self {
            number,
            first,
            more,
            payload: payload.len(),
            sum: checksum(payload),
            before,
            chain: 0,
        }
    }

    /// Its bytes in the file with this id, and what the next frame is chained to.
    pub(super) fn to_bytes(self, id: u64) -> ([u8; FRAME], u32) {
        let mut bytes = [0; FRAME];
        // At most `PAYLOAD_MAX`, so it fits.
        let flag = |on: bool, bit: u32| if on { bit } else { 0 };
        let length = self.payload as u32 | flag(self.first, FIRST) | flag(self.more, MORE);
        bytes[..8].copy_from_slice(&id.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..20].copy_from_slice(&length.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.sum.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.before.to_le_bytes());
        let chain = checksum(&bytes[..28]);
        bytes[28..].copy_from_slice(&chain.to_le_bytes());
        (bytes, chain)
    }

    /// Reads a frame of the file with this id; `None` where none stands whole.
    pub(super) fn read(bytes: &[u8], id: u64) -> Option<Self> {
        let bytes = bytes.get(..FRAME)?;
        let chain = u32_at(bytes, 28)?;
        if u64_at(bytes, 0)? != id || checksum(&bytes[..28]) != chain {
            return None;
        }
        let length = u32_at(bytes, 16)?;
        let payload = (length & !(FIRST | MORE)) as usize;
        (payload <= PAYLOAD_MAX).then_some(Self {
            number: u64_at(bytes, 8)?,
            first: length & FIRST != 0,
            more: length & MORE != 0,
            payload,
            sum: u32_at(bytes, 20)?,
            before: u32_at(bytes, 24)?,
            chain,
        })
    }

    /// Unpacks the payload behind what is there; `false` where it is not what was written.
    pub(super) fn unpack(&self, payload: &[u8], out: &mut Vec<u8>) -> bool {
        if checksum(payload) != self.sum {
            return false;
        }
        let Some((_, payload)) = payload.split_last() else {
            return false;
        };
        let Ok(length) = snap::raw::decompress_len(payload) else {
            return false;
        };
        if length > CHUNK {
            return false;
        }
        let start = out.len();
        out.resize(start + length, 0);
        let unpacked = snap::raw::Decoder::new().decompress(payload, &mut out[start..]);
        if unpacked != Ok(length) {
            out.truncate(start);
            return false;
        }
        true
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
