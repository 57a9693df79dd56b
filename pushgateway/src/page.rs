//! From a view to the page of a scrape.
//!
//! Which line stands where depends on the shapes of the families, not on numbers; so a [`Plan`] is made when shapes have
//! changed and kept otherwise. A page is then the lines of the plan with the numbers of the view filled in, part by part;
//! compressed parts are kept until one of their groups changes. Formats and spellings other than the text ones
//! are rendered from the families' values.
//!
//! Families come in the order of their names as pushed; where several names are spelled alike for the reader, they are
//! one family, in the place of the first. `plan` knows which line stands where, `lines` writes them, `entry` writes whole
//! families, `openmetrics` those of the format that has rules of its own, `work` makes pieces on several threads.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use promontory_exposition::format::Writer;
use promontory_exposition::gzip::Block;
use promontory_exposition::{Family, Format, Target};

use crate::view::{PageError, View};
use entry::entries;
use lines::Sheet;
use openmetrics::Names;
use plan::Plan;
use work::{Job, Made, Makers};

mod entry;
mod lines;
mod openmetrics;
mod order;
mod part;
mod plan;
#[cfg(test)]
mod tests;
mod work;

/// Pieces made at a time: few at first, so that the page begins at once.
const FIRST_PIECES: usize = 4;
/// Pieces made at a time later on; they are held until they are sent.
const PIECES_MAX: usize = 16;

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
        let plan = self.plan(view);
        let sheet = Sheet::new(view);
        let entries = entries(&plan, target, own);
        let openmetrics = match target.format {
            Format::OpenMetrics => {
                Some(Names::of(&entries, &sheet, target.escaping).map_err(PageError::from)?)
            }
            _ => None,
        };
        let jobs: Vec<Job<'_>> = match &openmetrics {
            Some(names) => names.jobs().collect(),
            None => entries
                .iter()
                .flat_map(|entry| Job::of(entry, target))
                .collect(),
        };
        let mut makers = Makers::new(&sheet, target, compressed);
        let (mut rest, mut pieces) = (&jobs[..], FIRST_PIECES);
        while !rest.is_empty() {
            let (now, later) = rest.split_at(pieces.min(rest.len()));
            for made in makers.make(now) {
                match made.map_err(PageError::from)? {
                    Made::Text(text) => sink(Piece::Text(&text))?,
                    Made::Block(block) => sink(Piece::Block(&block))?,
                }
            }
            (rest, pieces) = (later, PIECES_MAX.min(pieces * 2));
        }
        let mut end = Vec::new();
        Writer::new(target, &mut end).finish();
        sink(Piece::Text(&end))
    }

    fn plan(&self, view: &View) -> Arc<Plan> {
        let kept = self.plan.load_full();
        if let Some(plan) = kept.as_ref().filter(|plan| plan.suits(view)) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(Plan::of(view, kept.as_deref()));
        self.plan.store(Some(Arc::clone(&plan)));
        plan
    }
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
