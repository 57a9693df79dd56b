//! The program's own metrics about requests, under upstream's names.
//!
//! Requests are counted with prometheus-client; it has no summaries, so the two of pushes are
//! sliding summaries (`summary.rs`). Scrapes, redirects and unknown paths are not counted, as upstream.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Method;
use http::request::Parts;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use promontory_exporter::collector::{CollectError, Collector, PrometheusClient};
use promontory_exporter::process::families;
use promontory_exporter::scrape::method_label;
use promontory_exposition::Kind;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::{Header, Value};

use super::persistence;
use super::summary::SlidingSummary;

/// Names and types of the program's own families, so that pushes can be checked against them.
pub fn own_families() -> Vec<(String, Kind)> {
    let here = [
        ("pushgateway_build_info", Kind::Gauge),
        (DURATION, Kind::Summary),
        (SIZE, Kind::Summary),
        (REQUESTS, Kind::Counter),
        (EXPIRED, Kind::Counter),
    ];
    let persistence = persistence::ROWS
        .iter()
        .map(|(name, kind, ..)| (*name, *kind));
    families()
        .chain(here)
        .chain(persistence)
        .map(|(name, kind)| (name.to_owned(), kind))
        .collect()
}

const REQUESTS: &str = "pushgateway_http_requests_total";
/// Ours; the other program deletes nothing by itself.
const EXPIRED: &str = "pushgateway_expired_groups_total";
const DURATION: &str = "pushgateway_http_push_duration_seconds";
const SIZE: &str = "pushgateway_http_push_size_bytes";

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct RequestLabels {
    code: u16,
    handler: &'static str,
    method: &'static str,
}

/// What is measured about requests.
#[derive(Debug)]
pub struct Metrics {
    registry: PrometheusClient,
    requests: Family<RequestLabels, Counter>,
    pushes: Mutex<BTreeMap<&'static str, Pushes>>,
    started: Instant,
}

/// The summaries of one method.
#[derive(Debug, Default)]
struct Pushes {
    duration_seconds: SlidingSummary,
    size_bytes: SlidingSummary,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::<RequestLabels, Counter>::default();
        let mut registry = Registry::default();
        registry.register(
            REQUESTS.trim_end_matches("_total"),
            "Total HTTP requests processed by the Pushgateway, excluding scrapes.",
            requests.clone(),
        );
        Self {
            registry: PrometheusClient::new("requests", registry),
            requests,
            pushes: Mutex::default(),
            started: Instant::now(),
        }
    }
}

impl Metrics {
    /// Counts a request that a handler answered.
    pub fn count(&self, handler: &'static str, method: &Method, code: http::StatusCode) {
        let labels = RequestLabels {
            code: code.as_u16(),
            handler,
            method: method_label(method),
        };
        self.requests.get_or_create(&labels).inc();
    }

    /// Notes how long a push took and how large its request was.
    pub fn observe_push(&self, method: &Method, took: Duration, bytes: usize) {
        let now = self.started.elapsed();
        let mut pushes = self.pushes();
        let pushes = pushes.entry(method_label(method)).or_default();
        pushes.duration_seconds.observe(took.as_secs_f64(), now);
        pushes.size_bytes.observe(bytes as f64, now);
    }

    /// A panic while the lock was held would have left numbers, not half-made structures: go on.
    fn pushes(&self) -> MutexGuard<'_, BTreeMap<&'static str, Pushes>> {
        self.pushes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_summaries(&self, batch: &mut Batch) {
        let now = self.started.elapsed();
        let pushes = self.pushes();
        let shown: Vec<_> = pushes
            .iter()
            .map(|(method, pushes)| {
                (
                    *method,
                    pushes.duration_seconds.at(now),
                    pushes.size_bytes.at(now),
                )
            })
            .collect();
        drop(pushes);
        if shown.is_empty() {
            return;
        }
        let mut family = batch.family(Header::of(
            DURATION,
            "HTTP request duration for pushes to the Pushgateway.",
            Kind::Summary,
        ));
        for (method, duration, _) in &shown {
            family.metric(
                &[("method", method)],
                &Value::Summary(Box::new(duration.clone())),
                None,
            );
        }
        let mut family = batch.family(Header::of(
            SIZE,
            "HTTP request size for pushes to the Pushgateway.",
            Kind::Summary,
        ));
        for (method, _, size) in &shown {
            family.metric(
                &[("method", method)],
                &Value::Summary(Box::new(size.clone())),
                None,
            );
        }
    }
}

impl Collector for Metrics {
    fn name(&self) -> &str {
        "pushgateway"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        self.registry.collect(batch)?;
        self.write_summaries(batch);
        Ok(())
    }
}

/// Tells how many groups expired since the start.
pub(super) struct Expired(pub(super) u64);

impl Collector for Expired {
    fn name(&self) -> &str {
        "expiry"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let help = "Groups deleted because they were not pushed again in time.";
        batch
            .family(Header::of(EXPIRED, help, Kind::Counter))
            .sample(&[], self.0 as f64);
        Ok(())
    }
}

/// The size of a request as promhttp reckons it: target, method, protocol, headers and announced body.
pub fn request_bytes(parts: &Parts) -> usize {
    let target = parts
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    // Host counts once, without its name: Go keeps it apart from the headers.
    let headers: usize = parts
        .headers
        .iter()
        .map(|(name, value)| {
            if name == "host" {
                value.len()
            } else {
                name.as_str().len() + value.len()
            }
        })
        .sum();
    let announced = parts
        .headers
        .get("content-length")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    target + parts.method.as_str().len() + "HTTP/1.1".len() + headers + announced.unwrap_or(0)
}
