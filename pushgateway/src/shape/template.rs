//! The text lines of a shape with holes where grouping values and numbers go.
//!
//! Lines are made by the text writer itself, with marks in the holes, and then cut at the marks: the format is
//! known in one place only. The lines of one group nearly always have one order whatever its grouping values are;
//! then they stand in it, and [`Run`] and [`Layout`] say what is needed to know the order among groups (see
//! [`crate::page`]).

use std::ops::Range;

use promontory_exposition::format::Writer;
use promontory_exposition::{Escaping, Family, Format, Label, Metric, Target, Value, number};

use super::numbers::{self, Number};
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

/// See the module.
#[derive(Debug)]
pub(crate) struct Template {
    /// The pieces between the holes, one after another.
    text: Box<[u8]>,
    /// Where each piece ends in `text`. Each line has one more than there are grouping labels.
    ends: Box<[u32]>,
    lines: Box<[Line]>,
    /// The lines of metrics that stand together whatever the values of the grouping labels are.
    pub(crate) runs: Box<[Run]>,
    /// One for each number of labels that metrics have; `None` where two metrics of as many labels have the grouping
    /// labels in other places, so that the order of the lines depends on the values of grouping labels.
    pub(crate) layouts: Option<Box<[Layout]>>,
    /// For each metric in the order of its lines: which it was when pushed, and where its lines begin.
    metrics: Box<[(u32, u32)]>,
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

/// Adjacent lines whose metrics have as many labels and the same values before the first grouping label.
#[derive(Debug)]
pub(crate) struct Run {
    /// How many labels each metric has.
    pub(crate) labels: usize,
    /// The values before the first grouping label.
    pub(crate) leading: Box<[Box<str>]>,
    /// Which lines.
    pub(crate) lines: Range<usize>,
}

/// Where the grouping labels stand among the sorted labels of a metric.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Layout {
    /// How many labels there are.
    pub(crate) labels: usize,
    /// The positions of the grouping labels.
    pub(crate) positions: Box<[usize]>,
}

impl Layout {
    /// How many grouping labels stand together at the first of them: their values alone order the groups.
    pub(crate) fn together(&self) -> usize {
        let first = self.positions.first().copied().unwrap_or(0);
        let in_row = |(at, position): &(usize, &usize)| **position == first + at;
        self.positions.iter().enumerate().take_while(in_row).count()
    }
}

impl Template {
    /// The template of a family that has neither grouping labels nor numbers; `None` where its texts look like
    /// marks, or where it has native histograms.
    pub(crate) fn of(family: &Family<'_>, key: &GroupingKey) -> Option<Self> {
        let mut marked = family.clone();
        let whole = number_all(&mut marked);
        // The numbers of a native histogram stay in the family, and would be taken for others' here.
        if marked.metrics.iter().any(is_native) {
            return None;
        }
        for metric in &mut marked.metrics {
            if metric.labels.iter().any(|label| label.value.contains(MARK)) {
                return None;
            }
            for (at, label) in key.labels().iter().enumerate() {
                metric
                    .labels
                    .push(Label::new(&*label.name, format!("{MARK}{at}\u{E001}")));
            }
            metric.labels.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let mut order: Vec<(u32, &Metric<'_>)> = (0..).zip(&marked.metrics).collect();
        order.sort_by(|a, b| compare(a.1, b.1));
        let mut parts = Parts::default();
        let mut runs: Vec<Run> = Vec::new();
        let mut metrics = Vec::with_capacity(order.len());
        for (pushed, metric) in order {
            let start = parts.lines.len();
            parts.add(&marked, metric, &whole)?;
            metrics.push((pushed, u32::try_from(start).ok()?));
            let leading = leading(metric);
            match runs.last_mut() {
                Some(run) if run.labels == metric.labels.len() && run.leading == leading => {
                    run.lines.end = parts.lines.len();
                }
                _ => runs.push(Run {
                    labels: metric.labels.len(),
                    leading,
                    lines: start..parts.lines.len(),
                }),
            }
        }
        Some(Self {
            text: parts.text.into(),
            ends: parts.ends.into(),
            lines: parts.lines.into(),
            runs: runs.into(),
            layouts: layouts(&marked).map(Into::into),
            metrics: metrics.into(),
            holes: key.labels().len(),
        })
    }

    /// Appends some lines. `values` are the values of the grouping labels, escaped, in the order of their names.
    pub(crate) fn write(
        &self,
        lines: Range<usize>,
        values: &[impl AsRef<[u8]>],
        column: &[u64],
        out: &mut Vec<u8>,
    ) {
        for line in &self.lines[lines] {
            let first = line.piece as usize;
            let mut start = match first {
                0 => 0,
                _ => self.ends[first - 1] as usize,
            };
            for (end, value) in self.ends[first..first + self.holes].iter().zip(values) {
                out.extend_from_slice(&self.text[start..*end as usize]);
                out.extend_from_slice(value.as_ref());
                start = *end as usize;
            }
            out.extend_from_slice(&self.text[start..self.ends[first + self.holes] as usize]);
            number::write_sample(line.value(column), out);
            out.push(b'\n');
        }
    }

    /// Each metric: which it was when pushed, and its lines.
    pub(crate) fn metrics(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let ends = self
            .metrics
            .iter()
            .skip(1)
            .map(|(_, start)| *start as usize);
        let ends = ends.chain([self.lines.len()]);
        let metrics = self.metrics.iter().zip(ends);
        metrics.map(|((pushed, start), end)| (*pushed as usize, *start as usize..end))
    }
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
            }
        });
    }
    whole
}

fn is_native(metric: &Metric<'_>) -> bool {
    matches!(&metric.value, Value::Histogram(histogram) if histogram.native.is_some())
}

/// See [`Template::layouts`].
fn layouts(marked: &Family<'_>) -> Option<Vec<Layout>> {
    let mut layouts: Vec<Layout> = Vec::new();
    for metric in &marked.metrics {
        let marks = metric
            .labels
            .iter()
            .enumerate()
            .filter(|(_, label)| label.value.starts_with(MARK));
        let layout = Layout {
            labels: metric.labels.len(),
            positions: marks.map(|(at, _)| at).collect(),
        };
        match layouts.iter().find(|other| other.labels == layout.labels) {
            Some(other) if *other != layout => return None,
            Some(_) => {}
            None => layouts.push(layout),
        }
    }
    Some(layouts)
}

fn leading(metric: &Metric<'_>) -> Box<[Box<str>]> {
    let values = metric.labels.iter().map(|label| &*label.value);
    values
        .take_while(|value| !value.starts_with(MARK))
        .map(Into::into)
        .collect()
}

/// A template while its lines are cut.
#[derive(Default)]
struct Parts {
    text: Vec<u8>,
    ends: Vec<u32>,
    lines: Vec<Line>,
}

impl Parts {
    /// Renders a metric and cuts its lines; `None` where that fails, which cannot be after the checks of a push.
    fn add(&mut self, family: &Family<'_>, metric: &Metric<'_>, whole: &[bool]) -> Option<()> {
        let mut page = Vec::new();
        let mut writer = Writer::new(READY, &mut page);
        let header = promontory_exposition::model::Header {
            help: None,
            ..family.header()
        };
        writer.begin(header);
        writer.metric(&metric.labels, &metric.value, None).ok()?;
        writer.finish();
        let page = std::str::from_utf8(&page).ok()?;
        for line in page.lines().filter(|line| !line.starts_with("# ")) {
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
        self.ends.push(u32::try_from(self.text.len()).ok()?);
        Some(())
    }
}

/// Whether classic families have their lines ready for a target: only `dots` spells classic names anew.
pub(crate) fn suits(target: Target) -> bool {
    target.format == Format::Text && target.escaping != Escaping::Dots
}

/// client_golang's order: by number of labels, then by the values in the order of the names.
pub(crate) fn compare(a: &Metric<'_>, b: &Metric<'_>) -> std::cmp::Ordering {
    let values = |metric: &Metric<'_>| metric.labels.len();
    values(a).cmp(&values(b)).then_with(|| {
        let a = a.labels.iter().map(|label| &label.value);
        a.cmp(b.labels.iter().map(|label| &label.value))
    })
}
