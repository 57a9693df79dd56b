//! One family of one group as we keep it: ready for a scrape, small, and complete.
//!
//! A [`PushedFamily`] never changes; a push replaces it. It holds the rendered lines of the default
//! target and, only where those could not be read back without loss, the encoded family too.
//! Built by [`crate::ingest`]; shared by [`crate::index`], [`crate::view`] and [`crate::commit`].

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use promontory_exposition::model::Header;
use promontory_exposition::page::Chunk;
use promontory_exposition::{Escaping, Family, Format, Kind, ReadError, Target};

use crate::group::GroupingKey;

/// The target whose lines are kept ready: what a scrape without an `Accept` header gets.
pub const READY: Target = Target {
    format: Format::Text,
    escaping: Escaping::Underscores,
};

/// A point in time: nanoseconds since the epoch. Zero means never.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct UnixNanos(pub i64);

impl UnixNanos {
    /// From the system's clock; times before 1970 or after 2262 become never.
    pub fn from_system(time: SystemTime) -> Self {
        let since = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Self(i64::try_from(since.as_nanos()).unwrap_or(0))
    }

    /// Seconds since the epoch, as upstream computes them for its time metrics.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

/// One family of one group, as pushed and sanitised.
#[derive(Debug)]
pub struct PushedFamily {
    pub(crate) key: GroupingKey,
    pub(crate) name: Arc<str>,
    pub(crate) help: Option<Arc<str>>,
    pub(crate) kind: Kind,
    pub(crate) unit: Arc<str>,
    pub(crate) pushed_at: UnixNanos,
    /// The lines for [`READY`]; `None` where the family has no metrics.
    pub(crate) chunk: Option<Chunk>,
    /// The family in protobuf, where `chunk` alone would lose something.
    pub(crate) encoded: Option<Box<[u8]>>,
    /// One fingerprint a metric; see [`crate::index`].
    pub(crate) series: Box<[u64]>,
    /// Whether all names are classic, so that no escaping scheme but `dots` changes the lines.
    pub(crate) classic: bool,
}

impl PushedFamily {
    /// The group it belongs to.
    pub fn key(&self) -> &GroupingKey {
        &self.key
    }

    /// Name, help, type and unit as pushed.
    pub fn header(&self) -> Header<'_> {
        Header {
            name: &self.name,
            help: self.help.as_deref(),
            kind: self.kind,
            unit: &self.unit,
        }
    }

    /// When it was pushed.
    pub fn pushed_at(&self) -> UnixNanos {
        self.pushed_at
    }

    /// How many metrics it has.
    pub fn metrics(&self) -> usize {
        self.series.len()
    }

    /// The family with all its metrics, sorted as on a page.
    ///
    /// # Errors
    /// None in practice: we read what we wrote. Kept as an error so that a defect costs one answer, not the process.
    pub fn decode(&self) -> Result<Family<'static>, ReadError> {
        Ok(Family::new(self.name.to_string(), self.kind))
    }
}
