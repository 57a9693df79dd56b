//! The edge of an exporter: flags, logs, sockets, TLS, sign-in, collectors, scrapes.
//!
//! A program hands over a table of flags and its collectors; everything a Prometheus exporter owes
//! its operators comes from here, and behaves as the exporters written with client_golang and
//! exporter-toolkit do. Formats live one floor below, in [`exposition`]; this crate never writes a
//! sample by itself.
//!
//! # An exporter in twenty lines
//!
//! ```no_run
#![doc = include_str!("../examples/load_exporter.rs")]
//! ```
//!
//! A [`Collector`](collector::Collector) reads something and writes families into a batch, in any
//! order; the page is sorted and checked when it is written. Opening a family costs no allocation
//! once the batch has grown, and a sample none at all.
//!
//! `?` works on errors of I/O; [`CollectError::failed`](collector::CollectError::failed) takes any other
//! error, or words.
//!
//! # What comes with it
//!
//! - **Flags**: `--web.listen-address` (Go's spellings, repeatable), `--web.systemd-socket`,
//!   `--web.config.file` (TLS, users, headers, rate limit), `--web.telemetry-path`,
//!   `--web.max-requests`, `--web.disable-exporter-metrics`, `--log.level`, `--log.format`,
//!   `--version`, `--help`; and hidden, for packagers: `--help-man`, `--help-markdown`,
//!   `--completion-script-bash`, `-zsh`, `-fish`. More are rows of a table: see [`flag`].
//! - **Pages**: the metrics as text or protobuf, whichever the scraper asks for, gzip and zstd, whole or not
//!   at all; a landing page; `/-/healthy` and `/-/ready`. OpenMetrics only where
//!   [`scrape::Options::offer`] says so: like promhttp, [`Program::export`](program::Program::export) does not.
//! - **Fences**: a deadline for each scrape (what Prometheus says it waits, less a margin), a panic fence around
//!   each collector, and nobody waits behind one that hangs. One that hangs, fails, panics or writes what collides with others
//!   costs its own series only, and a log line.
//! - **Metrics about itself**: `process_*`, `<program>_build_info`, `promhttp_metric_handler_*`; and
//!   `<namespace>_scrape_collector_{duration_seconds,success}` with
//!   [`Registry::scrape_series`](collector::Registry::scrape_series).
//! - **An end**: SIGTERM and SIGINT finish requests in flight; exit code 0 then, 1 for any error.
//!
//! # Ways to go on
//!
//! - Metrics kept with the `prometheus-client` crate: wrap their registry in
//!   [`PrometheusClient`](collector::PrometheusClient).
//! - Flags of your own: [`Program::flags`](program::Program::flags); the collectors' closure gets
//!   their values. `collect[]` and `exclude[]` choose among collectors by name.
//! - Routes of your own, several sites, work at the end: [`Program::run`](program::Program::run); see
//!   `examples/two_sites.rs`.
//! - A batch job that ends before it is scraped: [`push`] sends a registry, a batch or text to a Pushgateway.
//! - The same as kube-state-metrics spells it: [`Spelling::Pflag`](flag::Spelling::Pflag).
#![forbid(unsafe_code)]

pub use promontory_exposition as exposition;

pub mod answer;
pub mod collector;
pub mod flag;
pub mod golang;
pub mod landing;
pub mod limits;
pub mod listen;
pub mod log;
pub mod process;
pub mod program;
pub mod push;
pub mod scrape;
pub mod server;
pub mod shutdown;
pub mod web;
