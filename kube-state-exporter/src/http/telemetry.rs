//! What the program shows about itself: upstream's families under their names, and what upstream does not tell.
//!
//! Upstream names resources by their Go types (`*v1.Pod`); here they have their names (`pods`).

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exposition::Kind;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use super::App;
use crate::watch::Watched;

/// Which part of the cluster this instance shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share {
    /// `--shard`.
    pub shard: i64,
    /// `--total-shards`.
    pub total: i64,
    /// `--object-limit`; 0 is none.
    pub object_limit: i64,
}

/// The families, as a collector.
pub(super) struct Telemetry(pub(super) Arc<App>);

/// A family with one sample for each resource: name, type, help, value.
type Row = (
    &'static str,
    Kind,
    &'static str,
    fn(&Watched) -> Option<f64>,
);

const ROWS: &[Row] = &[
    (
        "kube_state_metrics_list_objects",
        Kind::Gauge,
        "Number of resources listed in kube-state-metrics",
        |one| Some(one.lines.objects() as f64),
    ),
    (
        "kube_state_metrics_synced",
        Kind::Gauge,
        "Whether the resource was listed completely; its metrics are shown from then on.",
        |one| Some(f64::from(u8::from(one.lines.is_whole()))),
    ),
    (
        "kube_state_metrics_last_event_age_seconds",
        Kind::Gauge,
        "Seconds since the API server last sent anything about the resource, bookmarks included.",
        |one| age_seconds(one.stats.last_contact_millis()),
    ),
    (
        "kube_state_metrics_relists_total",
        Kind::Counter,
        "Number of lists made again because a watch could not go on; metrics stay whole meanwhile.",
        |one| Some(one.stats.relists.get() as f64),
    ),
    (
        "kube_state_metrics_unreadable_objects_total",
        Kind::Counter,
        "Number of objects that could not be read and are not shown.",
        |one| Some(one.stats.unreadable.get() as f64),
    ),
    (
        "kube_state_metrics_object_updates_total",
        Kind::Counter,
        "Number of objects that came new or changed.",
        |one| Some(one.stats.puts.get() as f64),
    ),
    (
        "kube_state_metrics_object_deletes_total",
        Kind::Counter,
        "Number of objects whose end the watch told.",
        |one| Some(one.stats.removes.get() as f64),
    ),
];

impl Collector for Telemetry {
    fn name(&self) -> &str {
        "kube_state_metrics"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let app = &*self.0;
        app.requests.collect(batch)?;
        share(app.share, batch);
        for one in &app.watched {
            let labels = [("resource", one.row.name)];
            for (name, kind, help, value) in ROWS {
                if let Some(value) = value(one) {
                    let header = Header::of(name, help, *kind);
                    batch.family(header).sample(&labels, value);
                }
            }
            calls(one, batch);
            if app.share.object_limit > 0 {
                let header = Header::gauge(
                    "kube_state_metrics_list_objects_limit",
                    "Number of resource list limit in kube-state-metrics",
                );
                let limit = app.share.object_limit as f64;
                batch.family(header).sample(&labels, limit);
            }
        }
        Ok(())
    }
}

/// Lists and watches of a resource, by how they went. Streaming lists count as both; upstream's are no lists.
fn calls(one: &Watched, batch: &mut Batch) {
    let stats = &one.stats;
    for (name, help, ok, failed) in [
        (
            "kube_state_metrics_list_total",
            "Number of total resource list calls in kube-state-metrics",
            &stats.lists_ok,
            &stats.lists_failed,
        ),
        (
            "kube_state_metrics_watch_total",
            "Number of total resource watch calls in kube-state-metrics",
            &stats.watches_ok,
            &stats.watches_failed,
        ),
    ] {
        let mut family = batch.family(Header::counter(name, help));
        for (result, number) in [("error", failed), ("success", ok)] {
            let labels = [("resource", one.row.name), ("result", result)];
            family.sample(&labels, number.get() as f64);
        }
    }
}

fn share(share: Share, batch: &mut Batch) {
    let header = Header::gauge(
        "kube_state_metrics_shard_ordinal",
        "Current sharding ordinal/index of this instance",
    );
    let ordinal = share.shard.to_string();
    batch
        .family(header)
        .sample(&[("shard_ordinal", &ordinal)], share.shard as f64);
    let header = Header::gauge(
        "kube_state_metrics_total_shards",
        "Number of total shards this instance is aware of",
    );
    batch.family(header).sample(&[], share.total as f64);
}

/// Seconds since a moment in milliseconds of 1970; none before the first.
fn age_seconds(millis: u64) -> Option<f64> {
    if millis == 0 {
        return None;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let now = u64::try_from(now.as_millis()).ok()?;
    // A clock that was set back: as if it were now.
    Some(now.saturating_sub(millis) as f64 / 1e3)
}
