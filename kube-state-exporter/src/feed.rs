//! Cuts a body into pieces of JSON while it arrives: a watch into its lines, a list into its items.
//!
//! A piece that lies within one chunk is handed over where it lies; only one that is spread over several is put
//! together, in one buffer. Nothing here understands the pieces: whether they are JSON is found out by who reads them.

use memchr::{memchr, memchr2};
use serde::Deserialize;

use crate::api::Failure;

/// The longest piece that is put together; etcd's objects have at most some 3 MiB.
pub(crate) const PIECE_BYTES_MAX: usize = 16 << 20;

/// How much of a longer one is kept, to find out whose it is.
const BEGINNING_BYTES: usize = 64 << 10;

/// The most that a list may have around its items.
const AROUND_BYTES_MAX: usize = 64 << 10;

/// A line of a watch or an item of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Piece<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// How one begins that is longer than [`PIECE_BYTES_MAX`].
    TooLong(&'a [u8]),
}

/// Takes pieces; an error ends the feed.
pub(crate) trait Take: FnMut(Piece<'_>) -> Result<(), Failure> {}
impl<F: FnMut(Piece<'_>) -> Result<(), Failure>> Take for F {}

/// What came of the current piece with earlier chunks.
#[derive(Debug)]
struct Held {
    bytes: Vec<u8>,
    max: usize,
    too_long: bool,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            max: PIECE_BYTES_MAX,
            too_long: false,
        }
    }
}

impl Held {
    /// More of the piece, which goes on in the next chunk.
    fn keep(&mut self, part: &[u8]) {
        if self.too_long {
            return;
        }
        if part.len() > self.max - self.bytes.len() {
            self.too_long = true;
            let room = BEGINNING_BYTES
                .min(self.max)
                .saturating_sub(self.bytes.len());
            self.bytes.extend_from_slice(&part[..room.min(part.len())]);
            self.bytes.truncate(BEGINNING_BYTES);
            self.bytes.shrink_to_fit();
        } else {
            self.bytes.extend_from_slice(part);
        }
    }

    /// The last of the piece, which is handed over.
    fn finish(&mut self, part: &[u8], take: &mut impl Take) -> Result<(), Failure> {
        let taken = if self.bytes.is_empty() && part.len() <= self.max {
            take(Piece::Whole(part))
        } else {
            self.keep(part);
            take(if self.too_long {
                Piece::TooLong(&self.bytes)
            } else {
                Piece::Whole(&self.bytes)
            })
        };
        self.bytes.clear();
        self.too_long = false;
        taken
    }
}

/// Cuts a watch into lines. What comes after the last line end was cut off, and is nothing.
#[derive(Debug, Default)]
pub(crate) struct WatchFeed {
    held: Held,
}

impl WatchFeed {
    /// The next bytes of the body.
    pub(crate) fn push(&mut self, chunk: &[u8], take: &mut impl Take) -> Result<(), Failure> {
        let mut rest = chunk;
        while let Some(at) = memchr(b'\n', rest) {
            self.held.finish(&rest[..at], take)?;
            rest = &rest[at + 1..];
        }
        self.held.keep(rest);
        Ok(())
    }

    /// Gives back what a large piece needed, if none is being put together.
    pub(crate) fn shrink(&mut self) {
        self.held.bytes.shrink_to_fit();
    }
}

/// Cuts a list into items, and keeps what is around them.
#[derive(Debug, Default)]
pub(crate) struct ListFeed {
    /// The body without its items.
    around: Vec<u8>,
    around_scan: Scan,
    place: Place,
    item_scan: Scan,
    held: Held,
}

/// Where in a list the next byte is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Place {
    /// Around the items.
    #[default]
    Around,
    /// Behind the bracket.
    First,
    /// Behind a comma.
    Next,
    Item,
    BehindItem,
}

/// What the metadata of a list says.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ListMeta {
    /// The version a watch goes on from.
    pub(crate) resource_version: String,
    /// Asks for the next page; empty: this was the last.
    #[serde(rename = "continue")]
    pub(crate) token: String,
}

impl ListFeed {
    /// The next bytes of the body.
    pub(crate) fn push(&mut self, chunk: &[u8], take: &mut impl Take) -> Result<(), Failure> {
        let mut rest = chunk;
        while let Some(&byte) = rest.first() {
            if self.place != Place::Item {
                self.step(byte)?;
            }
            if self.place != Place::Item {
                rest = &rest[1..];
                continue;
            }
            let Some(end) = self.item_scan.end(rest) else {
                self.held.keep(rest);
                return Ok(());
            };
            self.held.finish(&rest[..end], take)?;
            self.place = Place::BehindItem;
            rest = &rest[end..];
        }
        Ok(())
    }

    /// The body is at its end: what the list says of itself, if it was whole.
    pub(crate) fn end(self) -> Result<ListMeta, Failure> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Around {
            kind: String,
            metadata: ListMeta,
        }

        if self.place != Place::Around {
            return Err(Failure::Garbled("the list ends among its items"));
        }
        let around: Around = serde_json::from_slice(&self.around)
            .map_err(|_| Failure::Garbled("the list is not whole JSON"))?;
        if !around.kind.ends_with("List") || around.metadata.resource_version.is_empty() {
            return Err(Failure::Garbled("the answer is not a list with a version"));
        }
        Ok(around.metadata)
    }

    /// A byte that is not within an item, or begins one.
    fn step(&mut self, byte: u8) -> Result<(), Failure> {
        self.place = match (self.place, byte) {
            (Place::Around, _) => {
                let opens = byte == b'[' && self.around_scan.depth == 1 && self.is_behind_items();
                self.keep_around(byte)?;
                if opens { Place::First } else { Place::Around }
            }
            (place, b' ' | b'\t' | b'\r' | b'\n') => place,
            (Place::First | Place::Next, b'{') => Place::Item,
            (Place::First | Place::BehindItem, b']') => {
                self.keep_around(byte)?;
                Place::Around
            }
            (Place::BehindItem, b',') => Place::Next,
            _ => return Err(Failure::Garbled("the items are no list of objects")),
        };
        Ok(())
    }

    fn keep_around(&mut self, byte: u8) -> Result<(), Failure> {
        if self.around.len() == AROUND_BYTES_MAX {
            return Err(Failure::Garbled("the list has too much beside its items"));
        }
        self.around_scan.end(&[byte]);
        self.around.push(byte);
        Ok(())
    }

    /// Whether the value that begins now is that of the key `items`. A quote within a key has a backslash before it.
    fn is_behind_items(&self) -> bool {
        let before = self.around.trim_ascii_end();
        let key = before.strip_suffix(b":").map(<[u8]>::trim_ascii_end);
        let before = key.and_then(|key| key.strip_suffix(br#""items""#));
        before.is_some_and(|before| !before.ends_with(b"\\"))
    }
}

/// Follows JSON just closely enough to find where a value ends.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    depth: usize,
    string: bool,
    escape: bool,
}

impl Scan {
    /// Reads on; where the outermost bracket closes, the place behind it.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.escape {
                self.escape = false;
            } else if self.string {
                at += memchr2(b'"', b'\\', &bytes[at..])?;
                self.string = bytes[at] != b'"';
                self.escape = self.string;
            } else {
                match bytes[at] {
                    b'"' => self.string = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
            }
            at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests;
