//! From a view to the page of a scrape.
//!
//! For the text format the lines are ready: a page is a copy of them, merged in order. Other formats and
//! spellings are rendered from the kept families. Families come in the order of their names as pushed; where
//! several names are spelled alike for the reader, they are one family, in the place of the first. `entry` writes one
//! family; `openmetrics` does for the format that has rules of its own.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use promontory_exposition::format::Writer;
use promontory_exposition::gzip;
use promontory_exposition::name::escape;
use promontory_exposition::{Escaping, Family, Format, Target};

use crate::view::{FamilyView, PageError, View};
use entry::{Entry, lines_suit};

mod entry;
mod openmetrics;

/// Parts are joined until they have this size: a write to a socket should be worth its while.
const PART_BYTES: usize = 64 << 10;

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
        let entries = self.entries(target, own);
        let openmetrics = match target.format {
            Format::OpenMetrics => Some(openmetrics::Page::of(&entries, target.escaping)?),
            _ => None,
        };
        for (at, entry) in entries.iter().enumerate() {
            match &openmetrics {
                Some(page) => page.write(at, entry, &mut part)?,
                None => entry.write(target, &mut part)?,
            }
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
