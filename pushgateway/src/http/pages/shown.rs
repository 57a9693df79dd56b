//! What is held, as the texts a page shows: bounded in number and length, never HTML.
//!
//! The templates escape; this module only cuts and words. The pages are in [`super`].

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use promontory_exposition::model::{Metric, Value};
use promontory_exposition::{Kind, Label, number};

use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::time::UnixNanos;
use crate::view::Group;

/// Buckets or quantiles shown of one series.
const VALUES: usize = 200;
/// Characters shown of one text: a label value may have megabytes.
const CHARACTERS: usize = 1_000;

/// A group as a row of the list, and where it is to be deleted.
pub(super) struct ShownRow {
    pub(super) id: String,
    pub(super) labels: Vec<ShownLabel>,
    pub(super) failed: bool,
    pub(super) pushed: ShownTime,
    pub(super) expiry: Option<ShownTime>,
    pub(super) families: usize,
    pub(super) series: usize,
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

/// A point in time.
pub(super) struct ShownTime {
    /// As a person would say it: `5 minutes ago`, `in 3 hours`, `never`.
    pub(super) said: String,
    /// To the second, in UTC; empty for never.
    pub(super) exact: String,
    /// For programs that read the page; empty for never.
    pub(super) machine: String,
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
        labels: metric
            .labels
            .iter()
            .filter(own)
            .map(ShownLabel::new)
            .collect(),
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

impl ShownTime {
    /// A time as it is seen now. One that is past may be a little ahead of a clock that was set back.
    pub(super) fn new(at: UnixNanos, now: UnixNanos) -> Self {
        let time = Timestamp::from_nanosecond(i128::from(at.0));
        let (Ok(time), true) = (time, at.0 > 0) else {
            return Self {
                said: "never".to_owned(),
                exact: String::new(),
                machine: String::new(),
            };
        };
        let span = Duration::from_nanos(now.0.abs_diff(at.0));
        let said = match (span.as_secs(), now >= at) {
            (0, _) => "just now".to_owned(),
            (_, true) => format!("{} ago", span_said(span)),
            (_, false) => format!("in {}", span_said(span)),
        };
        Self {
            said,
            exact: time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            machine: time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

/// A length of time in its largest unit, rounded down: `5 minutes`.
pub(super) fn span_said(span: Duration) -> String {
    const UNITS: &[(u64, &str)] = &[(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let seconds = span.as_secs();
    let unit = UNITS.iter().find(|(length, _)| seconds >= *length);
    let (length, name) = unit.copied().unwrap_or((1, "second"));
    match seconds / length {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    }
}

/// Bytes in the largest unit that leaves a number of at least one: `1.4 MiB`.
pub(super) fn bytes_said(bytes: u64) -> String {
    const UNITS: &[(u64, &str)] = &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| bytes >= *size) {
        Some((size, name)) => format!("{:.1} {name}", bytes as f64 / *size as f64),
        None => format!("{bytes} bytes"),
    }
}

/// A group in a link: its canonical bytes in URL-safe base64.
pub(super) fn id_of(key: &GroupingKey) -> String {
    URL_SAFE_NO_PAD.encode(key.to_bytes())
}

pub(super) fn key_of(id: &str) -> Option<GroupingKey> {
    GroupingKey::from_bytes(&URL_SAFE_NO_PAD.decode(id).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let now = UnixNanos(1_700_000_000_000_000_000);
        let said =
            |seconds: i64| ShownTime::new(UnixNanos(now.0 - seconds * 1_000_000_000), now).said;
        for (ago, expected) in [
            (0, "just now"),
            (1, "1 second ago"),
            (59, "59 seconds ago"),
            (119, "1 minute ago"),
            (7_200, "2 hours ago"),
            (86_399, "23 hours ago"),
            (1_000_000, "11 days ago"),
            (-90, "in 1 minute"),
        ] {
            assert_eq!(said(ago), expected);
        }
        let time = ShownTime::new(now, now);
        assert_eq!(time.exact, "2023-11-14 22:13:20 UTC");
        assert_eq!(time.machine, "2023-11-14T22:13:20Z");
        for never in [0, -1, i64::MIN] {
            let time = ShownTime::new(UnixNanos(never), now);
            assert_eq!((&*time.said, &*time.exact), ("never", ""));
        }
        assert_eq!(
            ShownTime::new(UnixNanos(i64::MAX), now).exact,
            "2262-04-11 23:47:16 UTC"
        );
    }

    #[test]
    fn sizes_are_said_in_a_fitting_unit() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1_023, "1023 bytes"),
            (1_536, "1.5 KiB"),
            (5 << 20, "5.0 MiB"),
            (u64::MAX, "17179869184.0 GiB"),
        ] {
            assert_eq!(bytes_said(bytes), expected);
        }
    }
}
