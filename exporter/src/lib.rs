//! The edge of an exporter: flags, logs, sockets, TLS, sign-in, collectors, scrapes.
//!
//! A program hands over a table of flags and its collectors; everything a Prometheus exporter owes
//! its operators comes from here, and behaves as the exporters written with client_golang and
//! exporter-toolkit do. Formats live one floor below, in `promontory-exposition`; this crate never
//! writes a sample by itself.
#![forbid(unsafe_code)]

pub mod collector;
pub mod flag;
mod golang;
pub mod landing;
pub mod limits;
pub mod listen;
pub mod log;
pub mod process;
pub mod program;
pub mod scrape;
pub mod server;
pub mod shutdown;
pub mod web;
