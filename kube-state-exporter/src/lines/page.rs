//! One moment's lines of a resource, written piece by piece.

use std::sync::{Arc, OnceLock};

use promontory_exposition::gzip::{self, Compressor};
use promontory_exposition::line::{self, Format};

use super::block::Block;
use crate::resource::About;

/// The lines of a resource at one moment. Whatever changes later does not change it.
pub struct Page {
    pub(super) families: Arc<[About]>,
    pub(super) headers: Arc<[Heading]>,
    pub(super) blocks: Vec<Arc<Block>>,
    pub(super) empty: bool,
}

/// A compressed piece of a page.
pub type Piece = Arc<gzip::Block>;

/// HELP and TYPE of a family, in each format.
pub(super) struct Heading([HeadingIn; 2]);

struct HeadingIn {
    text: Vec<u8>,
    /// Compressed by the first scrape that asks, with its compressor: one of its own for each of some 340 families
    /// would leave as many holes of 200 KiB in the heap.
    compressed: OnceLock<Piece>,
}

impl Heading {
    pub(super) fn new(about: &About) -> Self {
        let help = about.help_text();
        Self([Format::Text, Format::OpenMetrics].map(|format| {
            let mut text = Vec::new();
            line::header(about.header(&help), format, &mut text);
            HeadingIn {
                text,
                compressed: OnceLock::new(),
            }
        }))
    }

    fn of(&self, format: Format) -> &HeadingIn {
        &self.0[usize::from(format == Format::OpenMetrics)]
    }

    fn compressed(&self, format: Format, compressor: &mut Compressor) -> &Piece {
        let heading = self.of(format);
        heading
            .compressed
            .get_or_init(|| Arc::new(compressor.compress(&heading.text)))
    }
}

impl Page {
    /// Gives the page as text: families in order, each with its header, objects in the order of their places. Nothing
    /// of a resource without objects is shown, as upstream does. `put` takes what is in the buffer and empties it;
    /// pieces are some 64 KiB and more. It returns whether to go on.
    pub fn text(&self, format: Format, mut put: impl FnMut(&mut Vec<u8>) -> bool) {
        if self.empty {
            return;
        }
        let mut cursors: Vec<_> = self.blocks.iter().map(|block| block.cursors()).collect();
        let mut buffer = Vec::new();
        for (at, about) in self.families.iter().enumerate() {
            buffer.extend_from_slice(&self.headers[at].of(format).text);
            for (block, cursors) in self.blocks.iter().zip(&mut cursors) {
                block.write(at as u8, about.name, cursors, &mut buffer);
                if buffer.len() >= 64 * 1024 && !put(&mut buffer) {
                    return;
                }
            }
        }
        if !buffer.is_empty() {
            put(&mut buffer);
        }
    }

    /// The same as compressed pieces, ready to be joined into one gzip stream; what changed since the last call is
    /// compressed now, by `compressor`, and kept.
    pub fn compressed(
        &self,
        format: Format,
        compressor: &mut Compressor,
        mut put: impl FnMut(&Piece) -> bool,
    ) {
        if self.empty {
            return;
        }
        let mut cursors = vec![None; self.blocks.len()];
        for (at, about) in self.families.iter().enumerate() {
            if !put(self.headers[at].compressed(format, compressor)) {
                return;
            }
            for (block, cursors) in self.blocks.iter().zip(&mut cursors) {
                let piece = block.compressed(at as u8, about.name, cursors, compressor);
                if piece.length > 0 && !put(&piece) {
                    return;
                }
            }
        }
    }
}
