//! One family of one group as we keep it: small and complete.
//!
//! A [`PushedFamily`] never changes; a push replaces it. It is a shape, shared with all families that differ only in their
//! numbers and grouping values, and a column of numbers. Built by [`crate::ingest`]; shared by `index`,
//! [`crate::view`] and [`crate::commit`].

use std::sync::Arc;

use promontory_exposition::model::Header;
use promontory_exposition::name::escape;
use promontory_exposition::{Escaping, Family, Kind, Metric, ReadError};

use crate::fit::{fits, fits_counter};
use crate::group::GroupingKey;
use crate::refusal::Refusal;
use crate::series::{fingerprint, labels_text, sum_of};
use crate::shape::{self, Shape, add_key, numbers, own_labels, with_key};
use crate::time::UnixNanos;

pub use crate::shape::READY;

/// In which family of formats a push came. It decides what OpenMetrics scrapes may show, and whether there are any.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Origin {
    /// Text 0.0.4 or protobuf.
    #[default]
    Classic,
    /// OpenMetrics.
    OpenMetrics,
}

/// One family of one group, as pushed and sanitised.
#[derive(Debug)]
pub struct PushedFamily {
    key: GroupingKey,
    pub(crate) shape: Arc<Shape>,
    /// The numbers, as the shape takes them.
    pub(crate) column: Box<[u64]>,
    pub(crate) origin: Origin,
    /// Whether OpenMetrics allows its values for its type.
    pub(crate) fits: bool,
    pushed_at: UnixNanos,
}

impl PushedFamily {
    /// Sanitises a family and keeps it: the grouping labels win over pushed ones, `instance=""` stands where no
    /// instance is, and names are in order.
    ///
    /// # Errors
    /// See [`Shape::of`]. What only makes a family unfit to be scraped is kept in its shape.
    pub(crate) fn new(
        key: &GroupingKey,
        mut family: Family<'_>,
        origin: Origin,
        pushed_at: UnixNanos,
    ) -> Result<Self, Refusal> {
        for metric in &mut family.metrics {
            own_labels(&mut metric.labels, key);
        }
        Self::of_numbers(key, family, origin, pushed_at)
    }

    /// One of the program's own families: of no group, and with no labels but its own. `None` cannot be.
    pub(crate) fn own(mut family: Family<'_>) -> Option<Self> {
        let key = GroupingKey::from_labels(Vec::new());
        for metric in &mut family.metrics {
            metric.labels.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Self::of_numbers(&key, family, Origin::Classic, UnixNanos::default()).ok()
    }

    /// Takes the numbers out of a family whose labels are in order.
    fn of_numbers(
        key: &GroupingKey,
        mut family: Family<'_>,
        origin: Origin,
        pushed_at: UnixNanos,
    ) -> Result<Self, Refusal> {
        let fits = fits(&family);
        let column = numbers::take(&mut family);
        Ok(Self {
            key: key.clone(),
            shape: Shape::of(&family, column.len(), key)?,
            column,
            origin,
            fits,
            pushed_at,
        })
    }

    /// A family of a shape in use.
    pub(crate) fn shaped(
        key: &GroupingKey,
        shape: Arc<Shape>,
        column: Box<[u64]>,
        origin: Origin,
        pushed_at: UnixNanos,
    ) -> Self {
        let mut family = Self {
            key: key.clone(),
            shape,
            column,
            origin,
            fits: true,
            pushed_at,
        };
        family.fits = match family.kind() {
            Kind::Gauge | Kind::Untyped => true,
            Kind::Counter => {
                let mut values = family.shape.first_numbers(&family.column);
                values.all(|bits| fits_counter(f64::from_bits(bits)))
            }
            _ => family.decode().is_ok_and(|family| fits(&family)),
        };
        family
    }

    /// The group it belongs to.
    pub fn key(&self) -> &GroupingKey {
        &self.key
    }

    /// The name as pushed.
    pub fn name(&self) -> &str {
        self.header().name
    }

    /// The type.
    pub fn kind(&self) -> Kind {
        self.header().kind
    }

    /// Name, help, type and unit as pushed.
    pub fn header(&self) -> Header<'_> {
        self.shape.header()
    }

    /// When it was pushed.
    pub fn pushed_at(&self) -> UnixNanos {
        self.pushed_at
    }

    /// How many metrics it has.
    pub fn metrics(&self) -> usize {
        self.shape.series.len()
    }

    /// The value of a family that is one gauge.
    pub(crate) fn only_gauge(&self) -> Option<f64> {
        match (self.kind(), &*self.column) {
            (Kind::Gauge, [bits]) => Some(f64::from_bits(*bits)),
            _ => None,
        }
    }

    /// The fingerprints of its series, in the order of its metrics.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = u64> {
        let key = sum_of(self.key.labels());
        self.shape
            .series
            .iter()
            .map(move |own| fingerprint(*own, key))
    }

    /// The labels of the series with a fingerprint, as `{a="b"}`; only for error texts.
    pub(crate) fn series_of(&self, fingerprint: u64) -> String {
        let at = self.fingerprints().position(|series| series == fingerprint);
        let metric = at.and_then(|at| self.metric(at).ok());
        metric.as_ref().map_or_else(String::new, labels_text)
    }

    /// The family with all its metrics, in the order they were pushed in.
    ///
    /// # Errors
    /// None in practice: we read what we wrote. An error all the same, so that a defect costs one answer.
    pub fn decode(&self) -> Result<Family<'_>, ReadError> {
        let mut family = shape::read(self.shape.bytes(), self.column.iter().copied())?;
        // Protobuf has no types of OpenMetrics' own.
        family.kind = self.kind();
        Ok(with_key(family, &self.key))
    }

    /// The metric that was pushed as so manieth, with its own labels only.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub(crate) fn own_metric(&self, pushed: usize) -> Result<Metric<'_>, ReadError> {
        self.shape.metric(pushed, &self.column)
    }

    /// The metric that was pushed as so manieth, with all its labels.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub(crate) fn metric(&self, pushed: usize) -> Result<Metric<'_>, ReadError> {
        let mut metric = self.own_metric(pushed)?;
        add_key(&mut metric, &self.key);
        Ok(metric)
    }

    /// The name as readers spell it that know only classic names.
    pub(crate) fn spelled(&self) -> std::borrow::Cow<'_, str> {
        escape(self.name(), Escaping::Underscores)
    }
}
