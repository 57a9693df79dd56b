//! One family of one group as we keep it: small and complete.
//!
//! A [`PushedFamily`] never changes; a push replaces it. It is a shape, shared with all families that differ only in their
//! numbers and grouping values, and a column of numbers. Built by [`crate::ingest`]; shared by `index`,
//! [`crate::view`] and [`crate::commit`].

use std::sync::Arc;

use promontory_exposition::model::Header;
use promontory_exposition::name::escape;
use promontory_exposition::{Escaping, Family, Kind, ReadError};

use crate::group::GroupingKey;
use crate::refusal::Refusal;
use crate::series::{fingerprint, labels_text, sum_of};
use crate::shape::{self, Shape, numbers, own_labels, with_key};
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
        let column = numbers::take(&mut family);
        Ok(Self {
            key: key.clone(),
            shape: Shape::of(&family, column.len(), key)?,
            column,
            origin,
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
        Self {
            key: key.clone(),
            shape,
            column,
            origin,
            pushed_at,
        }
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
        let decoded = self.decode().ok();
        let metric = at.and_then(|at| decoded.as_ref()?.metrics.get(at));
        metric.map_or_else(String::new, labels_text)
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

    /// The name as readers spell it that know only classic names.
    pub(crate) fn spelled(&self) -> std::borrow::Cow<'_, str> {
        escape(self.name(), Escaping::Underscores)
    }
}
