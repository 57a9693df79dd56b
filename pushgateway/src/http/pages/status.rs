//! The page of the program's state: what is held, whether the disk takes it, build and flags.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::response::Response;

use super::said::{ShownTime, bytes_said, span_said};
use super::{App, Frame, aside, html};
use crate::store::Figures;
use crate::time::UnixNanos;

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage<'a> {
    frame: Frame,
    started: ShownTime,
    uptime: String,
    groups: usize,
    series: usize,
    /// Why nothing can be scraped; only without the consistency check.
    inconsistent: bool,
    waiting: usize,
    healthy: bool,
    promise: &'a str,
    persistence: Option<Persistence>,
    build: [(&'static str, &'a str); 6],
    flags: Vec<ShownFlag<'a>>,
}

struct Persistence {
    last_sync: ShownTime,
    /// What is counted, and the number in words.
    facts: Vec<(&'static str, String)>,
}

struct ShownFlag<'a> {
    name: &'a str,
    value: &'a str,
    changed: bool,
}

/// The page of state, build and flags.
pub(in crate::http) async fn status(app: &Arc<App>) -> Response {
    aside(app, |app| html(page(app))).await
}

fn page(app: &App) -> StatusPage<'_> {
    let frame = Frame::new(app, "status", 0);
    let view = app.gateway.view();
    let started = UnixNanos::from_system(app.started);
    let up = frame.now.0.saturating_sub(started.0).unsigned_abs();
    let figures = app.gateway.persistence();
    let flags = app.flags.iter().map(|(name, value)| ShownFlag {
        name,
        value,
        changed: app.changed.contains(name),
    });
    StatusPage {
        started: ShownTime::new(started, frame.now),
        uptime: span_said(Duration::from_nanos(up)),
        groups: view.group_count(),
        series: view.series_count(),
        inconsistent: !view.problems.is_empty(),
        waiting: app.gateway.waiting(),
        healthy: app.gateway.healthy().is_ok(),
        promise: &app.promise,
        persistence: figures.map(|figures| persistence(&figures, frame.now)),
        build: [
            ("version", app.build.version),
            ("revision", app.build.revision),
            ("branch", app.build.branch),
            ("build user", app.build.user),
            ("build date", app.build.date),
            ("compiler", app.build.compiler()),
        ],
        flags: flags.collect(),
        frame,
    }
}

/// What a persistence file tells; the metrics `pushgateway_persistence_*` are the same figures.
fn persistence(figures: &Figures, now: UnixNanos) -> Persistence {
    Persistence {
        last_sync: ShownTime::new(figures.last_sync(), now),
        facts: vec![
            ("File size", bytes_said(figures.file_bytes())),
            ("Records", figures.records().to_string()),
            (
                "Written since the start",
                bytes_said(figures.written_bytes()),
            ),
            ("Failed writes", figures.failures().to_string()),
            ("Rewrites", figures.compactions().to_string()),
            ("Failed rewrites", figures.compaction_failures().to_string()),
            ("Damaged at the start", bytes_said(figures.damaged_bytes())),
            (
                "Cut off at the start, never acknowledged",
                bytes_said(figures.torn_bytes()),
            ),
        ],
    }
}
