//! A registry of the `prometheus-client` crate as a collector.
//!
//! That crate speaks OpenMetrics only; its text is read back and written in whatever format the
//! scraper asked for. It ends every HELP with a full stop of its own, which is taken off again, and
//! names a counter `x_total` on its samples only: here the family is called so too.

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use promontory_exposition::batch::Batch;
use promontory_exposition::format::{Format, Limits, read};
use promontory_exposition::model::Kind;

use super::{CollectError, Collector};

/// A `prometheus_client::registry::Registry` under a name.
///
/// ```
/// use prometheus_client::metrics::counter::Counter;
/// use promontory_exporter::collector::{PrometheusClient, Registry};
///
/// let requests = Counter::<u64>::default();
/// let mut theirs = prometheus_client::registry::Registry::default();
/// theirs.register("requests", "Requests served", requests.clone());
///
/// let mut registry = Registry::new();
/// registry.add(PrometheusClient::new("requests", theirs));
/// requests.inc();
/// ```
#[derive(Debug)]
pub struct PrometheusClient {
    name: String,
    registry: Registry,
}

impl PrometheusClient {
    /// Wraps a registry; the program keeps clones of its metrics and goes on changing them.
    pub fn new(name: impl Into<String>, registry: Registry) -> Self {
        Self {
            name: name.into(),
            registry,
        }
    }
}

impl Collector for PrometheusClient {
    fn name(&self) -> &str {
        &self.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(CollectError::failed)?;
        let families = read(Format::OpenMetrics, text.as_bytes(), &Limits::default())
            .map_err(CollectError::failed)?;
        for mut family in families {
            if let Some(help) = family.help.as_mut() {
                let shorter = help.strip_suffix('.').map(str::to_owned);
                *help = shorter.unwrap_or_else(|| help.to_string()).into();
            }
            if family.kind == Kind::Counter && !family.name.ends_with("_total") {
                family.name.to_mut().push_str("_total");
            }
            batch.add(&family);
        }
        Ok(())
    }
}
