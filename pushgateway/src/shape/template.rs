//! The text lines of a shape with holes where grouping values and numbers go.
//!
//! Lines are made by the text writer itself, with marks in the holes, and then cut at the marks: the format is
//! known in one place only.

use std::ops::Range;

use promontory_exposition::model::Header;
use promontory_exposition::page::write_metric;
use promontory_exposition::{Escaping, Family, Format, Label, Metric, Target, Value, number};

use super::numbers::{self, Number};
use super::order::Order;
use super::size::page_bytes;
use crate::group::GroupingKey;

/// What a mark begins with; texts that hold it have no template. Private characters, which no format escapes.
const MARK: &str = "\u{E000}\u{F8FF}";
/// Set in [`Line::number`] where the number is a whole one.
const WHOLE: u32 = 1 << 31;

/// The target whose lines are ready: what a scrape without an `Accept` header gets.
pub const READY: Target = Target {
    format: Format::Text,
    escaping: Escaping::Underscores,
};

/// Bytes of text that a template may have however few the family's own are.
const TEXT_ANYWAY: usize = 64 << 10;
/// Bytes of text for each byte of the family: labels stand in each line, in protobuf once a metric.
const TEXT_MAX_RATIO: usize = 16;

/// See the module.
#[derive(Debug)]
pub(crate) struct Template {
    /// The pieces between the holes, one after another.
    text: Box<[u8]>,
    /// Where each piece ends in `text`. Each line has one more than there are grouping labels.
    ends: Box<[u32]>,
    lines: Box<[Line]>,
    /// Where the lines of each metric begin, by its place in the [order](Order).
    starts: Box<[u32]>,
    holes: usize,
}

/// One line.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Where its pieces begin in `ends`.
    piece: u32,
    /// Which number of the column stands at its end.
    number: u32,
}

impl Template {
    /// The template of a family that has neither grouping labels nor numbers, of so many bytes; `None` where its texts
    /// look like marks, where it has native histograms, or where it would be much larger than the family.
    pub(super) fn of(
        family: &Family<'_>,
        order: &Order,
        key: &GroupingKey,
        bytes: usize,
    ) -> Option<Self> {
        // The numbers of a native histogram stay in the family, and would be taken for others' here.
        if family.metrics.iter().any(is_native) {
            return None;
        }
        let mut marked = family.clone();
        let whole = number_all(&mut marked);
        let mut parts = Parts {
            text_max: TEXT_ANYWAY.saturating_add(bytes.saturating_mul(TEXT_MAX_RATIO)),
            ..Parts::default()
        };
        let mut starts = Vec::with_capacity(order.len());
        for place in 0..order.len() {
            let metric = &mut marked.metrics[order.pushed(place)];
            mark(metric, key)?;
            starts.push(u32::try_from(parts.lines.len()).ok()?);
            parts.add(family.header(), metric, &whole)?;
        }
        Some(Self {
            text: parts.text.into(),
            ends: parts.ends.into(),
            lines: parts.lines.into(),
            starts: starts.into(),
            holes: key.labels().len(),
        })
    }

    /// Appends the lines of the metrics at some places. `value` gives the value of each grouping label, escaped, in the
    /// order of their names.
    pub(crate) fn write<'l>(
        &self,
        places: Range<usize>,
        value: impl Fn(usize) -> &'l [u8],
        column: &[u64],
        out: &mut Vec<u8>,
    ) {
        for line in &self.lines[self.lines_of(places)] {
            let first = line.piece as usize;
            let mut start = self.end_before(first);
            for (at, end) in self.ends[first..first + self.holes].iter().enumerate() {
                out.extend_from_slice(&self.text[start..*end as usize]);
                out.extend_from_slice(value(at));
                start = *end as usize;
            }
            out.extend_from_slice(&self.text[start..self.ends[first + self.holes] as usize]);
            number::write_sample(line.value(column), out);
            out.push(b'\n');
        }
    }

    /// How many bytes the lines of some places have, without grouping values and numbers, and how many lines they are.
    pub(super) fn size_of(&self, places: Range<usize>) -> (usize, usize) {
        let lines = self.lines_of(places);
        let pieces = self.holes + 1;
        let end = |line: usize| self.end_before(line * pieces);
        (end(lines.end) - end(lines.start), lines.len())
    }

    fn lines_of(&self, places: Range<usize>) -> Range<usize> {
        let start = |place: usize| match self.starts.get(place) {
            Some(start) => *start as usize,
            None => self.lines.len(),
        };
        start(places.start)..start(places.end)
    }

    /// Where the piece before one ends in the text.
    fn end_before(&self, piece: usize) -> usize {
        match piece {
            0 => 0,
            _ => self.ends[piece - 1] as usize,
        }
    }
}

/// Puts marks for the grouping labels among a metric's labels; `None` where one looks like a mark.
fn mark(metric: &mut Metric<'_>, key: &GroupingKey) -> Option<()> {
    if metric.labels.iter().any(|label| label.value.contains(MARK)) {
        return None;
    }
    for (at, label) in key.labels().iter().enumerate() {
        let mark = format!("{MARK}{at}\u{E001}");
        metric.labels.push(Label::new(label.name.to_string(), mark));
    }
    metric.labels.sort_by(|a, b| a.name.cmp(&b.name));
    Some(())
}

impl Line {
    fn value(self, column: &[u64]) -> f64 {
        let bits = column
            .get((self.number & !WHOLE) as usize)
            .copied()
            .unwrap_or_default();
        if self.number & WHOLE == 0 {
            f64::from_bits(bits)
        } else {
            bits as f64
        }
    }
}

/// Numbers a family's numbers from 1, so that each line tells which it shows; says for each whether it is a whole one.
fn number_all(family: &mut Family<'_>) -> Vec<bool> {
    let mut whole = Vec::new();
    for metric in &mut family.metrics {
        numbers::visit(metric, &mut |number| {
            let at = whole.len() + 1;
            whole.push(matches!(number, Number::Whole(_)));
            match number {
                Number::Float(value) => *value = at as f64,
                Number::Whole(value) => *value = at as u64,
                // Text does not show it.
                Number::Created(_) => {}
            }
        });
    }
    whole
}

fn is_native(metric: &Metric<'_>) -> bool {
    matches!(&metric.value, Value::Histogram(histogram) if histogram.native.is_some())
}

/// A template while its lines are cut.
#[derive(Default)]
struct Parts {
    text: Vec<u8>,
    text_max: usize,
    ends: Vec<u32>,
    lines: Vec<Line>,
}

impl Parts {
    /// Renders a metric and cuts its lines; `None` where the text becomes too large, or where that fails, which cannot be
    /// after the checks of a push.
    fn add(&mut self, header: Header<'_>, metric: &Metric<'_>, whole: &[bool]) -> Option<()> {
        if page_bytes(header.name, metric) > self.text_max.saturating_sub(self.text.len()) {
            return None;
        }
        let mut lines = Vec::new();
        write_metric(READY, header, &metric.labels, &metric.value, &mut lines).ok()?;
        for line in std::str::from_utf8(&lines).ok()?.lines() {
            let (series, value) = line.rsplit_once(' ')?;
            let number = (value.parse::<f64>().ok()? as usize).checked_sub(1)?;
            self.lines.push(Line {
                piece: u32::try_from(self.ends.len()).ok()?,
                number: u32::try_from(number).ok()? | if *whole.get(number)? { WHOLE } else { 0 },
            });
            let mut pieces = series.split(MARK);
            self.piece(pieces.next()?)?;
            for piece in pieces {
                // Behind the mark stands which label it is, and the end of the mark.
                self.piece(piece.split_once('\u{E001}')?.1)?;
            }
            self.text.push(b' ');
            *self.ends.last_mut()? += 1;
        }
        Some(())
    }

    fn piece(&mut self, piece: &str) -> Option<()> {
        self.text.extend_from_slice(piece.as_bytes());
        if self.text.len() >= self.text_max {
            return None;
        }
        self.ends.push(u32::try_from(self.text.len()).ok()?);
        Some(())
    }
}

/// Whether classic families have their lines ready for a target: only `dots` spells classic names anew.
pub(crate) fn suits(target: Target) -> bool {
    target.format == Format::Text && target.escaping != Escaping::Dots
}
