//! The lines of one metric.

use super::Style;
use crate::error::WriteError;
use crate::model::{Count, Counter, Exemplar, Header, Histogram, Kind, Summary, Timestamp, Value};
use crate::name::Escaping;
use crate::number;
use crate::series::{SeriesWriter, put_labels};

/// The lines of one metric.
pub(super) struct Lines<'m, 'o> {
    pub(super) style: &'m Style,
    pub(super) header: Header<'m>,
    /// Behind the name of every sample of a number: `_total`, `_info` or nothing.
    pub(super) suffix: &'static str,
    pub(super) series: SeriesWriter<'m>,
    pub(super) timestamp_ms: Option<i64>,
    pub(super) out: &'o mut Vec<u8>,
}

/// The number of one line.
enum Number {
    Float(f64),
    Integer(u64),
}

impl Lines<'_, '_> {
    pub(super) fn put_value(&mut self, value: &Value<'_>) -> Result<(), WriteError> {
        match (self.header.kind, value) {
            (Kind::Counter, Value::Counter(counter)) => self.put_counter(counter),
            (Kind::Gauge | Kind::Info | Kind::StateSet, Value::Gauge(value))
            | (Kind::Untyped, Value::Untyped(value)) => {
                self.put(self.suffix, None, Number::Float(*value), None)
            }
            (Kind::Summary, Value::Summary(summary)) => self.put_summary(summary),
            (Kind::Histogram | Kind::GaugeHistogram, Value::Histogram(histogram)) => {
                self.put_histogram(histogram)
            }
            (kind, _) => Err(WriteError::KindMismatch {
                family: self.header.name.to_owned(),
                kind,
            }),
        }
    }

    fn put_counter(&mut self, counter: &Counter<'_>) -> Result<(), WriteError> {
        self.put(
            self.suffix,
            None,
            Number::Float(counter.value),
            counter.exemplar.as_deref(),
        )?;
        self.put_created(counter.created);
        Ok(())
    }

    fn put_summary(&mut self, summary: &Summary) -> Result<(), WriteError> {
        for quantile in &summary.quantiles {
            self.put(
                "",
                Some(("quantile", quantile.quantile)),
                Number::Float(quantile.value),
                None,
            )?;
        }
        self.put("_sum", None, Number::Float(summary.sum), None)?;
        self.put("_count", None, Number::Integer(summary.count), None)?;
        self.put_created(summary.created);
        Ok(())
    }

    fn put_histogram(&mut self, histogram: &Histogram<'_>) -> Result<(), WriteError> {
        let count = self.whole(histogram.count)?;
        let mut infinite = false;
        for bucket in &histogram.buckets {
            infinite |= bucket.upper_bound == f64::INFINITY;
            let bucket_count = self.whole(bucket.cumulative_count)?;
            let bound = Some(("le", bucket.upper_bound));
            self.put(
                "_bucket",
                bound,
                Number::Integer(bucket_count),
                bucket.exemplar.as_deref(),
            )?;
        }
        if !infinite {
            self.put(
                "_bucket",
                Some(("le", f64::INFINITY)),
                Number::Integer(count),
                None,
            )?;
        }
        let (sum, all) = match self.header.kind {
            Kind::GaugeHistogram if self.style.gauge_histogram_parts => ("_gsum", "_gcount"),
            _ => ("_sum", "_count"),
        };
        self.put(sum, None, Number::Float(histogram.sum), None)?;
        self.put(all, None, Number::Integer(count), None)?;
        self.put_created(histogram.created);
        Ok(())
    }

    /// OpenMetrics 1.0 has no float histograms; upstream refuses those with a count above zero.
    fn whole(&self, count: Count) -> Result<u64, WriteError> {
        match count {
            Count::Integer(count) => Ok(count),
            Count::Float(count) if count > 0.0 => {
                Err(self.unsupported("OpenMetrics 1.0 does not support float histograms"))
            }
            Count::Float(_) => Ok(0),
        }
    }

    fn unsupported(&self, reason: &'static str) -> WriteError {
        WriteError::Unsupported {
            family: self.header.name.to_owned(),
            reason,
        }
    }

    /// Writes one line; `extra` is the label that a bucket or quantile adds behind the others.
    fn put(
        &mut self,
        suffix: &str,
        extra: Option<(&str, f64)>,
        value: Number,
        exemplar: Option<&Exemplar<'_>>,
    ) -> Result<(), WriteError> {
        self.series.put(suffix, extra, self.out);
        match value {
            Number::Float(value) => put_float(value, self.out),
            Number::Integer(value) => self
                .out
                .extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
        }
        if let Some(timestamp_ms) = self.timestamp_ms {
            self.out.push(b' ');
            put_float(timestamp_ms as f64 / 1000.0, self.out);
        }
        // Upstream leaves out exemplars without labels.
        if let Some(exemplar) = exemplar.filter(|exemplar| !exemplar.labels.is_empty()) {
            self.put_exemplar(exemplar)?;
        }
        self.out.push(b'\n');
        Ok(())
    }

    fn put_created(&mut self, created: Option<Timestamp>) {
        if let Some(created) = created.filter(|_| self.style.created_lines) {
            self.series.put("_created", None, self.out);
            put_float(seconds(created), self.out);
            self.out.push(b'\n');
        }
    }

    fn put_exemplar(&mut self, exemplar: &Exemplar<'_>) -> Result<(), WriteError> {
        self.out.extend_from_slice(b" # {");
        // Upstream escapes no names in exemplars, it only quotes them.
        put_labels(&exemplar.labels, Escaping::AllowUtf8, self.out);
        self.out.extend_from_slice(b"} ");
        put_float(exemplar.value, self.out);
        if let Some(timestamp) = exemplar.timestamp {
            if !is_in_calendar(timestamp) {
                return Err(
                    self.unsupported("an exemplar's timestamp lies outside the years 1 to 9999")
                );
            }
            self.out.push(b' ');
            put_float(seconds(timestamp), self.out);
        }
        Ok(())
    }
}

/// Writes a float so that it shows to be one: `1.0`, not `1`.
pub(super) fn put_float(value: f64, out: &mut Vec<u8>) {
    let start = out.len();
    number::write_sample(value, out);
    if value.is_finite() && memchr::memchr2(b'.', b'e', &out[start..]).is_none() {
        out.extend_from_slice(b".0");
    }
}

/// A time as float seconds, the way upstream computes it: through whole nanoseconds, which wrap
/// around outside the years 1678 to 2262.
fn seconds(timestamp: Timestamp) -> f64 {
    let nanos = timestamp
        .seconds
        .wrapping_mul(1_000_000_000)
        .wrapping_add(timestamp.nanos.into());
    nanos as f64 / 1e9
}

/// The bounds of `google.protobuf.Timestamp`.
fn is_in_calendar(timestamp: Timestamp) -> bool {
    (-62_135_596_800..=253_402_300_799).contains(&timestamp.seconds)
        && (0..1_000_000_000).contains(&timestamp.nanos)
}
