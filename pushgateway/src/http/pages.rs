//! The pages for people: what is held, the program's state, and the question before a delete.
//!
//! Rendered here from templates, without scripts or anything from another site. Every value is escaped
//! by the templates. A page is bounded, whatever is held: so many groups, so many series. `GET` changes
//! nothing; a delete is a form's `POST`, and only from our own pages.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use promontory_exporter::scrape::plain;
use promontory_exposition::Kind;
use promontory_exposition::model::{Metric, Value};
use promontory_exposition::number;

use super::App;
use super::push::is_same_origin;
use crate::family::{PushedFamily, UnixNanos};
use crate::group::GroupingKey;
use crate::ingest::PUSH_TIME;
use crate::view::Group;

/// Groups on one page.
const GROUPS: usize = 100;
/// Series on one page, over all its groups.
const SERIES: usize = 5_000;
/// Buckets or quantiles shown of one series.
const VALUES: usize = 200;

/// What every page has around it.
struct Frame {
    /// What stands before the paths of links.
    base: String,
    here: &'static str,
}

impl Frame {
    /// `depth` is how many path elements the page itself lies below the root.
    fn new(app: &App, here: &'static str, depth: usize) -> Self {
        let relative = if depth == 0 { "." } else { ".." };
        let base = if app.external_prefix.is_empty() {
            relative
        } else {
            &app.external_prefix
        };
        Self {
            base: base.to_owned(),
            here,
        }
    }
}

#[derive(Template)]
#[template(path = "groups.html")]
struct GroupsPage {
    frame: Frame,
    admin_api: bool,
    groups: Vec<ShownGroup>,
    first: usize,
    last: usize,
    total: usize,
    page: usize,
    pages: usize,
}

struct ShownGroup {
    id: String,
    labels: Vec<ShownLabel>,
    failed: bool,
    pushed: String,
    families: Vec<ShownFamily>,
}

struct ShownLabel {
    name: String,
    value: String,
}

struct ShownFamily {
    name: String,
    help: String,
    kind: &'static str,
    pushed: String,
    series: Vec<ShownSeries>,
    hidden: usize,
}

struct ShownSeries {
    labels: Vec<ShownLabel>,
    values: Vec<String>,
}

/// The page of groups; `?page=N` counts from 1.
pub fn groups(app: &App, query: Option<&str>) -> Response {
    let view = app.gateway.view();
    let total = view.group_count();
    let pages = total.div_ceil(GROUPS).max(1);
    let asked = field(query.unwrap_or_default(), "page").and_then(|page| page.parse().ok());
    let page = asked.unwrap_or(1).clamp(1, pages);
    let skipped = (page - 1) * GROUPS;
    let mut series_left = SERIES;
    let shown: Vec<ShownGroup> = view
        .groups()
        .skip(skipped)
        .take(GROUPS)
        .map(|group| show_group(group, &mut series_left))
        .collect();
    html(GroupsPage {
        frame: Frame::new(app, "groups", 0),
        admin_api: app.admin_api,
        first: skipped + 1,
        last: skipped + shown.len(),
        groups: shown,
        total,
        page,
        pages,
    })
}

fn show_group(group: &Group, series_left: &mut usize) -> ShownGroup {
    let pushed_at = group
        .family(PUSH_TIME)
        .map_or(UnixNanos(0), |family| last_value(family));
    ShownGroup {
        id: id(group.key()),
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

fn show_key(key: &GroupingKey) -> Vec<ShownLabel> {
    // The job first: it is what people look for.
    let (mut job, others): (Vec<_>, Vec<_>) = key
        .labels()
        .iter()
        .map(|label| ShownLabel {
            name: label.name.to_string(),
            value: label.value.to_string(),
        })
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
        name: header.name.to_owned(),
        help: header.help.unwrap_or_default().to_owned(),
        kind: kind_name(header.kind),
        pushed: moment(pushed.pushed_at()),
        hidden: pushed.metrics().saturating_sub(series.len()),
        series,
    }
}

fn show_series(metric: &Metric<'_>) -> ShownSeries {
    let label = |label: &promontory_exposition::Label<'_>| ShownLabel {
        name: label.name.to_string(),
        value: label.value.to_string(),
    };
    ShownSeries {
        labels: metric.labels.iter().map(label).collect(),
        values: show_value(&metric.value),
    }
}

fn show_value(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::Counter(counter) => vec![shown(counter.value)],
        Value::Gauge(value) | Value::Untyped(value) => vec![shown(*value)],
        Value::Summary(summary) => {
            let quantiles = summary.quantiles.iter().take(VALUES);
            let mut lines: Vec<String> = quantiles
                .map(|q| format!("quantile {}: {}", shown(q.quantile), shown(q.value)))
                .collect();
            lines.push(format!("sum: {}", shown(summary.sum)));
            lines.push(format!("count: {}", summary.count));
            lines
        }
        Value::Histogram(histogram) => {
            let buckets = histogram.buckets.iter().take(VALUES);
            let mut lines: Vec<String> = buckets
                .map(|b| {
                    format!(
                        "≤ {}: {}",
                        shown(b.upper_bound),
                        shown(b.cumulative_count.as_f64())
                    )
                })
                .collect();
            if let Some(native) = histogram.native.as_deref() {
                let buckets = super::native::buckets(native).into_iter().take(VALUES);
                lines.extend(buckets.map(|b| {
                    format!(
                        "{} to {}: {}",
                        shown(b.lower),
                        shown(b.upper),
                        shown(b.count.as_f64())
                    )
                }));
            }
            lines.push(format!("sum: {}", shown(histogram.sum)));
            lines.push(format!("count: {}", shown(histogram.count.as_f64())));
            lines
        }
    }
}

fn shown(value: f64) -> String {
    let mut text = Vec::new();
    number::write(value, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Untyped => "untyped",
        Kind::Summary => "summary",
        Kind::Histogram => "histogram",
        Kind::GaugeHistogram => "gauge histogram",
        Kind::Info => "info",
        Kind::StateSet => "state set",
    }
}

/// A moment to the second, in UTC.
fn moment(at: UnixNanos) -> String {
    match Timestamp::from_nanosecond(i128::from(at.0)) {
        Ok(time) if at.0 > 0 => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        _ => "never".to_owned(),
    }
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage<'a> {
    frame: Frame,
    started: String,
    groups: usize,
    promise: &'a str,
    build: [(&'a str, &'a str); 6],
    flags: &'a [(String, String)],
}

/// The page of build and flags.
pub fn status(app: &App) -> Response {
    html(StatusPage {
        frame: Frame::new(app, "status", 0),
        started: moment(UnixNanos::from_system(app.started)),
        groups: app.gateway.view().group_count(),
        promise: &app.promise,
        build: [
            ("version", app.build.version),
            ("revision", app.build.revision),
            ("branch", app.build.branch),
            ("build user", app.build.user),
            ("build date", app.build.date),
            ("compiler", app.build.compiler()),
        ],
        flags: &app.flags,
    })
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    /// The group to delete; `None` for all.
    group: Option<ConfirmedGroup>,
    total: usize,
}

struct ConfirmedGroup {
    id: String,
    labels: Vec<ShownLabel>,
}

/// `GET` asks, `POST` (the form of that page) deletes and leads back to the groups.
pub async fn confirm(app: &Arc<App>, parts: &Parts, body: &Bytes) -> Response {
    let posted = parts.method == Method::POST;
    if posted && !is_same_origin(&parts.headers) {
        return plain(
            StatusCode::FORBIDDEN,
            "a page of another site may not delete anything here",
        );
    }
    let form = if posted {
        String::from_utf8_lossy(body)
    } else {
        parts.uri.query().unwrap_or_default().into()
    };
    let key = field(&form, "group").and_then(key_of);
    let all = app.admin_api && field(&form, "all").is_some();
    let deleted = match key {
        None if !all => return plain(StatusCode::BAD_REQUEST, "no such group"),
        key if !posted => return ask(app, key.as_ref()),
        Some(key) => app.gateway.delete(key).await,
        None => app.gateway.wipe().await,
    };
    if let Err(error) = deleted {
        return plain(StatusCode::SERVICE_UNAVAILABLE, &error.to_string());
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let back = format!("{}/", Frame::new(app, "groups", 1).base);
    if let Ok(back) = HeaderValue::from_str(&back) {
        response.headers_mut().insert(LOCATION, back);
    }
    response
}

fn ask(app: &App, key: Option<&GroupingKey>) -> Response {
    html(ConfirmPage {
        frame: Frame::new(app, "groups", 1),
        group: key.map(|key| ConfirmedGroup {
            id: id(key),
            labels: show_key(key),
        }),
        total: app.gateway.view().group_count(),
    })
}

/// A group in a link: its canonical bytes in URL-safe base64.
fn id(key: &GroupingKey) -> String {
    URL_SAFE_NO_PAD.encode(key.to_bytes())
}

fn key_of(id: &str) -> Option<GroupingKey> {
    GroupingKey::from_bytes(&URL_SAFE_NO_PAD.decode(id).ok()?)
}

/// A field of a query or form. Nothing is decoded: our pages send numbers and base64 only.
fn field<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })
}

fn html(page: impl Template) -> Response {
    match page.render() {
        Ok(page) => super::with_header(
            Response::new(Body::from(page)),
            CONTENT_TYPE,
            "text/html; charset=utf-8",
        ),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
