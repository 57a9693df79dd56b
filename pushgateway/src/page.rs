//! From a view to the page of a scrape.
//!
//! For the text format the lines are ready: a page is a copy of them, merged in order. Other formats and
//! spellings are rendered from the kept families. Families come in the order of their names as pushed; where
//! several names are spelled alike for the reader, they are one family, in the place of the first.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use promontory_exposition::format::Writer;
use promontory_exposition::gzip::{self, Block};
use promontory_exposition::model::Header;
use promontory_exposition::name::escape;
use promontory_exposition::page::{Chunk, write_family};
use promontory_exposition::{Escaping, Family, Format, Metric, Target, WriteError};

use crate::family::{PushedFamily, READY, compare};
use crate::view::{FamilyView, PageError, View};

/// Parts are joined until they have this size: a write to a socket should be worth its while.
const PART_BYTES: usize = 64 << 10;

/// One family of a page: what is pushed under its name (or names), and the program's own.
struct Entry<'v> {
    views: Vec<&'v FamilyView>,
    own: Option<&'v Family<'v>>,
}

impl View {
    /// The page for a target, in parts, in order. `own` are the program's own families, merged in by name;
    /// their help wins.
    ///
    /// # Errors
    /// See [`PageError`].
    pub fn page(&self, target: Target, own: &[Family<'_>]) -> Result<Vec<Bytes>, PageError> {
        self.check()?;
        let mut parts = Vec::new();
        let mut part = Vec::with_capacity(PART_BYTES);
        for entry in self.entries(target, own) {
            entry.write(target, &mut part)?;
            if part.len() >= PART_BYTES {
                parts.push(std::mem::replace(&mut part, Vec::with_capacity(PART_BYTES)).into());
            }
        }
        Writer::new(target, &mut part).finish();
        parts.push(part.into());
        Ok(parts)
    }

    /// The page as one gzip stream, joined from blocks that are compressed once per change of a family.
    /// `None` where the target has no ready lines; compress [`Self::page`] then.
    ///
    /// # Errors
    /// See [`PageError`].
    pub fn gzip_page(
        &self,
        target: Target,
        own: &[Family<'_>],
    ) -> Result<Option<Bytes>, PageError> {
        self.check()?;
        if !lines_suit(target) {
            return Ok(None);
        }
        let entries = self.entries(target, own);
        let mut made = Vec::with_capacity(own.len());
        for entry in &entries {
            made.push(entry.fresh_block(target)?);
        }
        let mut blocks = Vec::with_capacity(entries.len());
        for (entry, made) in entries.iter().zip(&made) {
            blocks.push(match made {
                Some(block) => block,
                None => entry.kept_block(target)?,
            });
        }
        let mut out = Vec::new();
        gzip::join(blocks, &mut out);
        Ok(Some(out.into()))
    }

    fn check(&self) -> Result<(), PageError> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(PageError::Inconsistent(self.problems.to_vec()))
    }

    /// The families of a page in order.
    fn entries<'v>(&'v self, target: Target, own: &'v [Family<'v>]) -> Vec<Entry<'v>> {
        let mut own: BTreeMap<&str, &Family<'_>> =
            own.iter().map(|family| (&*family.name, family)).collect();
        let mut joined = HashSet::new();
        let mut entries = Vec::with_capacity(self.families.len() + own.len());
        for (name, view) in &self.families {
            while let Some(first) = own.first_entry().filter(|first| **first.key() < **name) {
                entries.push(Entry {
                    views: Vec::new(),
                    own: Some(first.remove()),
                });
            }
            if joined.contains(&**name) {
                continue;
            }
            let mut views = vec![&**view];
            for (other, view) in self.spelled_alike(name, target.escaping) {
                joined.insert(other);
                views.push(view);
            }
            entries.push(Entry {
                views,
                own: own.remove(&**name),
            });
        }
        entries.extend(own.into_values().map(|family| Entry {
            views: Vec::new(),
            own: Some(family),
        }));
        entries
    }

    /// Families with other names that the reader sees under the name of this one.
    fn spelled_alike(&self, name: &str, escaping: Escaping) -> Vec<(&str, &FamilyView)> {
        if self.foreign.is_empty() || escaping == Escaping::AllowUtf8 {
            return Vec::new();
        }
        let classic = escape(name, Escaping::Underscores);
        let Some(names) = self.foreign.get(&*classic) else {
            return Vec::new();
        };
        let spelled = escape(name, escaping);
        let candidates = self
            .families
            .get_key_value(&*classic)
            .map(|(name, _)| name)
            .into_iter()
            .chain(names);
        candidates
            .filter(|other| ***other != *name && escape(other, escaping) == spelled)
            .filter_map(|other| Some((&**other, &**self.families.get(other)?)))
            .collect()
    }
}

impl<'v> Entry<'v> {
    /// What stands above the metrics: the program's own header, else that of the first member.
    fn header(&self) -> Option<Header<'v>> {
        let first = || {
            self.views
                .first()?
                .members
                .get_min()
                .map(|member| member.0.header())
        };
        self.own.map(Family::header).or_else(first)
    }

    fn members(&self) -> impl Iterator<Item = &'v Arc<PushedFamily>> {
        self.views
            .iter()
            .flat_map(|view| view.members.iter().map(|member| &member.0))
    }

    /// Whether the kept lines of one pushed family are all there is to write.
    fn is_ready(&self, target: Target) -> bool {
        self.views.len() == 1 && lines_suit(target) && self.views[0].unclassic == 0
    }

    fn write(&self, target: Target, out: &mut Vec<u8>) -> Result<(), WriteError> {
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
    fn fresh_block(&self, target: Target) -> Result<Option<Block>, WriteError> {
        if self.own.is_none() && self.is_ready(target) {
            return Ok(None);
        }
        self.compress(target).map(Some)
    }

    /// The block of a pushed family, compressed by the first scrape after a change.
    fn kept_block(&self, target: Target) -> Result<&'v Block, WriteError> {
        // There is exactly one view: an entry of several is never ready.
        let view = self.views[0];
        if let Some(block) = view.block.get() {
            return Ok(block);
        }
        let block = self.compress(target)?;
        Ok(view.block.get_or_init(|| block))
    }

    fn compress(&self, target: Target) -> Result<Block, WriteError> {
        let mut lines = Vec::new();
        self.write_lines(target, &mut lines)?;
        Ok(Block::compress(&lines))
    }
}

/// Whether classic families have their lines ready for a target: only `dots` spells classic names anew.
fn lines_suit(target: Target) -> bool {
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
fn decode(family: &PushedFamily) -> Result<Family<'_>, WriteError> {
    family.decode().map_err(|_| WriteError::KindMismatch {
        family: family.name.to_string(),
        kind: family.kind,
    })
}
