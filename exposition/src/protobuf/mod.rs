//! `io.prometheus.client.MetricFamily`, length-delimited: what Prometheus asks for when it wants
//! native histograms, what the Go client pushes, and what a store can keep without loss.
//!
//! Field numbers are those of `metrics.proto` (client_model 0.6.2). The codec is written by hand over a
//! small `wire` module: strings are borrowed from the body, every length is checked against what is
//! really there before anything is kept for it, and an error names the family. There is no protoc and
//! no generated code; the tests hold the same messages as prost derives them, as a second opinion.
//!
//! Reading must never allocate by what a length claims, nor lose what the model can hold: reading
//! what was written with [`Escaping::AllowUtf8`](crate::Escaping::AllowUtf8) gives the same families.
//!
//! Next: [`read_delimited`] for bytes to families, [`write_delimited`] for the way back, [`mod@text`] for people.

mod budget;
mod exemplar;
mod native;
mod read;
pub mod text;
mod value;
mod wire;
mod write;

pub use read::{metric_starts, read_delimited, read_metric};
pub(crate) use write::end_apart;
pub use write::{Open, begin, end, metric, write_delimited};

use crate::model::Kind;

/// The number of a type in the enum `MetricType`; OpenMetrics' own types have none and become gauges.
fn type_number(kind: Kind) -> u64 {
    match kind {
        Kind::Counter => 0,
        Kind::Gauge | Kind::Info | Kind::StateSet => 1,
        Kind::Summary => 2,
        Kind::Untyped => 3,
        Kind::Histogram => 4,
        Kind::GaugeHistogram => 5,
    }
}

/// The type with a number of `MetricType`.
fn type_of_number(number: i32) -> Option<Kind> {
    Some(match number {
        0 => Kind::Counter,
        1 => Kind::Gauge,
        2 => Kind::Summary,
        3 => Kind::Untyped,
        4 => Kind::Histogram,
        5 => Kind::GaugeHistogram,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
