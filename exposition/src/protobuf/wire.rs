//! The protobuf wire format: keys, varints, lengths. Knows nothing of metrics.
//!
//! Reading follows what Go's protobuf accepts: overlong varints up to ten bytes, unknown fields and
//! groups are skipped. Nothing is allocated here except the stack of open groups.

use crate::error::ReadError;

/// The highest field number protobuf allows.
const FIELD_MAX: u64 = (1 << 29) - 1;
/// Groups within groups before we refuse; Go allows 10,000.
const GROUP_DEPTH_MAX: usize = 100;

/// What is wrong with the bytes. Small, so that reading a field stays cheap; [`ReadError`] tells it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    VarintCut,
    VarintTooLarge,
    ValueCut,
    FieldNumber(u64),
    WireType(u8),
    LengthTooLarge { length: u64, left: usize },
    StrayGroupEnd,
    GroupsTooDeep,
}

impl From<Fault> for ReadError {
    #[cold]
    fn from(fault: Fault) -> Self {
        Self::new(match fault {
            Fault::VarintCut => "unexpected end of input within a protobuf varint".to_owned(),
            Fault::VarintTooLarge => "a protobuf varint has more than 64 bits".to_owned(),
            Fault::ValueCut => "unexpected end of input within a protobuf value".to_owned(),
            Fault::FieldNumber(number) => format!("invalid protobuf field number {number}"),
            Fault::WireType(number) => format!("invalid protobuf wire type {number}"),
            Fault::LengthTooLarge { length, left } => format!(
                "unexpected end of input: a protobuf message of {length} bytes, but only {left} are left"
            ),
            Fault::StrayGroupEnd => "a protobuf group ends that never began".to_owned(),
            Fault::GroupsTooDeep => "protobuf groups are nested too deep".to_owned(),
        })
    }
}

/// One field's value as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1: doubles.
    Fixed64(u64),
    /// Wire type 2: strings, messages, packed lists.
    Bytes(&'a [u8]),
    /// A group or a 32-bit value: no field of ours is one, so it is skipped as unknown.
    Other,
}

/// The fields of one message, in wire order.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// How many bytes of the message are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next field's number and value; `None` at the end of the message.
    pub(super) fn next(&mut self) -> Result<Option<(u32, Wire<'a>)>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = self.key()?;
        let value = match wire_type {
            3 => {
                self.skip_group(number)?;
                Wire::Other
            }
            4 => return Err(Fault::StrayGroupEnd),
            _ => self.value(wire_type)?,
        };
        Ok(Some((number, value)))
    }

    // Inlined: a field handed over through memory twice costs more than reading it.
    #[inline(always)]
    fn key(&mut self) -> Result<(u32, u8), Fault> {
        let key = varint(&mut self.rest)?;
        let number = key >> 3;
        if number == 0 || number > FIELD_MAX {
            return Err(Fault::FieldNumber(number));
        }
        Ok((number as u32, (key & 7) as u8))
    }

    #[inline(always)]
    fn value(&mut self, wire_type: u8) -> Result<Wire<'a>, Fault> {
        Ok(match wire_type {
            0 => Wire::Varint(varint(&mut self.rest)?),
            1 => Wire::Fixed64(fixed64(&mut self.rest)?),
            2 => Wire::Bytes(delimited(&mut self.rest)?),
            5 => {
                split(&mut self.rest, 4)?;
                Wire::Other
            }
            other => {
                return Err(Fault::WireType(other));
            }
        })
    }

    /// Skips a group and the groups within it, with a stack instead of recursion.
    fn skip_group(&mut self, number: u32) -> Result<(), Fault> {
        let mut open = vec![number];
        while let Some(&innermost) = open.last() {
            let (number, wire_type) = self.key()?;
            match wire_type {
                3 if open.len() == GROUP_DEPTH_MAX => {
                    return Err(Fault::GroupsTooDeep);
                }
                3 => open.push(number),
                4 if number == innermost => drop(open.pop()),
                4 => return Err(Fault::StrayGroupEnd),
                _ => drop(self.value(wire_type)?),
            }
        }
        Ok(())
    }
}

/// Takes a varint; at most ten bytes, and no more than 64 bits in them.
#[inline]
pub(super) fn varint(rest: &mut &[u8]) -> Result<u64, Fault> {
    // Keys and most lengths are one byte.
    match **rest {
        [byte, ref tail @ ..] if byte < 0x80 => {
            *rest = tail;
            Ok(u64::from(byte))
        }
        _ => long_varint(rest),
    }
}

fn long_varint(rest: &mut &[u8]) -> Result<u64, Fault> {
    let mut value = 0u64;
    for (index, &byte) in rest.iter().enumerate().take(10) {
        if index == 9 && byte > 1 {
            return Err(Fault::VarintTooLarge);
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            *rest = &rest[index + 1..];
            return Ok(value);
        }
    }
    Err(Fault::VarintCut)
}

/// Takes eight bytes, little endian.
pub(super) fn fixed64(rest: &mut &[u8]) -> Result<u64, Fault> {
    let bytes = split(rest, 8)?;
    Ok(u64::from_le_bytes(
        bytes.try_into().expect("split gave eight bytes"),
    ))
}

/// Takes a length and that many bytes. The length is compared with what is there first: this is
/// where a Go gateway would allocate whatever a six-byte body claims.
pub(super) fn delimited<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Fault> {
    let length = varint(rest)?;
    match usize::try_from(length) {
        Ok(length) if length <= rest.len() => split(rest, length),
        _ => Err(Fault::LengthTooLarge {
            length,
            left: rest.len(),
        }),
    }
}

fn split<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Fault> {
    let (head, tail) = rest.split_at_checked(length).ok_or(Fault::ValueCut)?;
    *rest = tail;
    Ok(head)
}

/// Undoes the zigzag spelling of signed numbers.
pub(super) fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

/// Appends a varint.
pub(super) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a varint field.
pub(super) fn put_uint(field: u32, value: u64, out: &mut Vec<u8>) {
    put_varint(u64::from(field) << 3, out);
    put_varint(value, out);
}

/// Appends a zigzag field (`sint32`, `sint64`).
pub(super) fn put_sint(field: u32, value: i64, out: &mut Vec<u8>) {
    put_uint(field, ((value << 1) ^ (value >> 63)) as u64, out);
}

/// Appends a double field.
pub(super) fn put_double(field: u32, value: f64, out: &mut Vec<u8>) {
    put_varint(u64::from(field) << 3 | 1, out);
    out.extend_from_slice(&value.to_bits().to_le_bytes());
}

/// Appends a string field.
pub(super) fn put_string(field: u32, value: &str, out: &mut Vec<u8>) {
    put_varint(u64::from(field) << 3 | 2, out);
    put_varint(value.len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

/// Appends a message field whose content `fill` appends.
pub(super) fn put_message(field: u32, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    put_varint(u64::from(field) << 3 | 2, out);
    let start = out.len();
    fill(out);
    put_length_before(start, out);
}

/// Puts the length of everything from `start` on in front of it. Moving the bytes once is cheaper
/// than computing each length beforehand; a length below 128 moves them by one.
pub(super) fn put_length_before(start: usize, out: &mut Vec<u8>) {
    let end = out.len();
    put_varint((end - start) as u64, out);
    let prefix = out.len() - end;
    let mut bytes = [0; 10];
    bytes[..prefix].copy_from_slice(&out[end..]);
    out.copy_within(start..end, start + prefix);
    out[start..start + prefix].copy_from_slice(&bytes[..prefix]);
}
