//! What is held, as the texts a page shows: bounded in number and length, never HTML.
//!
//! The templates escape; this module only cuts and words. The pages are in [`super`].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use promontory_exposition::model::{Metric, Value};
use promontory_exposition::{Kind, Label, number};

use super::said::ShownTime;
use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::time::UnixNanos;
use crate::view::Group;

/// Buckets or quantiles shown of one series.
const VALUES: usize = 200;
/// Labels shown of one group or series.
const LABELS: usize = 50;
/// Characters shown of one text: a label value may have megabytes.
const CHARACTERS: usize = 1_000;

/// A group as a row of the list, and where it is to be deleted.
pub(super) struct ShownRow {
    pub(super) id: String,
    pub(super) labels: ShownLabels,
    pub(super) failed: bool,
    pub(super) pushed: ShownTime,
    pub(super) expiry: Option<ShownTime>,
    pub(super) families: usize,
    pub(super) series: usize,
}

/// The first of some labels, and how many more there are.
pub(super) struct ShownLabels {
    pub(super) first: Vec<ShownLabel>,
    pub(super) more: usize,
}

pub(super) struct ShownLabel {
    pub(super) name: String,
    pub(super) value: String,
}

pub(super) struct ShownFamily {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) kind: Kind,
    pub(super) pushed: ShownTime,
    pub(super) series: Vec<ShownSeries>,
    /// How many series it has, and how many of them come before those shown.
    pub(super) total: usize,
    pub(super) skipped: usize,
}

pub(super) struct ShownSeries {
    pub(super) labels: ShownLabels,
    pub(super) values: Vec<String>,
}

impl ShownLabels {
    fn new<'l>(labels: impl Iterator<Item = &'l Label<'l>> + Clone) -> Self {
        Self {
            first: labels.clone().take(LABELS).map(ShownLabel::new).collect(),
            more: labels.skip(LABELS).count(),
        }
    }
}

impl ShownLabel {
    fn new(label: &Label<'_>) -> Self {
        Self {
            name: clip(&label.name),
            value: clip(&label.value),
        }
    }
}

/// A text as far as a page shows it.
fn clip(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl ShownRow {
    pub(super) fn new(group: &Group, now: UnixNanos) -> Self {
        Self {
            id: id_of(group.key()),
            labels: show_key(group.key()),
            failed: !group.last_push_successful(),
            pushed: ShownTime::new(group.pushed_at(), now),
            expiry: group.expires_at().map(|at| ShownTime::new(at, now)),
            families: group.families().len(),
            series: group.series(),
        }
    }
}

/// The labels of a group, the job first: it is what people look for.
pub(super) fn show_key(key: &GroupingKey) -> ShownLabels {
    let is_job = |label: &&Label<'_>| label.name == "job";
    let job = key.labels().iter().filter(is_job);
    let others = key.labels().iter().filter(|label| !is_job(label));
    ShownLabels::new(job.chain(others))
}

/// A family with some of its series.
pub(super) fn show_family(
    pushed: &PushedFamily,
    skipped: usize,
    taken: usize,
    now: UnixNanos,
) -> ShownFamily {
    let header = pushed.header();
    let series = pushed.decode().map(|family| {
        let metrics = family.metrics.iter().skip(skipped).take(taken);
        metrics
            .map(|metric| show_series(metric, pushed.key()))
            .collect()
    });
    ShownFamily {
        name: clip(header.name),
        help: clip(header.help.unwrap_or_default()),
        kind: header.kind,
        pushed: ShownTime::new(pushed.pushed_at(), now),
        series: series.unwrap_or_default(),
        total: pushed.metrics(),
        skipped,
    }
}

/// The labels of the group stand at the top of its page already.
fn show_series(metric: &Metric<'_>, key: &GroupingKey) -> ShownSeries {
    let own = |label: &&Label<'_>| key.get(&label.name) != Some(&*label.value);
    ShownSeries {
        labels: ShownLabels::new(metric.labels.iter().filter(own)),
        values: show_value(&metric.value),
    }
}

fn show_value(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::Counter(counter) => vec![number::text(counter.value)],
        Value::Gauge(value) | Value::Untyped(value) => vec![number::text(*value)],
        Value::Summary(summary) => {
            let quantiles = summary.quantiles.iter().take(VALUES);
            let mut lines: Vec<String> = quantiles
                .map(|q| {
                    format!(
                        "quantile {}: {}",
                        number::text(q.quantile),
                        number::text(q.value)
                    )
                })
                .collect();
            lines.push(format!("sum: {}", number::text(summary.sum)));
            lines.push(format!("count: {}", summary.count));
            lines
        }
        Value::Histogram(histogram) => {
            let buckets = histogram.buckets.iter().take(VALUES);
            let mut lines: Vec<String> = buckets
                .map(|b| {
                    format!(
                        "≤ {}: {}",
                        number::text(b.upper_bound),
                        number::text(b.cumulative_count.as_f64())
                    )
                })
                .collect();
            if let Some(native) = histogram.native.as_deref() {
                let buckets = crate::http::native::buckets(native)
                    .into_iter()
                    .take(VALUES);
                lines.extend(buckets.map(|b| {
                    format!(
                        "{} to {}: {}",
                        number::text(b.lower),
                        number::text(b.upper),
                        number::text(b.count.as_f64())
                    )
                }));
            }
            lines.push(format!("sum: {}", number::text(histogram.sum)));
            lines.push(format!("count: {}", number::text(histogram.count.as_f64())));
            lines
        }
    }
}

/// A group in a link: its canonical bytes in URL-safe base64.
pub(in crate::http) fn id_of(key: &GroupingKey) -> String {
    URL_SAFE_NO_PAD.encode(key.to_bytes())
}

pub(in crate::http) fn key_of(id: &str) -> Option<GroupingKey> {
    GroupingKey::from_bytes(&URL_SAFE_NO_PAD.decode(id).ok()?)
}
