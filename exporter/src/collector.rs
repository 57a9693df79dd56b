//! Collectors, and the registry that runs them for a scrape.
//!
//! A collector reads something and writes families into a batch. The registry runs them one after the
//! other, under a deadline and behind a panic fence, past one that hangs (`collector/round.rs`): what one
//! collector does wrong costs its own series only, also where its metrics do not fit the page of the
//! others (`collector/gathered.rs`). Nothing here knows HTTP; `scrape` asks for a page.

mod gathered;
mod prometheus_client;
mod round;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use promontory_exposition::batch::Batch;
use tracing::{debug, error};

pub use gathered::Gathered;
pub use prometheus_client::PrometheusClient;

pub(crate) use round::panic_words;

use gathered::Part;
use round::{Member, Outcome, Runners};

/// No scrape waits longer than this, whatever its caller says.
const PATIENCE_MAX: Duration = Duration::from_secs(24 * 3600);

/// A source of metrics, asked once a scrape.
pub trait Collector: Send + Sync + 'static {
    /// The name in `collect[]`, in the `collector` label and in logs.
    fn name(&self) -> &str;

    /// Writes the current metrics into the batch. Blocking is fine. What was written before an error
    /// still counts, as in node_exporter.
    ///
    /// # Errors
    /// Any: it is logged, and the collector's success series says 0.
    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError>;
}

/// Why a collector did not, or not completely, write its metrics.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// What it reads does not exist here. Success is 0, the log says so at debug level only.
    #[error("collector returned no data")]
    NoData,
    /// Anything else, as a sentence for the log.
    #[error("{0}")]
    Failed(String),
}

impl CollectError {
    /// A failure with the words of any error.
    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<std::io::Error> for CollectError {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}

/// The collectors of one site.
#[derive(Default)]
pub struct Registry {
    members: Vec<Arc<Member>>,
    runners: Runners,
    disabled: Vec<String>,
    series: Option<ScrapeSeries>,
}

/// Which collectors a scrape asks for, from `collect[]` and `exclude[]`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Filter {
    /// All.
    #[default]
    All,
    /// These only.
    Only(Vec<String>),
    /// All but these; names that do not exist are ignored, as in node_exporter.
    Without(Vec<String>),
}

/// A filter that cannot be followed, in node_exporter's words.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FilterError {
    /// No collector has this name.
    #[error("missing collector: {0}")]
    Missing(String),
    /// The collector exists and is switched off.
    #[error("disabled collector: {0}")]
    Disabled(String),
}

/// `<namespace>_scrape_collector_duration_seconds` and `…_success`, one series a collector.
#[derive(Clone, Copy, Debug)]
struct ScrapeSeries {
    namespace: &'static str,
    program: &'static str,
}

impl Registry {
    /// A registry without collectors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a collector that filters apply to and that has series about its scrapes.
    pub fn add(&mut self, collector: impl Collector) -> &mut Self {
        self.add_boxed(Box::new(collector))
    }

    /// The same for a collector chosen at run time.
    pub fn add_boxed(&mut self, collector: Box<dyn Collector>) -> &mut Self {
        self.members.push(Member::new(collector, true));
        self
    }

    /// Adds a collector that is part of every page: metrics about the program itself.
    pub fn always(&mut self, collector: impl Collector) -> &mut Self {
        self.members.push(Member::new(Box::new(collector), false));
        self
    }

    /// Names a collector that exists but is switched off, so that `collect[]` can say so.
    pub fn disabled(&mut self, name: impl Into<String>) -> &mut Self {
        self.disabled.push(name.into());
        self
    }

    /// Adds the series about scrapes, as node_exporter has them: `namespace` begins their names
    /// (`node`), `program` their help texts (`node_exporter`).
    pub fn scrape_series(&mut self, namespace: &'static str, program: &'static str) -> &mut Self {
        self.series = Some(ScrapeSeries { namespace, program });
        self
    }

    /// The names of the collectors that filters apply to, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members
            .iter()
            .filter(|member| member.filtered)
            .map(|member| member.name())
    }

    /// Runs the collectors and gathers what they wrote until the deadline. Blocks; the caller is no async
    /// thread.
    ///
    /// # Errors
    /// A filter that names an unknown or disabled collector.
    pub fn gather(&self, filter: &Filter, patience: Duration) -> Result<Gathered, FilterError> {
        self.check(filter)?;
        let deadline = Instant::now() + patience.min(PATIENCE_MAX);
        let asked: Vec<Arc<Member>> = self
            .members
            .iter()
            .filter(|member| !member.filtered || filter.takes(member.name()))
            .map(Arc::clone)
            .collect();
        let outcomes = self.runners.run(asked.clone(), deadline);
        // In the order of the registry: where metrics collide, the same collector wins every time.
        let parts = asked.iter().zip(outcomes);
        Ok(Gathered {
            parts: parts
                .map(|(member, outcome)| part(member, outcome))
                .collect(),
            series: self.series,
        })
    }

    fn check(&self, filter: &Filter) -> Result<(), FilterError> {
        let Filter::Only(names) = filter else {
            return Ok(());
        };
        for name in names {
            if self.disabled.contains(name) {
                return Err(FilterError::Disabled(name.clone()));
            }
            if !self.names().any(|known| known == name) {
                return Err(FilterError::Missing(name.clone()));
            }
        }
        Ok(())
    }
}

impl Filter {
    fn takes(&self, name: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|known| known == name);
        match self {
            Self::All => true,
            Self::Only(names) => named(names),
            Self::Without(names) => !named(names),
        }
    }
}

/// What one collector adds to a page; tells the log how it went.
fn part(member: &Member, outcome: Outcome) -> Part {
    let name = member.name().to_owned();
    let duration_seconds = outcome.duration.as_secs_f64();
    match &outcome.result {
        Ok(()) => debug!(name, duration_seconds, "collector succeeded"),
        Err(err @ CollectError::NoData) => {
            debug!(name, duration_seconds, %err, "collector returned no data")
        }
        Err(err) => error!(name, duration_seconds, %err, "collector failed"),
    }
    Part {
        name,
        filtered: member.filtered,
        success: outcome.result.is_ok(),
        duration_seconds,
        batch: outcome.batch,
    }
}
