//! Lists and watches every resource of a plan, straight into [`Lines`].
//!
//! A task for each resource and namespace (`follow.rs`): a streaming list, or pages where the API server has none, then
//! a watch, which goes on from the last version it saw until that is gone; then a list again, beside the lines of the
//! old one. An object is rendered where it was read (`intake.rs`) and forgotten; no list is ever held.

mod event;
mod follow;
mod identity;
mod intake;
mod retry;
mod target;

use std::sync::Arc;
use std::time::Duration;

use promontory_exporter::shutdown::Shutdown;

use crate::api::Api;
use crate::lines::Lines;
use crate::plan::Plan;
use crate::resource::Row;
use crate::samples::Selection;
use crate::stats::Stats;

use follow::Follow;
use intake::Intake;
use target::Target;

/// How many objects a page of a list has, as client-go's.
const PAGE_OBJECTS: u64 = 500;

/// A resource that is being watched.
#[derive(Clone)]
pub struct Watched {
    /// Which.
    pub row: &'static Row,
    /// Its samples.
    pub lines: Arc<Lines>,
    /// What happened to it.
    pub stats: Arc<Stats>,
}

/// How long what may take.
#[derive(Clone, Copy, Debug)]
struct Timing {
    /// The first delay after a failure, and the longest (client-go's reflector).
    retry_first: Duration,
    retry_longest: Duration,
    /// How long a list may stand still.
    list_idle: Duration,
    /// How long a watch may stand still before it is begun anew from its last version. With the bookmarks of the API
    /// server, which come once a minute, it never does; a connection that is dead without a word is found out so.
    watch_idle: Duration,
    /// How long a watch is asked to last, at least.
    watch: Duration,
    /// A watch that lasted as long was a good one.
    settled: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            retry_first: Duration::from_millis(800),
            retry_longest: Duration::from_secs(30),
            list_idle: Duration::from_secs(60),
            watch_idle: Duration::from_secs(150),
            watch: Duration::from_secs(300),
            settled: Duration::from_secs(5),
        }
    }
}

/// Begins to list and watch the resources of a plan, in the plan's order, and returns at once. The tasks retry for ever
/// and end when `shutdown` says so.
///
/// Must be called inside a tokio runtime.
pub fn start(api: &Api, plan: &Plan, shutdown: &Shutdown) -> Vec<Watched> {
    start_timed(api, plan, shutdown, Timing::default())
}

fn start_timed(api: &Api, plan: &Plan, shutdown: &Shutdown, timing: Timing) -> Vec<Watched> {
    let resources = plan.resources.iter();
    resources
        .map(|(row, selection)| {
            let scopes = plan.scopes(row);
            let watched = Watched::new(row, selection, scopes.len());
            let selection = Arc::new(selection.clone());
            for (scope, namespace) in scopes.into_iter().enumerate() {
                let mut intake = Intake::new(
                    row,
                    Arc::clone(&selection),
                    Arc::clone(&watched.lines),
                    Arc::clone(&watched.stats),
                );
                intake.scope = scope;
                intake.shard = plan.shard;
                let target = Target::new(plan, row, &namespace);
                let limit = u64::try_from(plan.object_limit).unwrap_or(0);
                let follow = Follow::new(api.clone(), target, namespace, intake, timing, limit);
                let shutdown = shutdown.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = shutdown.wait() => {}
                        () = follow.run() => {}
                    }
                });
            }
            watched
        })
        .collect()
}

impl Watched {
    fn new(row: &'static Row, selection: &Selection, scopes: usize) -> Self {
        let families = (row.families)();
        let shown = selection.families.iter().filter_map(|at| families.get(*at));
        Self {
            row,
            lines: Arc::new(Lines::new(shown.copied().collect(), scopes)),
            stats: Arc::new(Stats::default()),
        }
    }
}

#[cfg(test)]
mod tests;
