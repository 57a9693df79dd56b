//! Families, metrics and labels as values: what every format is read into and written from.
//!
//! A *family* is all metrics of one name; a *metric* is one member, told apart by its labels; a
//! *sample* is one line (a histogram metric has many). The words are those of the OpenMetrics
//! specification. Labels keep the order they were given in; writers do not sort them.
//!
//! Strings are [`Cow`]s: a reader borrows from the body wherever nothing had to be unescaped, so
//! reading costs no copy; `Family<'static>` is the owned form.

use std::borrow::Cow;
use std::fmt;

/// The type of a family.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// A value that only grows, until it starts again at zero.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// No type is known: `untyped` in text 0.0.4, `unknown` in OpenMetrics.
    Untyped,
    /// Quantiles computed by the client, with count and sum.
    Summary,
    /// Cumulative buckets, with count and sum; classic, native or both.
    Histogram,
    /// A histogram whose counts may go down.
    GaugeHistogram,
    /// Labels that describe something; the value is always 1 (OpenMetrics only).
    Info,
    /// A set of named booleans (OpenMetrics only).
    StateSet,
}

impl fmt::Display for Kind {
    /// The word of the type in text formats and messages; `untyped` where OpenMetrics says `unknown`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Untyped => "untyped",
            Self::Summary => "summary",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Info => "info",
            Self::StateSet => "stateset",
        })
    }
}

/// What a family says of itself, borrowed: the part of a family that stands once above its metrics.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header<'a> {
    /// The name of the family. In OpenMetrics this is the name without `_total` or `_info`;
    /// everywhere else, and in this crate's model, it is the name as client_golang holds it.
    pub name: &'a str,
    /// The HELP text, unescaped; `None` where no HELP line was seen.
    pub help: Option<&'a str>,
    /// The type.
    pub kind: Kind,
    /// The unit, or empty where none was given.
    pub unit: &'a str,
}

impl<'a> Header<'a> {
    /// The header of a counter; its name ends in `_total`.
    pub fn counter(name: &'a str, help: &'a str) -> Self {
        Self::of(name, help, Kind::Counter)
    }

    /// The header of a gauge.
    pub fn gauge(name: &'a str, help: &'a str) -> Self {
        Self::of(name, help, Kind::Gauge)
    }

    /// A header without a unit.
    pub fn of(name: &'a str, help: &'a str, kind: Kind) -> Self {
        Self {
            name,
            help: Some(help),
            kind,
            unit: "",
        }
    }
}

/// All metrics of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Family<'a> {
    /// See [`Header::name`].
    pub name: Cow<'a, str>,
    /// See [`Header::help`].
    pub help: Option<Cow<'a, str>>,
    /// See [`Header::kind`].
    pub kind: Kind,
    /// See [`Header::unit`].
    pub unit: Cow<'a, str>,
    /// The members, in the order they were read or added.
    pub metrics: Vec<Metric<'a>>,
}

impl<'a> Family<'a> {
    /// A family without help, unit or metrics.
    pub fn new(name: impl Into<Cow<'a, str>>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            help: None,
            kind,
            unit: Cow::Borrowed(""),
            metrics: Vec::new(),
        }
    }

    /// The same family with a HELP text.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Cow<'a, str>>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The borrowed header, as the writers take it.
    pub fn header(&self) -> Header<'_> {
        Header {
            name: &self.name,
            help: self.help.as_deref(),
            kind: self.kind,
            unit: &self.unit,
        }
    }
}

/// One name and value that tell a metric apart from its siblings.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Label<'a> {
    /// The label name.
    pub name: Cow<'a, str>,
    /// The label value, unescaped.
    pub value: Cow<'a, str>,
}

impl<'a> Label<'a> {
    /// A label from its two halves.
    pub fn new(name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// One member of a family.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric<'a> {
    /// The labels, without `le` and `quantile`, which belong to the value.
    pub labels: Vec<Label<'a>>,
    /// The value; its variant must suit the kind of the family, or writers refuse it.
    pub value: Value<'a>,
    /// Milliseconds since the epoch, where the source gave a timestamp.
    pub timestamp_ms: Option<i64>,
}

/// What a metric holds.
///
/// [`Kind::Info`] and [`Kind::StateSet`] metrics hold a [`Value::Gauge`] (1, or 0 and 1);
/// [`Kind::GaugeHistogram`] metrics hold a [`Value::Histogram`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// See [`Kind::Counter`].
    Counter(Counter<'a>),
    /// See [`Kind::Gauge`].
    Gauge(f64),
    /// See [`Kind::Untyped`].
    Untyped(f64),
    /// See [`Kind::Summary`].
    Summary(Box<Summary>),
    /// See [`Kind::Histogram`].
    Histogram(Box<Histogram<'a>>),
}

impl Value<'_> {
    /// When it began, where it is of a type that may tell and does.
    pub fn created(&self) -> Option<Timestamp> {
        match self {
            Self::Counter(counter) => counter.created,
            Self::Summary(summary) => summary.created,
            Self::Histogram(histogram) => histogram.created,
            Self::Gauge(_) | Self::Untyped(_) => None,
        }
    }

    /// Where it tells when it began; `None` for types that never do.
    pub fn created_mut(&mut self) -> Option<&mut Option<Timestamp>> {
        match self {
            Self::Counter(counter) => Some(&mut counter.created),
            Self::Summary(summary) => Some(&mut summary.created),
            Self::Histogram(histogram) => Some(&mut histogram.created),
            Self::Gauge(_) | Self::Untyped(_) => None,
        }
    }
}

/// The value of a counter, with what OpenMetrics and protobuf can say beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counter<'a> {
    /// The count.
    pub value: f64,
    /// A trace or log line that shows one increment.
    pub exemplar: Option<Box<Exemplar<'a>>>,
    /// When the counter started at zero.
    pub created: Option<Timestamp>,
}

impl From<f64> for Counter<'_> {
    fn from(value: f64) -> Self {
        Self {
            value,
            ..Self::default()
        }
    }
}

/// A point in time as protobuf's `google.protobuf.Timestamp` has it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Timestamp {
    /// Seconds since the epoch.
    pub seconds: i64,
    /// Nanoseconds within the second, 0 to 999,999,999.
    pub nanos: i32,
}

/// A sample of what was counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// Usually a trace id.
    pub labels: Vec<Label<'a>>,
    /// The observed value.
    pub value: f64,
    /// When it was observed.
    pub timestamp: Option<Timestamp>,
}

/// The value of a summary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many observations.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantiles, in the order they were read.
    pub quantiles: Vec<Quantile>,
    /// When the counting started.
    pub created: Option<Timestamp>,
}

/// One quantile of a summary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// The rank, 0 to 1.
    pub quantile: f64,
    /// The value at that rank.
    pub value: f64,
}

/// The value of a histogram: classic buckets, a native part, or both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram<'a> {
    /// How many observations.
    pub count: Count,
    /// Their sum.
    pub sum: f64,
    /// Classic buckets, in the order they were read.
    pub buckets: Vec<Bucket<'a>>,
    /// When the counting started.
    pub created: Option<Timestamp>,
    /// The exponential part, where the client sent one.
    pub native: Option<Box<Native<'a>>>,
}

/// A count that is an integer nearly always, and a float in float histograms.
///
/// In protobuf the float wins where it is greater than zero; that is how the two fields stay apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Count {
    /// A whole number of observations.
    Integer(u64),
    /// A float histogram's count.
    Float(f64),
}

impl Default for Count {
    fn default() -> Self {
        Self::Integer(0)
    }
}

impl Count {
    /// The count as the number a text format prints.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Integer(count) => count as f64,
            Self::Float(count) => count,
        }
    }
}

/// One classic bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket<'a> {
    /// The inclusive upper bound (`le`).
    pub upper_bound: f64,
    /// Observations at or below it.
    pub cumulative_count: Count,
    /// One observation that fell into the bucket.
    pub exemplar: Option<Box<Exemplar<'a>>>,
}

/// The native (exponential) part of a histogram, as `metrics.proto` lays it out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Native<'a> {
    /// Resolution: each power of two is cut into `2^schema` buckets; -53 means custom bounds.
    pub schema: i32,
    /// Half the width of the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: Count,
    /// Buckets below zero.
    pub negative: NativeBuckets,
    /// Buckets above zero.
    pub positive: NativeBuckets,
    /// Exemplars that belong to no classic bucket.
    pub exemplars: Vec<Exemplar<'a>>,
}

/// One side of a native histogram: spans of used buckets and what is in them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NativeBuckets {
    /// Which buckets are meant, as gaps and lengths.
    pub spans: Vec<Span>,
    /// Integer histograms: each bucket's count less the one before.
    pub deltas: Vec<i64>,
    /// Float histograms: each bucket's count.
    pub counts: Vec<f64>,
}

/// A run of consecutive native buckets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Span {
    /// Gap to the run before, or the index of the first bucket.
    pub offset: i32,
    /// Buckets in the run.
    pub length: u32,
}
