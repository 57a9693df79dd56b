//! Up to 256 objects of a resource: their records, the texts they share, and each family's lines compressed.

use std::sync::{Arc, OnceLock};

use promontory_exposition::gzip::{self, Compressor};
use promontory_exposition::number;

use super::BLOCK_OBJECTS;
use super::record::{self, Labels};
use super::texts::Texts;
use crate::samples::Rendering;

/// See the module.
#[derive(Clone)]
pub(super) struct Block {
    records: Vec<Option<Arc<[u8]>>>,
    texts: Texts,
    /// The lines of each family, compressed when a scrape first asks for them and forgotten when they change.
    compressed: Vec<OnceLock<Arc<gzip::Block>>>,
}

/// How far into each record of a block the lines have been written.
pub(super) type Cursors = [u32; BLOCK_OBJECTS];

impl Block {
    pub(super) fn new(families: usize) -> Self {
        Self {
            records: vec![None; BLOCK_OBJECTS],
            texts: Texts::default(),
            compressed: vec![OnceLock::new(); families],
        }
    }

    /// Puts an object's samples in place of those that were there.
    pub(super) fn put(&mut self, slot: usize, rendering: &Rendering) {
        let old = self.records[slot].take();
        self.forget_changed(old.as_deref(), rendering);
        // A text of this object only is none of two sightings; one shared with others must not be dropped and made again.
        self.release(old.as_deref(), |labels| matches!(labels, Labels::Own(_)));
        let record = record::encode(rendering, &mut self.texts, &mut Vec::new());
        self.release(old.as_deref(), |labels| matches!(labels, Labels::Shared(_)));
        self.records[slot] = Some(record);
    }

    /// Takes an object away.
    pub(super) fn take(&mut self, slot: usize) {
        let old = self.records[slot].take();
        self.forget_changed(old.as_deref(), &Rendering::default());
        self.release(old.as_deref(), |_| true);
    }

    /// Where the samples of each record begin.
    pub(super) fn cursors(&self) -> Cursors {
        let mut cursors = [0; BLOCK_OBJECTS];
        for (cursor, record) in cursors.iter_mut().zip(&self.records) {
            *cursor = record
                .as_ref()
                .map_or(0, |record| record::common(record).1 as u32);
        }
        cursors
    }

    /// Writes the lines of one family, called `name`; families must be asked for in ascending order with the same cursors.
    pub(super) fn write(&self, family: u8, name: &str, cursors: &mut Cursors, out: &mut Vec<u8>) {
        for (record, cursor) in self.records.iter().zip(cursors) {
            let Some(record) = record else { continue };
            let mut at = *cursor as usize;
            // Families between that nobody asked for.
            while record::family(record, at).is_some_and(|other| other < family) {
                record::sample(record, &mut at);
            }
            while record::family(record, at) == Some(family) {
                let sample = record::sample(record, &mut at);
                out.extend_from_slice(name.as_bytes());
                let (common, _) = record::common(record);
                let labels = sample.labels.text(&self.texts);
                put_labels(common, labels, out);
                number::write_sample(sample.value, out);
                out.push(b'\n');
            }
            *cursor = at as u32;
        }
    }

    /// The lines of one family, compressed.
    pub(super) fn compressed(
        &self,
        family: u8,
        name: &str,
        cursors: &mut Option<Box<Cursors>>,
        compressor: &mut Compressor,
    ) -> Arc<gzip::Block> {
        let ready = self.compressed[usize::from(family)].get_or_init(|| {
            let cursors = cursors.get_or_insert_with(|| Box::new(self.cursors()));
            let mut text = Vec::new();
            self.write(family, name, cursors, &mut text);
            Arc::new(compressor.compress(&text))
        });
        Arc::clone(ready)
    }

    /// Forgets the compressed lines of the families in which the object's old and new samples differ.
    fn forget_changed(&mut self, old: Option<&[u8]>, rendering: &Rendering) {
        let moved = old.map_or(&b""[..], |old| record::common(old).0) != rendering.common();
        let mut olds = old.into_iter().flat_map(record::samples).peekable();
        let mut news = rendering.samples().peekable();
        loop {
            let family = match (olds.peek(), news.peek()) {
                (None, None) => return,
                (Some(old), None) => old.family,
                (None, Some(new)) => new.0,
                (Some(old), Some(new)) => old.family.min(new.0),
            };
            let mut same = !moved;
            loop {
                let old = olds.next_if(|old| old.family == family);
                let new = news.next_if(|new| new.0 == family);
                match (old, new) {
                    (None, None) => break,
                    (Some(old), Some((_, labels, value))) => {
                        same &= old.labels.text(&self.texts) == labels
                            && old.value.to_bits() == value.to_bits();
                    }
                    _ => same = false,
                }
            }
            if !same {
                self.compressed[usize::from(family)].take();
            }
        }
    }

    /// Gives back the texts of a record that is gone, those chosen.
    fn release(&mut self, record: Option<&[u8]>, chosen: fn(&Labels<'_>) -> bool) {
        let samples = record.into_iter().flat_map(record::samples);
        for labels in samples.map(|sample| sample.labels).filter(chosen) {
            match labels {
                Labels::None => {}
                Labels::Shared(number) => self.texts.release(number),
                Labels::Own(text) => self.texts.forget(text),
            }
        }
    }
}

/// Writes braces, common and own labels, and the blank behind them.
fn put_labels(common: &[u8], own: &[u8], out: &mut Vec<u8>) {
    if common.is_empty() && own.is_empty() {
        out.push(b' ');
        return;
    }
    out.push(b'{');
    out.extend_from_slice(common);
    if !common.is_empty() && !own.is_empty() {
        out.push(b',');
    }
    out.extend_from_slice(own);
    out.extend_from_slice(b"} ");
}
