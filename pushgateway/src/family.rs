//! One family of one group as we keep it: ready for a scrape, small, and complete.
//!
//! A [`PushedFamily`] never changes; a push replaces it. It holds the rendered lines of the default
//! target and, only where those could not be read back without loss, the encoded family too.
//! Built by [`crate::ingest`]; shared by `index`, [`crate::view`] and [`crate::commit`].

use std::sync::Arc;

use promontory_exposition::format::{self, Limits};
use promontory_exposition::model::Header;
use promontory_exposition::name::{escape, is_classic_label_name, is_classic_metric_name};
use promontory_exposition::page::Chunk;
use promontory_exposition::{
    Escaping, Family, Format, Kind, Metric, ReadError, Target, Value, WriteError,
};

use crate::group::GroupingKey;
use crate::refusal::Refusal;
use crate::time::UnixNanos;

/// The target whose lines are kept ready: what a scrape without an `Accept` header gets.
pub const READY: Target = Target {
    format: Format::Text,
    escaping: Escaping::Underscores,
};

/// How a family is encoded where its lines do not suffice, and in the store.
pub(crate) const ENCODED: Target = Target {
    format: Format::Protobuf,
    escaping: Escaping::AllowUtf8,
};

/// What we kept was bounded when it came in, before the grouping labels were added.
pub(crate) const UNBOUNDED: Limits = Limits {
    metrics: usize::MAX,
    labels: usize::MAX,
};

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
    pub(crate) key: GroupingKey,
    pub(crate) name: Arc<str>,
    help: Option<Arc<str>>,
    pub(crate) kind: Kind,
    pub(crate) origin: Origin,
    unit: Box<str>,
    pushed_at: UnixNanos,
    /// The lines for [`READY`]; `None` where the family has no metrics.
    pub(crate) chunk: Option<Chunk>,
    /// The metrics that lines cannot carry, or the order of those they can.
    rest: Rest,
    /// One fingerprint a metric, sorted; see [`crate::index`].
    pub(crate) series: Box<[u64]>,
    /// Whether all names are classic, so that of the escaping schemes only `dots` changes the lines.
    pub(crate) classic: bool,
    /// What is wrong with the family in itself; only ever `Some` without the consistency check.
    /// Boxed, as it is nearly never there.
    pub(crate) unsound: Option<Box<Refusal>>,
}

/// What the lines do not say.
#[derive(Debug)]
enum Rest {
    /// Nothing: the metrics were pushed in page order.
    Nothing,
    /// For each pushed metric, which line it is on the page.
    Order(Box<[u32]>),
    /// The whole family in protobuf.
    Encoded(Box<[u8]>),
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

    /// The family with all its metrics, in the order they were pushed in.
    ///
    /// # Errors
    /// None in practice: we read what we wrote. An error all the same, so that a defect costs one answer.
    pub fn decode(&self) -> Result<Family<'_>, ReadError> {
        let bytes = match &self.rest {
            Rest::Encoded(encoded) => encoded,
            Rest::Nothing | Rest::Order(_) => return self.read_lines(),
        };
        let families = format::read(Format::Protobuf, bytes, &UNBOUNDED)?;
        let family = families.into_iter().next();
        let mut family = family.ok_or_else(|| ReadError::new("a kept family is empty"))?;
        // Protobuf has no types of OpenMetrics' own.
        family.kind = self.kind;
        Ok(family)
    }

    /// Reads the lines back. They are plain numbers (see [`is_plain`]), and without a TYPE line they
    /// come back untyped.
    fn read_lines(&self) -> Result<Family<'_>, ReadError> {
        let mut family = Family::new(&*self.name, self.kind);
        family.help = self.help.as_deref().map(Into::into);
        let Some(chunk) = &self.chunk else {
            return Ok(family);
        };
        let read = format::read(Format::Text, chunk.bytes(), &UNBOUNDED)?;
        let mut metrics: Vec<Metric<'_>> =
            read.into_iter().flat_map(|family| family.metrics).collect();
        for metric in &mut metrics {
            metric.value = match (self.kind, &metric.value) {
                (Kind::Counter, Value::Untyped(value)) => Value::Counter((*value).into()),
                (Kind::Gauge, Value::Untyped(value)) => Value::Gauge(*value),
                (_, value) => value.clone(),
            };
        }
        family.metrics = match &self.rest {
            Rest::Order(order) => in_order(metrics, order),
            _ => metrics,
        };
        Ok(family)
    }

    /// The family in protobuf, length-delimited, as the store keeps it.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, String> {
        if let Rest::Encoded(encoded) = &self.rest {
            return Ok(encoded.to_vec());
        }
        let family = self.decode().map_err(|error| error.to_string())?;
        encode(&family).map_err(|error| error.to_string())
    }

    /// Takes over the texts of a family of the same name, so that many groups share one copy.
    pub(crate) fn share_texts(&mut self, other: &Self) {
        if self.name == other.name {
            self.name = Arc::clone(&other.name);
        }
        if self.help == other.help {
            self.help.clone_from(&other.help);
        }
    }

    /// The name as readers spell it that know only classic names.
    pub(crate) fn spelled(&self) -> std::borrow::Cow<'_, str> {
        escape(&self.name, Escaping::Underscores)
    }
}

/// What [`build`] is told about a family beside the family itself.
pub(crate) struct About {
    pub(crate) key: GroupingKey,
    pub(crate) pushed_at: UnixNanos,
    pub(crate) origin: Origin,
    /// See [`PushedFamily::series`].
    pub(crate) series: Vec<u64>,
    pub(crate) unsound: Option<Refusal>,
}

/// Renders a sanitised family. `encoded` is its protobuf form where the caller made it already.
pub(crate) fn build(
    about: About,
    family: &Family<'_>,
    encoded: Option<&[u8]>,
) -> Result<PushedFamily, WriteError> {
    let mut series = about.series;
    series.sort_unstable();
    let classic = is_classic(family);
    let rest = if classic && is_plain(family) {
        page_order(&family.metrics)
    } else {
        Rest::Encoded(match encoded {
            Some(encoded) => encoded.into(),
            None => encode(family)?.into(),
        })
    };
    Ok(PushedFamily {
        key: about.key,
        name: (*family.name).into(),
        help: family.help.as_deref().map(Into::into),
        kind: family.kind,
        origin: about.origin,
        unit: (*family.unit).into(),
        pushed_at: about.pushed_at,
        chunk: Chunk::render(READY, family.header(), &family.metrics)?,
        rest,
        series: series.into(),
        classic,
        unsound: about.unsound.map(Box::new),
    })
}

/// A family as the store keeps it.
pub(crate) fn encode(family: &Family<'_>) -> Result<Vec<u8>, WriteError> {
    // Room for the metrics of a batch job at once; growing to it costs more.
    let mut out = Vec::with_capacity(128 + 96 * family.metrics.len());
    format::write(ENCODED, std::slice::from_ref(family), &mut out)?;
    Ok(out)
}

fn is_classic(family: &Family<'_>) -> bool {
    let labels = || family.metrics.iter().flat_map(|metric| &metric.labels);
    is_classic_metric_name(&family.name) && labels().all(|label| is_classic_label_name(&label.name))
}

/// Whether text lines carry all there is: one number a metric and nothing beside it.
fn is_plain(family: &Family<'_>) -> bool {
    // Text prints -0 as 0; protobuf and the JSON API show the sign.
    let says_all = |value: f64| value != 0.0 || value.is_sign_positive();
    let plain = |value: &Value<'_>| match value {
        Value::Gauge(value) | Value::Untyped(value) => says_all(*value),
        Value::Counter(counter) => {
            counter.exemplar.is_none() && counter.created.is_none() && says_all(counter.value)
        }
        Value::Summary(_) | Value::Histogram(_) => false,
    };
    matches!(family.kind, Kind::Counter | Kind::Gauge | Kind::Untyped)
        && family.unit.is_empty()
        && family.metrics.iter().all(|metric| plain(&metric.value))
}

/// Where each metric stands on the page, unless that is where it was pushed.
fn page_order(metrics: &[Metric<'_>]) -> Rest {
    if metrics.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return Rest::Nothing;
    }
    let mut sorted: Vec<usize> = (0..metrics.len()).collect();
    sorted.sort_by(|a, b| compare(&metrics[*a], &metrics[*b]));
    let mut order = vec![0; metrics.len()];
    for (line, pushed) in sorted.into_iter().enumerate() {
        // A family of more than 2^32 metrics does not fit in any body we accept.
        order[pushed] = u32::try_from(line).unwrap_or(u32::MAX);
    }
    Rest::Order(order.into())
}

/// client_golang's order: by number of labels, then by the values in the order of the names.
pub(crate) fn compare(a: &Metric<'_>, b: &Metric<'_>) -> std::cmp::Ordering {
    let values = |metric: &Metric<'_>| metric.labels.len();
    values(a).cmp(&values(b)).then_with(|| {
        let a = a.labels.iter().map(|label| &label.value);
        a.cmp(b.labels.iter().map(|label| &label.value))
    })
}

fn in_order<'a>(lines: Vec<Metric<'a>>, order: &[u32]) -> Vec<Metric<'a>> {
    let mut lines: Vec<Option<Metric<'a>>> = lines.into_iter().map(Some).collect();
    order
        .iter()
        .filter_map(|line| lines.get_mut(*line as usize)?.take())
        .collect()
}
