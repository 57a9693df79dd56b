//! From a view to the page of a scrape.
//!
//! Which metric stands where depends on the shapes of the families, not on numbers; so a [`Plan`] is made when shapes have
//! changed and kept otherwise. A page is then the metrics of the plan with the numbers of the view, part by part, so that
//! nobody holds more than a few parts at a time; compressed parts are kept until one of their groups changes.
//!
//! Families come in the order of their names as pushed. `plan` knows which metric stands where (`planned`, `order`, `part`;
//! `adoption` which gauges are others' created times), `chosen` which families a page has, `shown` how they look there
//! (`openmetrics` in the format that has rules of its own), `sheet` where their numbers are, and `work` makes pieces on
//! threads that all scrapes share.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use promontory_exposition::format::Writer;
use promontory_exposition::gzip::Block;
use promontory_exposition::page::Frame;
use promontory_exposition::{Family, Format, Target};

use crate::family::PushedFamily;
use crate::view::{PageError, View};
use chosen::choose;
use openmetrics::Names;
use plan::Plan;
use sheet::Sheet;
use shown::Shown;
use work::{Batch, Job, Made};

mod adoption;
mod chosen;
mod openmetrics;
mod order;
mod part;
mod plan;
mod planned;
mod sheet;
mod shown;
#[cfg(test)]
mod tests;
mod work;

/// Pieces made at a time: few at first, so that the page begins at once.
const FIRST_PIECES: usize = 4;
/// Pieces made at a time later on; they are held until they are sent.
const PIECES_MAX: usize = 32;
/// Bytes of text made at a time, about, unless one piece has more.
const BYTES_MAX: usize = 512 << 10;
/// Families whose parts are handed out at a time.
const FAMILIES: usize = 256;
/// Families of this many bytes as text are held until their length is known, where it stands before them; larger ones
/// are made twice.
const HELD_MAX: usize = 1 << 20;

/// A piece of a page, in order.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    /// As it is.
    Text(&'a [u8]),
    /// Compressed; only where pages may have such pieces.
    Block(&'a Block),
}

/// What is kept from page to page. One for each gateway.
#[derive(Debug, Default)]
pub struct Pages {
    plan: ArcSwapOption<Plan>,
    /// Held while a plan is made: who needs the same waits for it.
    planning: Mutex<()>,
}

impl Pages {
    /// Writes the page for a target piece by piece. `own` are the program's own families, merged in by name; their help
    /// wins. With `compressed`, whatever is worth keeping comes as [`Piece::Block`].
    ///
    /// # Errors
    /// See [`PageError`], and what `sink` says.
    pub fn write<E: From<PageError>>(
        &self,
        view: &View,
        target: Target,
        own: &[Family<'_>],
        compressed: bool,
        sink: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !view.problems.is_empty() {
            return Err(PageError::Inconsistent(view.problems.to_vec()).into());
        }
        let own = own_families(own);
        let sheet = Sheet::new(view, &own);
        let plan = self.plan(view, &sheet);
        let chosen = choose(&plan, &sheet, target);
        let names = match target.format {
            Format::OpenMetrics => Some(Names::of(&chosen, &plan, &sheet, target)),
            _ => None,
        };
        let mut page = Page {
            sheet: &sheet,
            compressed,
            pieces: FIRST_PIECES,
            sink,
        };
        // Some at a time: while a client makes us wait, we hold little for each family there is.
        for first in (0..chosen.len()).step_by(FAMILIES) {
            let some = first..chosen.len().min(first + FAMILIES);
            let shown: Vec<Shown<'_>> = match &names {
                Some(names) => some
                    .flat_map(|at| names.show(at, &chosen[at], &sheet))
                    .collect(),
                None => some
                    .map(|at| shown::shown(&chosen[at], &sheet, target))
                    .collect(),
            };
            match target.format {
                Format::Text | Format::OpenMetrics => page.write_lines(&shown)?,
                Format::Protobuf | Format::ProtobufText | Format::ProtobufCompact => {
                    page.write_messages(&shown)?;
                }
            }
        }
        let mut end = Vec::new();
        Writer::new(target, &mut end).finish();
        sink(Piece::Text(&end))
    }

    fn plan(&self, view: &View, sheet: &Sheet<'_>) -> Arc<Plan> {
        let kept = || self.plan.load_full();
        let suiting = || kept().filter(|plan| plan.suits(view));
        if let Some(plan) = suiting() {
            return plan;
        }
        let _planning = self.planning.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = suiting() {
            return plan;
        }
        let plan = Arc::new(Plan::of(view, sheet, kept().as_deref()));
        self.plan.store(Some(Arc::clone(&plan)));
        plan
    }
}

/// The program's own families as members of a page.
fn own_families(own: &[Family<'_>]) -> Vec<PushedFamily> {
    let own = own.iter().cloned();
    own.filter_map(PushedFamily::own).collect()
}

/// A page on its way.
struct Page<'v, 's, S> {
    sheet: &'v Sheet<'v>,
    compressed: bool,
    /// Pieces made at a time.
    pieces: usize,
    sink: &'s mut S,
}

impl<'v, E: From<PageError>, S: FnMut(Piece<'_>) -> Result<(), E>> Page<'v, '_, S> {
    /// Writes families whose parts follow each other. Some are made while those before are sent.
    fn write_lines(&mut self, families: &[Shown<'_>]) -> Result<(), E> {
        let mut jobs = families.iter().flat_map(jobs);
        let mut last = Vec::new();
        while let Some(batch) = self.next(&mut jobs) {
            let (made, sent) = batch.make_beside(|| self.send(&last));
            sent?;
            last = made.map_err(PageError::from)?;
        }
        self.send(&last)
    }

    /// Writes families that are one message each.
    fn write_messages(&mut self, families: &[Shown<'_>]) -> Result<(), E> {
        let mut families = families.iter();
        families.try_for_each(|family| self.write_message(family))
    }

    /// Writes a family that is one message.
    fn write_message(&mut self, family: &Shown<'_>) -> Result<(), E> {
        let bytes: usize = family.family.parts.iter().map(|part| part.bytes).sum();
        let has_length = Frame::has_length(family.target.format);
        let (mut length, mut held) = (0, Vec::new());
        if has_length {
            let mut measured = jobs(family);
            while let Some(batch) = self.next(&mut measured) {
                let made = batch.make_beside(|| ()).0.map_err(PageError::from)?;
                length += made.iter().map(Made::bytes).sum::<u64>();
                if bytes <= HELD_MAX {
                    held.extend(made);
                }
            }
        }
        let Frame { before, after } = family.frame(length);
        (self.sink)(Piece::Text(&before))?;
        match has_length && bytes <= HELD_MAX {
            true => self.send(&held)?,
            false => self.write_lines(std::slice::from_ref(family))?,
        }
        (self.sink)(Piece::Text(&after))
    }

    /// The next pieces; `None` at the end.
    fn next<'p>(&mut self, jobs: &mut impl Iterator<Item = Job<'p>>) -> Option<Batch<'p>>
    where
        'v: 'p,
    {
        let (mut next, mut bytes) = (Vec::new(), 0);
        while next.len() < self.pieces && bytes < BYTES_MAX {
            let Some(job) = jobs.next() else { break };
            bytes += job.part.bytes;
            next.push(job);
        }
        if next.is_empty() {
            return None;
        }
        self.pieces = PIECES_MAX.min(self.pieces * 2);
        Some(Batch::new(self.sheet, self.compressed, next))
    }

    fn send(&mut self, made: &[Made]) -> Result<(), E> {
        made.iter().try_for_each(|made| (self.sink)(made.piece()))
    }
}

/// The parts of a family.
fn jobs<'p>(shown: &'p Shown<'p>) -> impl Iterator<Item = Job<'p>> {
    let parts = shown.family.parts.iter();
    parts.map(move |part| Job { shown, part })
}

impl View {
    /// A whole page in pieces, with nothing kept.
    ///
    /// # Errors
    /// See [`PageError`].
    pub fn page(&self, target: Target, own: &[Family<'_>]) -> Result<Vec<Bytes>, PageError> {
        let mut pieces = Vec::new();
        Pages::default().write(self, target, own, false, &mut |piece| {
            if let Piece::Text(text) = piece {
                pieces.push(Bytes::copy_from_slice(text));
            }
            Ok::<(), PageError>(())
        })?;
        Ok(pieces)
    }
}
