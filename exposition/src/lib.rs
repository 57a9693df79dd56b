//! Prometheus exposition as values and bytes.
//!
//! This crate reads and writes every format a Prometheus server or client speaks. It is pure: no I/O,
//! no clock, no async; any bytes either read or fail with an error that names the place, and nothing
//! here panics on outside input.
//!
//! Where to go next:
//! - [`model`]: families, metrics, labels, values;
//! - [`mod@format`]: the one door, `read(format, bytes)` and `write(target, families)`;
//! - [`text`], [`openmetrics`], [`protobuf`]: one format each;
//! - [`negotiate`]: from an `Accept` header to a format and an escaping scheme;
//! - [`batch`]: what a collector writes into, one arena without an allocation per sample;
//! - [`page`] and [`gzip`]: pieces that are made, or kept, by themselves and joined into one valid page;
//! - [`line`]: parts of lines, for who keeps lines ready.
#![forbid(unsafe_code)]

pub mod batch;
mod encode;
pub mod error;
pub mod format;
pub mod gzip;
mod limits;
pub mod line;
pub mod model;
pub mod name;
mod native;
pub mod negotiate;
pub mod number;
pub mod openmetrics;
mod owned;
pub mod page;
pub mod protobuf;
mod series;
mod target;
pub mod text;

pub use error::{ReadError, WriteError};
pub use format::{Format, Target};
pub use model::{Family, Kind, Label, Metric, Value};
pub use name::Escaping;

/// The example of the README, compiled and run with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
