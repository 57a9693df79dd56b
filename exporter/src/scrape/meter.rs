//! What promhttp counts about scrapes: `promhttp_metric_handler_*`, under its names and help texts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::response::Response;
use http::{Method, StatusCode};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::{Header, Kind};

use crate::collector::{CollectError, Collector};

/// Counts the scrapes of one handler and bounds how many run at a time.
///
/// As a [`Collector`], an `Arc<Meter>` shows the counts; whether a program shows them is its choice.
#[derive(Debug, Default)]
pub struct Meter {
    in_flight: AtomicU64,
    ok: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
    gathering_errors: AtomicU64,
    encoding_errors: AtomicU64,
}

/// A scrape being answered. It goes with the work, not with the request: a scraper that hangs up does
/// not make room for more work.
pub(super) struct InFlight(Arc<Meter>);

impl Meter {
    /// Begins a scrape, unless `max` are running; 0 is no bound.
    pub(super) fn enter(self: &Arc<Self>, max: usize) -> Option<InFlight> {
        let running = self.in_flight.fetch_add(1, Relaxed);
        let in_flight = InFlight(Arc::clone(self));
        if max > 0 && running >= max as u64 {
            self.refused.fetch_add(1, Relaxed);
            return None;
        }
        Some(in_flight)
    }

    /// Counts collectors that were left out because their metrics collide with others.
    pub(super) fn left_out(&self, collectors: usize) {
        self.gathering_errors.fetch_add(collectors as u64, Relaxed);
    }

    /// Counts a page that could not be written.
    pub(super) fn encoding_failed(&self) {
        self.encoding_errors.fetch_add(1, Relaxed);
    }
}

impl InFlight {
    /// Ends a scrape and counts its status.
    pub(super) fn done(self, response: Response) -> Response {
        self.end(response.status() == StatusCode::OK);
        response
    }

    /// Ends a scrape whose status is sent before its page is made, and counts how it went.
    pub(super) fn end(self, ok: bool) {
        let counter = if ok { &self.0.ok } else { &self.0.failed };
        counter.fetch_add(1, Relaxed);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

impl Collector for Arc<Meter> {
    fn name(&self) -> &str {
        "promhttp"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut family =
            |name: &str, help: &str, kind, samples: &[(&[(&str, &str)], &AtomicU64)]| {
                let mut family = batch.family(Header::of(name, help, kind));
                for (labels, value) in samples {
                    // Counts past 2^53 would be rounded; no process lives that long.
                    family.sample(labels, value.load(Relaxed) as f64);
                }
            };
        family(
            "promhttp_metric_handler_errors_total",
            "Total number of internal errors encountered by the promhttp metric handler.",
            Kind::Counter,
            &[
                (&[("cause", "encoding")], &self.encoding_errors),
                (&[("cause", "gathering")], &self.gathering_errors),
            ],
        );
        family(
            "promhttp_metric_handler_requests_in_flight",
            "Current number of scrapes being served.",
            Kind::Gauge,
            &[(&[], &self.in_flight)],
        );
        family(
            "promhttp_metric_handler_requests_total",
            "Total number of scrapes by HTTP status code.",
            Kind::Counter,
            &[
                (&[("code", "200")], &self.ok),
                (&[("code", "500")], &self.failed),
                (&[("code", "503")], &self.refused),
            ],
        );
        Ok(())
    }
}

/// The `method` label of a request: known methods in lower case, `unknown` for the rest, as promhttp
/// does; so a client cannot make series at will.
pub fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "get",
        "PUT" => "put",
        "HEAD" => "head",
        "POST" => "post",
        "DELETE" => "delete",
        "CONNECT" => "connect",
        "OPTIONS" => "options",
        "TRACE" => "trace",
        "PATCH" => "patch",
        "NOTIFY" => "notify",
        _ => "unknown",
    }
}
