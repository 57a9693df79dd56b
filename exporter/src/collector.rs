//! Collectors, and the registry that runs them for a scrape.
//!
//! A collector reads something and writes families into a batch. The registry runs each on a thread
//! of its own (`collector/worker.rs`), under a deadline and behind a panic fence: what one collector
//! does wrong costs its own series only, also where its metrics do not fit the page of the others
//! (`collector/gathered.rs`). Nothing here knows HTTP; `scrape` asks for a page.

mod gathered;
mod prometheus_client;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use promontory_exposition::batch::Batch;
use tracing::{debug, error};

pub use gathered::Gathered;
pub use prometheus_client::PrometheusClient;

pub(crate) use worker::panic_words;

use gathered::Part;
use worker::{Outcome, Worker};

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
    workers: Vec<Worker>,
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
        self.workers.push(Worker::start(collector.into(), true));
        self
    }

    /// Adds a collector that is part of every page: metrics about the program itself.
    pub fn always(&mut self, collector: impl Collector) -> &mut Self {
        self.workers
            .push(Worker::start(std::sync::Arc::new(collector), false));
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
        self.workers
            .iter()
            .filter(|worker| worker.filtered)
            .map(Worker::name)
    }

    /// Runs the collectors side by side and gathers what they wrote until the deadline. Blocks; the
    /// caller is no async thread.
    ///
    /// # Errors
    /// A filter that names an unknown or disabled collector.
    pub fn gather(&self, filter: &Filter, patience: Duration) -> Result<Gathered, FilterError> {
        self.check(filter)?;
        let begin = Instant::now();
        let deadline = begin + patience.min(PATIENCE_MAX);
        let (reply, outcomes) = mpsc::channel();
        let asked: Vec<&Worker> = self
            .workers
            .iter()
            .filter(|worker| worker.is_asked(filter))
            .collect();
        let asks = asked
            .iter()
            .enumerate()
            .map(|(index, worker)| worker.ask(index, deadline, reply.clone()));
        let jobs: Vec<Result<u64, &str>> = asks.collect();
        drop(reply);
        let mut answers: Vec<Option<Outcome>> = asked.iter().map(|_| None).collect();
        for _ in jobs.iter().flatten() {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok((index, outcome)) = outcomes.recv_timeout(left) else {
                break;
            };
            answers[index] = Some(outcome);
        }
        // In the order of the registry: where metrics collide, the same collector wins every time.
        let parts = asked
            .iter()
            .zip(jobs)
            .zip(answers)
            .map(|((worker, job), answer)| {
                let outcome = match (job, answer) {
                    (_, Some(outcome)) => outcome,
                    (Err(refusal), None) => Outcome::refused(refusal),
                    (Ok(job), None) => {
                        worker.mark_late(job);
                        Outcome::late(begin.elapsed())
                    }
                };
                part(worker, outcome)
            });
        Ok(Gathered {
            parts: parts.collect(),
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

/// What one collector adds to a page; tells the log how it went.
fn part(worker: &Worker, outcome: Outcome) -> Part {
    let name = worker.name().to_owned();
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
        filtered: worker.filtered,
        success: outcome.result.is_ok(),
        duration_seconds,
        batch: outcome.batch,
    }
}
