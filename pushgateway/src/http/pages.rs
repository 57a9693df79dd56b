//! The pages for people: what is held, the program's state, and the question before a delete.
//!
//! Rendered here from templates, without scripts or anything from another site. Every value is escaped
//! by the templates. A page is bounded, whatever is held: so many groups, so many series. `GET` changes
//! nothing; deletes are in `confirm.rs`.

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use promontory_exporter::answer::plain;

use super::App;
use super::answer::with_header;
use super::shown::{ShownGroup, moment, show_group};
use crate::time::UnixNanos;

/// Groups on one page.
const GROUPS: usize = 100;
/// Series on one page, over all its groups.
const SERIES: usize = 5_000;

/// What every page has around it.
pub(super) struct Frame {
    /// What stands before the paths of links.
    pub(super) base: String,
    pub(super) here: &'static str,
}

impl Frame {
    /// `depth` is how many path elements the page itself lies below the root.
    pub(super) fn new(app: &App, here: &'static str, depth: usize) -> Self {
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

/// The page of groups; `?page=N` counts from 1.
pub(super) fn groups(app: &App, query: Option<&str>) -> Response {
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
pub(super) fn status(app: &App) -> Response {
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

/// A field of a query or form. Nothing is decoded: our pages send numbers and base64 only.
pub(super) fn field<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })
}

pub(super) fn html(page: impl Template) -> Response {
    match page.render() {
        Ok(page) => with_header(
            Response::new(Body::from(page)),
            CONTENT_TYPE,
            "text/html; charset=utf-8",
        ),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
