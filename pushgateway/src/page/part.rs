//! Some kilobytes of a family: what is rendered, compressed and kept as a whole.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use promontory_exposition::Format;
use promontory_exposition::gzip::Block;

use crate::family::PushedFamily;

/// Bytes of text in a part, about. Less is quicker compressed again when something in it changes, and takes more bytes
/// in all.
const PART_BYTES: usize = 8 << 10;
/// Kept forms of a part: one for each of these formats.
const KEPT_FORMATS: [Format; 3] = [Format::Text, Format::OpenMetrics, Format::Protobuf];

/// Metrics of one member that stand together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    /// Which member.
    pub(super) member: u32,
    start: u32,
    end: u32,
}

impl Slice {
    pub(super) fn new(member: usize, places: Range<usize>) -> Self {
        // Everything held fits in memory, so there are far fewer than 2^32 of each.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            member: number(member),
            start: number(places.start),
            end: number(places.end),
        }
    }

    /// Takes another in, if it stands right behind this one.
    pub(super) fn join(&mut self, next: Self) -> bool {
        let joins = (self.member, self.end) == (next.member, next.start);
        if joins {
            self.end = next.end;
        }
        joins
    }

    /// The places of the metrics in their shape's order.
    pub(super) fn places(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The same metrics in slices of about [`PART_BYTES`], with what each has.
    fn split(self, pushed: &PushedFamily, into: &mut Vec<(Self, usize)>) {
        let labels = pushed.key().labels().iter();
        let key_bytes = labels.map(|label| label.value.len()).sum();
        let bytes_of = |places| pushed.shape.page_bytes(places, key_bytes);
        if self.end - self.start == 1 {
            return into.push((self, bytes_of(self.places())));
        }
        let (mut start, mut bytes) = (self.start, 0);
        for place in self.start..self.end {
            bytes += bytes_of(place as usize..place as usize + 1);
            if bytes >= PART_BYTES || place + 1 == self.end {
                let slice = Self {
                    start,
                    end: place + 1,
                    ..self
                };
                into.push((slice, bytes));
                (start, bytes) = (place + 1, 0);
            }
        }
    }
}

/// Some kilobytes of a family, with their compressed forms.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) slices: Box<[Slice]>,
    /// Whether the family's header stands before them, in formats of lines.
    pub(super) first: bool,
    /// How large it is as text, about.
    pub(super) bytes: usize,
    /// Equal for parts with the same metrics, but for numbers, in whatever plan.
    pub(super) fingerprint: u64,
    kept: Mutex<[Option<Kept>; KEPT_FORMATS.len()]>,
}

/// A compressed part.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The last change of the view it was made from.
    pub(super) changes: u64,
    /// Equal where the same metrics give the same bytes.
    pub(super) form: u64,
    pub(super) block: Arc<Block>,
}

impl Part {
    /// The compressed form for a format, of whatever view.
    pub(super) fn kept(&self, format: Format) -> Option<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept[slot(format)?].clone()
    }

    /// Keeps a compressed form, unless that of a newer view is kept: a scrape may have been held up.
    pub(super) fn keep(&self, format: Format, new: Kept) {
        let Some(slot) = slot(format) else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let old = kept[slot].as_ref();
        if old.is_none_or(|old| old.changes < new.changes || old.form != new.form) {
            kept[slot] = Some(new);
        }
    }

    /// Keeps what another part with the same metrics keeps.
    pub(super) fn take_over(&self, other: &Self) {
        for format in KEPT_FORMATS {
            if let Some(kept) = other.kept(format) {
                self.keep(format, kept);
            }
        }
    }
}

/// Whether compressed parts are kept in a format.
pub(super) fn is_kept(format: Format) -> bool {
    slot(format).is_some()
}

fn slot(format: Format) -> Option<usize> {
    KEPT_FORMATS.iter().position(|kept| *kept == format)
}

/// Cuts a run into parts. Where depends on the groups alone, so that a new group changes one part, not all behind it.
pub(super) fn cut(
    run: Vec<Slice>,
    members: &[&PushedFamily],
    group_hash: impl Fn(usize) -> u64,
    parts: &mut Vec<Part>,
) {
    let mut pieces = Vec::with_capacity(run.len());
    for slice in run {
        slice.split(members[slice.member as usize], &mut pieces);
    }
    let count = pieces.len();
    let (mut slices, mut bytes, mut fingerprint) = (Vec::new(), 0, 0_u64);
    for (at, (slice, slice_bytes)) in pieces.into_iter().enumerate() {
        let hash = group_hash(slice.member as usize);
        let shape = members[slice.member as usize].shape.id();
        for part in [hash, shape, u64::from(slice.start), u64::from(slice.end)] {
            fingerprint = (fingerprint.rotate_left(5) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        bytes += slice_bytes;
        slices.push(slice);
        let full = slice_bytes >= PART_BYTES || bytes >= 4 * PART_BYTES;
        let here = bytes >= PART_BYTES && hash.is_multiple_of(4);
        if at + 1 == count || full || here {
            let first = parts.is_empty();
            parts.push(Part {
                slices: std::mem::take(&mut slices).into(),
                first,
                bytes,
                // Another part may have the same metrics without the header.
                fingerprint: fingerprint ^ u64::from(first),
                kept: Mutex::default(),
            });
            (bytes, fingerprint) = (0, 0);
        }
    }
}
