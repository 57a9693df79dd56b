//! Some hundred lines of a family: what is rendered, compressed and kept as a whole.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use promontory_exposition::gzip::Block;

use crate::family::PushedFamily;

/// Lines in a part, about. Fewer are quicker compressed again when one of them changes, and take more bytes in all.
const PART_LINES: u32 = 160;

/// Lines of one member that stand together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    /// Which member.
    pub(super) member: u32,
    start: u32,
    end: u32,
}

impl Slice {
    pub(super) fn new(member: usize, lines: Range<usize>) -> Self {
        // Everything held fits in memory, so there are far fewer than 2^32 of each.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            member: number(member),
            start: number(lines.start),
            end: number(lines.end),
        }
    }

    /// The same lines in slices of at most so many.
    fn split(self, lines: u32) -> impl Iterator<Item = Self> {
        let starts = (self.start..self.end).step_by(lines as usize);
        starts.map(move |start| Self {
            start,
            end: self.end.min(start.saturating_add(lines)),
            ..self
        })
    }

    /// Which lines of the member's template.
    pub(super) fn lines(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Some hundred lines of a family, with their compressed form.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) slices: Box<[Slice]>,
    /// Whether the family's header stands before them.
    pub(super) first: bool,
    /// Equal for parts with the same lines, but for numbers, in whatever plan.
    pub(super) fingerprint: u64,
    kept: Mutex<Option<Kept>>,
}

/// A compressed part, and the last change of the view it was made from.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) changes: u64,
    pub(super) block: Arc<Block>,
}

impl Part {
    /// The compressed form, of whatever view.
    pub(super) fn kept(&self) -> Option<Kept> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Keeps a compressed form, unless that of a newer view is kept: a scrape may have been held up.
    pub(super) fn keep(&self, new: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|kept| kept.changes < new.changes) {
            *kept = Some(new);
        }
    }
}

/// Cuts a run into parts. Where depends on the groups alone, so that a new group changes one part, not all behind it.
pub(super) fn cut(
    run: Vec<Slice>,
    members: &[&PushedFamily],
    group_hash: impl Fn(usize) -> u64,
    parts: &mut Vec<Part>,
) {
    let (mut slices, mut lines, mut fingerprint) = (Vec::new(), 0, 0_u64);
    let mut run = run
        .into_iter()
        .flat_map(|slice| slice.split(PART_LINES))
        .peekable();
    while let Some(slice) = run.next() {
        let hash = group_hash(slice.member as usize);
        let shape = members[slice.member as usize].shape.id();
        for part in [hash, shape, u64::from(slice.start), u64::from(slice.end)] {
            fingerprint = (fingerprint.rotate_left(5) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        lines += slice.end - slice.start;
        slices.push(slice);
        let full = slice.end - slice.start == PART_LINES || lines >= 4 * PART_LINES;
        let here = lines >= PART_LINES && hash.is_multiple_of(4);
        if run.peek().is_none() || full || here {
            let first = parts.is_empty();
            // The header is that of the first member, whose lines may stand anywhere.
            let header = if first { !members[0].shape.id() } else { 0 };
            parts.push(Part {
                slices: std::mem::take(&mut slices).into(),
                first,
                fingerprint: fingerprint ^ header,
                kept: Mutex::default(),
            });
            (lines, fingerprint) = (0, 0);
        }
    }
}
