//! Numbers, texts and structs of a gob, from bytes that are never trusted to be enough.

use super::{GobError, Result};

const CUT_OFF: GobError = GobError("it is cut off");

/// The bytes that are left.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(CUT_OFF)?;
        self.bytes = rest;
        Ok(taken)
    }

    /// An unsigned number: below 128 a byte; else how many bytes it has, negated, and these, highest first.
    pub(super) fn uint(&mut self) -> Result<u64> {
        let first = self.take(1)?[0];
        if first < 0x80 {
            return Ok(first.into());
        }
        let length = usize::from(first.wrapping_neg());
        if length > 8 {
            return Err(GobError("a number is too long"));
        }
        let bytes = self.take(length)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A signed number: the sign is the lowest bit.
    pub(super) fn int(&mut self) -> Result<i64> {
        let number = self.uint()?;
        let half = (number >> 1) as i64;
        Ok(if number & 1 == 0 { half } else { !half })
    }

    /// A text, or whatever a type encodes itself as.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.uint()?;
        self.take(usize::try_from(length).map_err(|_| CUT_OFF)?)
    }

    /// The next message.
    pub(super) fn message(&mut self) -> Result<Reader<'a>> {
        self.bytes().map(Reader::new)
    }

    /// A struct: each field's number as its distance from the one before, then its value; 0 ends it.
    pub(super) fn fields(
        &mut self,
        mut each: impl FnMut(usize, &mut Self) -> Result<()>,
    ) -> Result<()> {
        // One more than the field's number.
        let mut next = 0_usize;
        loop {
            let distance = usize::try_from(self.uint()?).map_err(|_| CUT_OFF)?;
            if distance == 0 {
                return Ok(());
            }
            next = next.checked_add(distance).ok_or(CUT_OFF)?;
            each(next - 1, self)?;
        }
    }
}
