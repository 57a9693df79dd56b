//! What is held, as the texts a page shows: bounded in number and length, never HTML.
//!
//! The templates escape; this module only cuts and words. The pages are in [`super::pages`].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use promontory_exposition::model::{Metric, Value};
use promontory_exposition::{Kind, Label, number};

use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::ingest::PUSH_TIME;
use crate::time::UnixNanos;
use crate::view::Group;

/// Buckets or quantiles shown of one series.
const VALUES: usize = 200;
/// Characters shown of one text: a label value may have megabytes.
const CHARACTERS: usize = 1_000;

pub(super) struct ShownGroup {
    pub(super) id: String,
    pub(super) labels: Vec<ShownLabel>,
    pub(super) failed: bool,
    pub(super) pushed: String,
    pub(super) families: Vec<ShownFamily>,
}

pub(super) struct ShownLabel {
    pub(super) name: String,
    pub(super) value: String,
}

pub(super) struct ShownFamily {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) kind: Kind,
    pub(super) pushed: String,
    pub(super) series: Vec<ShownSeries>,
    pub(super) hidden: usize,
}

pub(super) struct ShownSeries {
    pub(super) labels: Vec<ShownLabel>,
    pub(super) values: Vec<String>,
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

pub(super) fn show_group(group: &Group, series_left: &mut usize) -> ShownGroup {
    let pushed_at = group
        .family(PUSH_TIME)
        .map_or(UnixNanos(0), |family| last_value(family));
    ShownGroup {
        id: id_of(group.key()),
        labels: show_key(group.key()),
        failed: !group.last_push_successful(),
        pushed: moment(pushed_at),
        families: group
            .families()
            .iter()
            .map(|family| show_family(family, series_left))
            .collect(),
    }
}

/// The time that `push_time_seconds` holds; the family's own stamp is also set by failures.
fn last_value(family: &PushedFamily) -> UnixNanos {
    let family = family.decode().ok();
    let seconds = family.and_then(|family| match family.metrics.first()?.value {
        Value::Gauge(seconds) => Some(seconds),
        _ => None,
    });
    UnixNanos((seconds.unwrap_or(0.0) * 1e9) as i64)
}

pub(super) fn show_key(key: &GroupingKey) -> Vec<ShownLabel> {
    // The job first: it is what people look for.
    let (mut job, others): (Vec<_>, Vec<_>) = key
        .labels()
        .iter()
        .map(ShownLabel::new)
        .partition(|label| label.name == "job");
    job.extend(others);
    job
}

fn show_family(pushed: &PushedFamily, series_left: &mut usize) -> ShownFamily {
    let header = pushed.header();
    let mut series = Vec::new();
    if *series_left > 0
        && let Ok(family) = pushed.decode()
    {
        series = family
            .metrics
            .iter()
            .take(*series_left)
            .map(show_series)
            .collect();
        *series_left -= series.len();
    }
    ShownFamily {
        name: clip(header.name),
        help: clip(header.help.unwrap_or_default()),
        kind: header.kind,
        pushed: moment(pushed.pushed_at()),
        hidden: pushed.metrics().saturating_sub(series.len()),
        series,
    }
}

fn show_series(metric: &Metric<'_>) -> ShownSeries {
    ShownSeries {
        labels: metric.labels.iter().map(ShownLabel::new).collect(),
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
                let buckets = super::native::buckets(native).into_iter().take(VALUES);
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

/// A moment to the second, in UTC.
pub(super) fn moment(at: UnixNanos) -> String {
    match Timestamp::from_nanosecond(i128::from(at.0)) {
        Ok(time) if at.0 > 0 => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        _ => "never".to_owned(),
    }
}

/// A group in a link: its canonical bytes in URL-safe base64.
pub(super) fn id_of(key: &GroupingKey) -> String {
    URL_SAFE_NO_PAD.encode(key.to_bytes())
}

pub(super) fn key_of(id: &str) -> Option<GroupingKey> {
    GroupingKey::from_bytes(&URL_SAFE_NO_PAD.decode(id).ok()?)
}
