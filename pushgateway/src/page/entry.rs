//! One family of a page: its ready lines where they suit the target, rendered ones where not.

use std::borrow::Cow;
use std::sync::Arc;

use promontory_exposition::format::Writer;
use promontory_exposition::gzip::Block;
use promontory_exposition::model::Header;
use promontory_exposition::page::{Chunk, write_family};
use promontory_exposition::{Escaping, Family, Format, Metric, Target, WriteError};

use crate::family::{PushedFamily, READY, compare};
use crate::view::FamilyView;

/// Room for the HELP and TYPE lines of a family; a longer help grows.
const HEADER_BYTES: usize = 1024;

/// One family of a page: what is pushed under its name (or names), and the program's own.
pub(super) struct Entry<'v> {
    pub(super) views: Vec<&'v FamilyView>,
    pub(super) own: Option<&'v Family<'v>>,
}

impl<'v> Entry<'v> {
    /// What stands above the metrics: the program's own header, else that of the first member.
    pub(super) fn header(&self) -> Option<Header<'v>> {
        let first = || {
            self.views
                .first()?
                .members
                .get_min()
                .map(|member| member.0.header())
        };
        self.own.map(Family::header).or_else(first)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &'v Arc<PushedFamily>> {
        self.views
            .iter()
            .flat_map(|view| view.members.iter().map(|member| &member.0))
    }

    /// Whether the kept lines of one pushed family are all there is to write.
    fn is_ready(&self, target: Target) -> bool {
        self.views.len() == 1 && lines_suit(target) && self.views[0].unclassic == 0
    }

    pub(super) fn write(&self, target: Target, out: &mut Vec<u8>) -> Result<(), WriteError> {
        match target.format {
            Format::Text => self.write_lines(target, out),
            _ => self.write_metrics(target, out),
        }
    }

    /// Writes ready lines where they suit the target, and rendered ones where not.
    fn write_lines(&self, target: Target, out: &mut Vec<u8>) -> Result<(), WriteError> {
        let Some(header) = self.header() else {
            return Ok(());
        };
        let own = match self.own {
            Some(own) => Chunk::render(target, own.header(), &own.metrics)?,
            None => None,
        };
        if own.is_none() && self.is_ready(target) {
            write_family(
                target,
                header,
                self.members().filter_map(|family| family.chunk.as_ref()),
                out,
            );
            return Ok(());
        }
        let mut chunks: Vec<Cow<'_, Chunk>> = own.iter().map(Cow::Borrowed).collect();
        for family in self.members() {
            chunks.extend(lines(family, target)?);
        }
        if chunks.is_empty() {
            return Ok(());
        }
        chunks.sort_by(|a, b| a.first().cmp(b.first()));
        write_family(target, header, chunks.iter().map(AsRef::as_ref), out);
        Ok(())
    }

    /// Writes any format from the values.
    fn write_metrics(&self, target: Target, out: &mut Vec<u8>) -> Result<(), WriteError> {
        let Some(header) = self.header() else {
            return Ok(());
        };
        let mut metrics: Vec<Metric<'_>> =
            self.own.map_or_else(Vec::new, |own| own.metrics.clone());
        for family in self.members() {
            metrics.extend(decode(family)?.metrics);
        }
        if metrics.is_empty() {
            return Ok(());
        }
        metrics.sort_by(compare);
        let mut writer = Writer::new(target, out);
        writer.begin(header);
        for metric in &metrics {
            writer.metric(&metric.labels, &metric.value, metric.timestamp_ms)?;
        }
        writer.end();
        Ok(())
    }

    /// The block of a family that is not kept compressed: the program itself has a part in it, whose values
    /// change with every scrape, or its lines depend on the target.
    pub(super) fn fresh_block(&self, target: Target) -> Result<Option<Block>, WriteError> {
        if self.own.is_none() && self.is_ready(target) {
            return Ok(None);
        }
        self.compress(target).map(Some)
    }

    /// The block of a pushed family, compressed by the first scrape after a change.
    pub(super) fn kept_block(&self, target: Target) -> Result<&'v Block, WriteError> {
        // There is exactly one view: an entry of several is never ready.
        let view = self.views[0];
        if let Some(block) = view.block.get() {
            return Ok(block);
        }
        let block = self.compress(target)?;
        Ok(view.block.get_or_init(|| block))
    }

    fn compress(&self, target: Target) -> Result<Block, WriteError> {
        // A family can be most of a page. Growing to it took the whole process to 85–92 MB at its highest where
        // this takes it to 63 (10,000 groups of 10 series).
        let ready = self.members().filter_map(|family| family.chunk.as_ref());
        let bytes: usize = ready.map(|chunk| chunk.bytes().len()).sum();
        let mut lines = Vec::with_capacity(bytes + HEADER_BYTES);
        self.write_lines(target, &mut lines)?;
        Ok(Block::compress(&lines))
    }
}

/// Whether classic families have their lines ready for a target: only `dots` spells classic names anew.
pub(super) fn lines_suit(target: Target) -> bool {
    target.format == Format::Text && target.escaping != Escaping::Dots
}

fn is_ready(family: &PushedFamily, target: Target) -> bool {
    target == READY || (family.classic && lines_suit(target))
}

/// A family's lines for a target.
fn lines(family: &PushedFamily, target: Target) -> Result<Option<Cow<'_, Chunk>>, WriteError> {
    if is_ready(family, target) {
        return Ok(family.chunk.as_ref().map(Cow::Borrowed));
    }
    let family = decode(family)?;
    Ok(Chunk::render(target, family.header(), &family.metrics)?.map(Cow::Owned))
}

/// Reads a kept family back. What we wrote is readable; if not, the page fails naming the family.
pub(super) fn decode(family: &PushedFamily) -> Result<Family<'_>, WriteError> {
    family.decode().map_err(|_| WriteError::KindMismatch {
        family: family.name.to_string(),
        kind: family.kind,
    })
}
