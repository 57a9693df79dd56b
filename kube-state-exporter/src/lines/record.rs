//! One object's samples as bytes.
//!
//! ```text
//! record  = length common sample*
//! sample  = family tag [ number | length text ] [ value ]
//! ```
//!
//! `length`, `number` and whole values are LEB128; `common` is the text of the common labels; `family` is a byte, the
//! family's place on the page, ascending; `tag` says in its low bits where the labels are ([`NONE`], [`SHARED`],
//! [`OWN`]) and above them how the value is kept ([`ZERO`], [`ONE`], [`WHOLE`], [`FLOAT`]).

use std::sync::Arc;

use super::texts::Texts;
use crate::samples::Rendering;

const NONE: u8 = 0;
const SHARED: u8 = 1;
const OWN: u8 = 2;
const LABELS: u8 = 3;

const ZERO: u8 = 0 << 2;
const ONE: u8 = 1 << 2;
const WHOLE: u8 = 2 << 2;
const FLOAT: u8 = 3 << 2;
const VALUE: u8 = 3 << 2;

/// Whole values up to here are kept as such: larger ones would not be shorter than a float.
const WHOLE_MAX: f64 = (1_u64 << 48) as f64;

/// Where a sample's labels are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Labels<'r> {
    /// It has none but the common ones.
    None,
    /// In the block's texts, under this number.
    Shared(u32),
    /// In the record.
    Own(&'r [u8]),
}

impl<'r> Labels<'r> {
    /// The text.
    pub(super) fn text(self, texts: &'r Texts) -> &'r [u8] {
        match self {
            Self::None => b"",
            Self::Shared(number) => texts.get(number),
            Self::Own(text) => text,
        }
    }
}

/// One sample of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'r> {
    pub(super) family: u8,
    pub(super) labels: Labels<'r>,
    pub(super) value: f64,
}

/// Makes a record; its label texts are shared through `texts` where others have them too.
pub(super) fn encode(rendering: &Rendering, texts: &mut Texts, out: &mut Vec<u8>) -> Arc<[u8]> {
    out.clear();
    put_number(rendering.common().len() as u64, out);
    out.extend_from_slice(rendering.common());
    for (family, labels, value) in rendering.samples() {
        let shared = if labels.is_empty() {
            None
        } else {
            texts.share(labels)
        };
        let place = match (labels.is_empty(), shared) {
            (true, _) => NONE,
            (false, Some(_)) => SHARED,
            (false, None) => OWN,
        };
        let kept = kept(value);
        out.extend_from_slice(&[family, place | kept]);
        match shared {
            Some(number) => put_number(number.into(), out),
            None if place == OWN => {
                put_number(labels.len() as u64, out);
                out.extend_from_slice(labels);
            }
            None => {}
        }
        match kept {
            WHOLE => put_number(value as u64, out),
            FLOAT => out.extend_from_slice(&value.to_le_bytes()),
            _ => {}
        }
    }
    out.as_slice().into()
}

/// How a value is kept; a negative zero, which no line shows, is a zero.
fn kept(value: f64) -> u8 {
    if value == 0.0 {
        ZERO
    } else if value == 1.0 {
        ONE
    } else if value > 0.0 && value <= WHOLE_MAX && value.trunc() == value {
        WHOLE
    } else {
        FLOAT
    }
}

/// The common labels of a record, and where its samples begin.
pub(super) fn common(record: &[u8]) -> (&[u8], usize) {
    let mut at = 0;
    let length = number(record, &mut at) as usize;
    (&record[at..at + length], at + length)
}

/// The samples of a record.
pub(super) fn samples(record: &[u8]) -> impl Iterator<Item = Sample<'_>> {
    let (_, mut at) = common(record);
    std::iter::from_fn(move || (at < record.len()).then(|| sample(record, &mut at)))
}

/// The family of the sample at `at`, if there is one.
pub(super) fn family(record: &[u8], at: usize) -> Option<u8> {
    record.get(at).copied()
}

/// Reads the sample at `at` and moves behind it. Records come from [`encode`], so they are whole.
pub(super) fn sample<'r>(record: &'r [u8], at: &mut usize) -> Sample<'r> {
    let (family, tag) = (record[*at], record[*at + 1]);
    *at += 2;
    let labels = match tag & LABELS {
        SHARED => Labels::Shared(number(record, at) as u32),
        OWN => {
            let length = number(record, at) as usize;
            let start = *at;
            *at += length;
            Labels::Own(&record[start..*at])
        }
        _ => Labels::None,
    };
    let value = match tag & VALUE {
        ZERO => 0.0,
        ONE => 1.0,
        WHOLE => number(record, at) as f64,
        _ => {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&record[*at..*at + 8]);
            *at += 8;
            f64::from_le_bytes(bytes)
        }
    };
    Sample {
        family,
        labels,
        value,
    }
}

fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn number(record: &[u8], at: &mut usize) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = record[*at];
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 || shift >= 64 {
            return number;
        }
    }
}
