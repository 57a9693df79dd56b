//! Changes as bytes: what the frames of a batch hold once they are unpacked and joined. Pure.
//!
//! Each change is a byte that says what it is, then its key and, for a put, its value; each with its length in
//! front, as a base-128 varint.

use super::super::Op;

const PUT: u8 = 1;
const DELETE: u8 = 2;
const CLEAR: u8 = 3;

/// A change, borrowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change<'a> {
    /// See [`Op::Put`].
    Put(&'a [u8], &'a [u8]),
    /// See [`Op::Delete`].
    Delete(&'a [u8]),
    /// See [`Op::Clear`].
    Clear,
}

impl<'a> From<&'a Op> for Change<'a> {
    fn from(op: &'a Op) -> Self {
        match op {
            Op::Put { key, value } => Self::Put(key, value),
            Op::Delete { key } => Self::Delete(key),
            Op::Clear => Self::Clear,
        }
    }
}

impl Change<'_> {
    /// Appends its bytes.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Put(key, value) => {
                out.push(PUT);
                write_part(key, out);
                write_part(value, out);
            }
            Self::Delete(key) => {
                out.push(DELETE);
                write_part(key, out);
            }
            Self::Clear => out.push(CLEAR),
        }
    }

    /// About as many bytes as [`Self::write`] makes.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Put(key, value) => 4 + key.len() + value.len(),
            Self::Delete(key) => 2 + key.len(),
            Self::Clear => 1,
        }
    }
}

/// The changes of a batch, in order; `None` where the bytes are none, so that nothing is applied by halves.
pub(super) fn changes(mut bytes: &[u8]) -> Option<Vec<Change<'_>>> {
    let mut changes = Vec::new();
    while let Some((kind, rest)) = bytes.split_first() {
        bytes = rest;
        changes.push(match *kind {
            PUT => Change::Put(read_part(&mut bytes)?, read_part(&mut bytes)?),
            DELETE => Change::Delete(read_part(&mut bytes)?),
            CLEAR => Change::Clear,
            _ => return None,
        });
    }
    Some(changes)
}

fn write_part(part: &[u8], out: &mut Vec<u8>) {
    let mut length = part.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(part);
}

fn read_part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut length = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        length |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            let (part, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            return Some(part);
        }
    }
    None
}
