//! How long scrapes of the main site take: upstream's `http_request_duration_seconds`.

use std::time::Instant;

use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use promontory_exporter::collector::{CollectError, Collector, PrometheusClient};
use promontory_exporter::scrape::method_label;
use promontory_exposition::batch::Batch;

/// client_golang's default buckets, in seconds.
const BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Labels {
    handler: &'static str,
    method: &'static str,
}

/// What is measured about requests.
#[derive(Debug)]
pub(super) struct Requests {
    registry: PrometheusClient,
    seconds: Family<Labels, Histogram>,
}

/// A request that is being answered; it is counted when this is dropped.
pub(super) struct Running {
    began: Instant,
    method: &'static str,
    seconds: Family<Labels, Histogram>,
}

impl Default for Requests {
    fn default() -> Self {
        let seconds = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> _);
        let mut registry = Registry::default();
        registry.register(
            "http_request_duration_seconds",
            "A histogram of requests for kube-state-metrics metrics handler.",
            seconds.clone(),
        );
        Self {
            registry: PrometheusClient::new("requests", registry),
            seconds,
        }
    }
}

impl Requests {
    /// A request begins.
    pub(super) fn begin(&self, method: &Method) -> Running {
        Running {
            began: Instant::now(),
            method: method_label(method),
            seconds: self.seconds.clone(),
        }
    }

    pub(super) fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        self.registry.collect(batch)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let labels = Labels {
            handler: "metrics",
            method: self.method,
        };
        let seconds = self.began.elapsed().as_secs_f64();
        self.seconds.get_or_create(&labels).observe(seconds);
    }
}
