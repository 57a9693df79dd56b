//! From a view to the page of a scrape.
//!
//! Which line stands where depends on the shapes of the families, not on numbers; so a [`Plan`] is made when shapes have
//! changed and kept otherwise. A page is then the lines of the plan with the numbers of the view filled in, part by part;
//! compressed parts are kept until one of their groups changes. Formats and spellings other than the text ones
//! are rendered from the families' values.
//!
//! Families come in the order of their names as pushed; where several names are spelled alike for the reader, they are
//! one family, in the place of the first. `plan` orders lines, `lines` writes them, `entry` writes whole families.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use promontory_exposition::format::Writer;
use promontory_exposition::gzip::{Block, Compressor};
use promontory_exposition::{Family, Target};

use crate::view::{PageError, View};
use entry::entries;
use lines::Sheet;
use plan::Plan;

mod entry;
mod lines;
mod plan;
#[cfg(test)]
mod tests;

/// Pieces of text are joined until they have this size, in bytes: a write to a socket should be worth its while.
const PIECE_BYTES: usize = 64 << 10;

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
        let mut compressor = compressed.then(Compressor::default);
        let mut text = Vec::with_capacity(PIECE_BYTES * 2);
        for entry in entries(&plan, target, own) {
            let Some((family, parts)) = entry.ready(target) else {
                entry
                    .write(&sheet, target, &mut text)
                    .map_err(PageError::from)?;
                flush(&mut text, PIECE_BYTES, sink)?;
                continue;
            };
            for part in parts {
                let Some(compressor) = &mut compressor else {
                    sheet.write_part(family, part, target, &mut text);
                    flush(&mut text, PIECE_BYTES, sink)?;
                    continue;
                };
                flush(&mut text, 1, sink)?;
                let block = family.block(part, &sheet, || {
                    sheet.write_part(family, part, target, &mut text);
                    let block = compressor.compress(&text);
                    text.clear();
                    block
                });
                sink(Piece::Block(&block))?;
            }
        }
        Writer::new(target, &mut text).finish();
        flush(&mut text, 1, sink)
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

fn flush<E>(
    text: &mut Vec<u8>,
    least: usize,
    sink: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
) -> Result<(), E> {
    if text.len() >= least {
        sink(Piece::Text(text))?;
        text.clear();
    }
    Ok(())
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
