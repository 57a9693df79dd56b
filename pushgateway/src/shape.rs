//! What the families of many pushes have in common, kept once.
//!
//! A batch job pushes the same families again and again, and many groups push alike: only the numbers differ, and the
//! values of the grouping labels. So a pushed family is a [`Shape`], a grouping key and a column of numbers.
//! A shape is made once (checked, fingerprinted, spelled out as a [`Template`]) and found again by its bytes.
//! `labels` tells a metric's own labels from the grouping ones; `numbers` takes the numbers out of a family and puts them
//! back; `metrics` reads single metrics, `order` knows where they stand on a page; `intern` finds shapes.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use promontory_exposition::format::{self, Limits};
use promontory_exposition::model::Header;
use promontory_exposition::name::{is_classic_label_name, is_classic_metric_name};
use promontory_exposition::{Escaping, Family, Format, Kind, ReadError, Target};

use crate::group::GroupingKey;
use crate::refusal::Refusal;
use crate::series::check_series;
use intern::Spelling;
pub(crate) use labels::{add_key, own_labels, with_key};
use metrics::At;
pub(crate) use order::{Layout, Merged, Order, Run, compare_grouped};
pub(crate) use size::page_bytes;
pub use template::READY;
pub(crate) use template::{Template, suits};

mod intern;
mod labels;
mod metrics;
pub(crate) mod numbers;
mod order;
mod size;
mod template;
#[cfg(test)]
mod tests;

/// How a family is encoded in the store, and in a shape.
pub(crate) const ENCODED: Target = Target {
    format: Format::Protobuf,
    escaping: Escaping::AllowUtf8,
};

/// What we kept was bounded when it came in, before the grouping labels were added.
pub(crate) const UNBOUNDED: Limits = Limits {
    metrics: usize::MAX,
    labels: usize::MAX,
};

/// A larger spelling is not worth the memory until the next one, in bytes.
const SCRATCH_MAX: usize = 1 << 20;

thread_local! {
    /// Where each thread spells families; most are found to be known and nothing of it is kept.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A family without its numbers and without grouping labels.
#[derive(Debug)]
pub(crate) struct Shape {
    id: u64,
    /// The family in protobuf, metrics in the order they were pushed in, labels sorted by name.
    bytes: Box<[u8]>,
    /// The names of the grouping labels it stands under.
    key_names: Box<[Box<str>]>,
    name: Box<str>,
    help: Option<Box<str>>,
    kind: Kind,
    unit: Box<str>,
    /// How many numbers were taken out.
    numbers: usize,
    /// Where each metric is, in the order they were pushed in.
    metrics: Box<[At]>,
    /// In which order they stand on a page.
    pub(crate) order: Order,
    /// For each metric the sum that [`crate::series`] makes fingerprints of.
    pub(crate) series: Box<[u64]>,
    /// Whether all names are classic, so that of the escaping schemes only `dots` changes the lines.
    pub(crate) classic: bool,
    /// What is wrong with the family in itself; only ever held without the consistency check.
    pub(crate) unsound: Option<Refusal>,
    /// The lines of the text format; `None` where they cannot be told without the values of the grouping labels.
    pub(crate) template: Option<Template>,
}

impl Shape {
    /// The shape of a family whose numbers [`numbers::take`] took out and whose labels [`own_labels`] put in order.
    ///
    /// # Errors
    /// A family that cannot be written: a metric is not of the family's type, the name is missing, or it is too large.
    pub(crate) fn of(
        family: &Family<'_>,
        numbers: usize,
        key: &GroupingKey,
    ) -> Result<Arc<Self>, Refusal> {
        SCRATCH.with_borrow_mut(|bytes| {
            bytes.clear();
            let shape = Self::spell(family, numbers, key, bytes);
            if bytes.capacity() > SCRATCH_MAX {
                *bytes = Vec::new();
            }
            shape
        })
    }

    /// [`of`](Self::of), with room to spell the family in.
    fn spell(
        family: &Family<'_>,
        numbers: usize,
        key: &GroupingKey,
        bytes: &mut Vec<u8>,
    ) -> Result<Arc<Self>, Refusal> {
        format::write(ENCODED, std::slice::from_ref(family), bytes).map_err(|_| {
            Refusal::NotOfKind {
                family: family.name.to_string(),
                kind: family.kind,
            }
        })?;
        // Places in it, and its length in the store, have 32 bits.
        if bytes.len() > u32::MAX as usize || numbers > u32::MAX as usize {
            return Err(Refusal::Content(ReadError {
                family: Some(family.name.to_string()),
                ..ReadError::of_content("the family has more than 4 GiB")
            }));
        }
        let spelling = Spelling {
            unsaid: unsaid(family.kind),
            bytes,
            key,
        };
        Ok(intern::intern(&spelling, || {
            Self::make(family, numbers, key, bytes)
        }))
    }

    fn make(family: &Family<'_>, numbers: usize, key: &GroupingKey, bytes: &[u8]) -> Self {
        let whole = with_key(family.clone(), key);
        let (series, unsound) = check_series(&whole, family);
        let classic = is_classic(&whole);
        let order = Order::of(&family.metrics, key.labels());
        let has_lines = classic && unsound.is_none();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            bytes: bytes.into(),
            key_names: key
                .labels()
                .iter()
                .map(|label| (*label.name).into())
                .collect(),
            name: (*family.name).into(),
            help: family.help.as_deref().map(Into::into),
            kind: family.kind,
            unit: (*family.unit).into(),
            numbers,
            metrics: metrics::places(family, bytes),
            series: series.into(),
            classic,
            template: has_lines
                .then(|| Template::of(family, &order, key, bytes.len()))
                .flatten(),
            order,
            unsound,
        }
    }

    /// The shape with these bytes in use for groups with labels of these names, if it takes so many numbers. `unsaid` is
    /// the type, where the bytes do not say it.
    pub(crate) fn find(
        unsaid: Option<Kind>,
        bytes: &[u8],
        numbers: usize,
        key: &GroupingKey,
    ) -> Option<Arc<Self>> {
        let spelling = Spelling { unsaid, bytes, key };
        intern::find(&spelling).filter(|shape| shape.numbers == numbers)
    }

    fn is(&self, spelling: &Spelling<'_>) -> bool {
        let names = spelling.key.labels().iter().map(|label| &*label.name);
        unsaid(self.kind) == spelling.unsaid
            && *self.bytes == *spelling.bytes
            && self.key_names.iter().map(AsRef::as_ref).eq(names)
    }

    /// No other shape ever has the same.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Name, help, type and unit as pushed.
    pub(crate) fn header(&self) -> Header<'_> {
        Header {
            name: &self.name,
            help: self.help.as_deref(),
            kind: self.kind,
            unit: &self.unit,
        }
    }

    /// The names of the grouping labels, sorted.
    pub(crate) fn key_names(&self) -> &[Box<str>] {
        &self.key_names
    }

    /// The bytes that [`read`] reads.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads the bytes of a shape and puts the numbers of a column in: a family without grouping labels.
///
/// # Errors
/// Bytes that are not those of a shape.
pub(crate) fn read<'a>(
    bytes: &'a [u8],
    column: impl IntoIterator<Item = u64>,
) -> Result<Family<'a>, ReadError> {
    let mut families = format::read(Format::Protobuf, bytes, &UNBOUNDED)?.into_iter();
    let (Some(mut family), None) = (families.next(), families.next()) else {
        return Err(ReadError::new("not one family"));
    };
    numbers::put(&mut family, column);
    Ok(family)
}

/// The type, where protobuf has none for it and writes another.
fn unsaid(kind: Kind) -> Option<Kind> {
    matches!(kind, Kind::Info | Kind::StateSet).then_some(kind)
}

fn is_classic(family: &Family<'_>) -> bool {
    let labels = || family.metrics.iter().flat_map(|metric| &metric.labels);
    is_classic_metric_name(&family.name) && labels().all(|label| is_classic_label_name(&label.name))
}
