//! Bits to bytes, the lowest first (RFC 1951, 3.1.1).

/// Writes bits into a buffer whose room was made before; what has no room is lost.
pub(super) struct Bits<'b> {
    bytes: &'b mut [u8],
    /// How many bytes are written.
    at: usize,
    /// Bits that make no whole byte yet, or were not written yet.
    held: u64,
    /// How many of those.
    count: u32,
}

impl<'b> Bits<'b> {
    /// So many bytes are touched behind the last that is written.
    pub(super) const SLACK: usize = 8;

    pub(super) fn new(bytes: &'b mut [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            held: 0,
            count: 0,
        }
    }

    /// Holds some bits more: at most 56 between two [`flush`](Self::flush)es.
    #[inline(always)]
    pub(super) fn push(&mut self, bits: u64, count: u32) {
        self.held |= bits << self.count;
        self.count += count;
    }

    /// Writes the whole bytes of what is held.
    #[inline(always)]
    pub(super) fn flush(&mut self) {
        let rest = self.bytes.get_mut(self.at..);
        if let Some(place) = rest.and_then(|rest| rest.first_chunk_mut()) {
            *place = self.held.to_le_bytes();
        }
        self.at += (self.count >> 3) as usize;
        self.held >>= self.count & !7;
        self.count &= 7;
    }

    /// Goes to the next byte.
    pub(super) fn align(&mut self) {
        self.count = (self.count + 7) & !7;
        self.flush();
    }

    /// Copies whole bytes; [`align`](Self::align) stands before.
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.at..self.at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
        self.at += bytes.len();
    }

    /// How many whole bytes are written.
    pub(super) fn len(&self) -> usize {
        self.at
    }
}
