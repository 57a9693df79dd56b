//! Families to OpenMetrics, as `expfmt.MetricFamilyToOpenMetrics` writes them.
//!
//! Order is the caller's: nothing is sorted, merged or checked for duplicates here. Where upstream and
//! the specification differ, upstream wins, because then a series has one name whatever format was
//! negotiated: a gauge histogram's parts are `_sum` and `_count` here as in text 0.0.4, and `_gsum` and
//! `_gcount` only for who asks. Info and stateset, which upstream cannot write, are written as the specification says.

mod lines;

use std::borrow::Cow;

use self::lines::Lines;
use crate::error::WriteError;
use crate::model::{Header, Kind, Label, Value};
use crate::name::{self, Escaping};
use crate::series::{SeriesWriter, put_name, put_quoted};

/// How OpenMetrics is written. The default is what `expfmt` does without options.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// The scheme for names outside the classic alphabet.
    pub escaping: Escaping,
    /// Whether `_created` lines follow counters, summaries and histograms that know when they began.
    pub created_lines: bool,
    /// Whether units are named, and added to the names of families that do not end with them.
    pub units: bool,
    /// Whether the parts of a gauge histogram are `_gsum` and `_gcount`, as the specification has them.
    pub gauge_histogram_parts: bool,
}

impl Style {
    /// Starts a family: HELP, TYPE and, if wanted, UNIT, under the name without `_total` or `_info`.
    pub fn begin(&self, header: Header<'_>, out: &mut Vec<u8>) {
        let names = Names::new(self, header);
        let mut meta = |keyword: &str, text: &str| {
            out.extend_from_slice(keyword.as_bytes());
            put_name(&names.family, out);
            out.push(b' ');
            put_quoted(text, out);
            out.push(b'\n');
        };
        if let Some(help) = header.help {
            meta("# HELP ", help);
        }
        meta("# TYPE ", names.kind);
        if self.units && !header.unit.is_empty() {
            meta("# UNIT ", header.unit);
        }
    }

    /// Writes the lines of one metric.
    ///
    /// # Errors
    /// [`WriteError::KindMismatch`], [`WriteError::NoName`], and [`WriteError::Unsupported`] for float
    /// histograms and for exemplar times no calendar has. Nothing is written then.
    pub fn metric(
        &self,
        header: Header<'_>,
        labels: &[Label<'_>],
        value: &Value<'_>,
        timestamp_ms: Option<i64>,
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        if header.name.is_empty() {
            return Err(WriteError::NoName);
        }
        let start = out.len();
        let names = Names::new(self, header);
        let mut lines = Lines {
            style: self,
            header,
            suffix: names.suffix,
            series: SeriesWriter::new(&names.family, labels, self.escaping, lines::put_float),
            timestamp_ms,
            out,
        };
        let written = lines.put_value(value);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }
}

/// Ends the page.
pub fn finish(out: &mut Vec<u8>) {
    out.extend_from_slice(b"# EOF\n");
}

/// What a family is called above its lines and in them.
struct Names<'m> {
    /// The name in HELP, TYPE and UNIT, and of parts such as `_created`.
    family: Cow<'m, str>,
    /// `_total` or `_info`, where the family's own name has it.
    suffix: &'static str,
    /// The type as it is printed.
    kind: &'static str,
}

impl<'m> Names<'m> {
    fn new(style: &Style, header: Header<'m>) -> Self {
        // As upstream, by the name as it will be read: escaping may hide a suffix or bring one about.
        let mut family = name::spell(header.name, style.escaping);
        // A counter or info without its suffix is no error upstream; it becomes what it can be.
        let (suffix, kind) = match header.kind {
            Kind::Counter if family.ends_with("_total") => ("_total", "counter"),
            Kind::Info if family.ends_with("_info") => ("_info", "info"),
            Kind::Counter | Kind::Info | Kind::Untyped => ("", "unknown"),
            Kind::Gauge => ("", "gauge"),
            Kind::Summary => ("", "summary"),
            Kind::Histogram => ("", "histogram"),
            Kind::GaugeHistogram => ("", "gaugehistogram"),
            Kind::StateSet => ("", "stateset"),
        };
        let length = family.len() - suffix.len();
        match &mut family {
            Cow::Borrowed(name) => *name = &name[..length],
            Cow::Owned(name) => name.truncate(length),
        }
        let unit = header.unit;
        let named = family
            .strip_suffix(unit)
            .is_some_and(|rest| rest.ends_with('_'));
        if style.units && !unit.is_empty() && !named {
            family = Cow::Owned(format!("{family}_{unit}"));
        }
        Self {
            family,
            suffix,
            kind,
        }
    }
}

#[cfg(test)]
mod tests;
