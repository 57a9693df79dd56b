//! The pages for people: what is held, one group, the program's state, and the question before a delete.
//!
//! Rendered from templates, without scripts or anything from another site. Every value is escaped by the templates.
//! A page is bounded, whatever is held: so many groups, so many series. State is in the address, so a page can be
//! bookmarked and shared. `GET` changes nothing; deletes are in `confirm`. A page a file: `list`, `group`, `status`,
//! `confirm`; `choice` and `window` say what of a long list is on a page, `shown` words what is held, `said` times and
//! sizes, `form` reads what browsers send.

mod choice;
mod confirm;
mod form;
mod group;
mod list;
mod said;
mod shown;
mod status;
mod window;

use std::sync::Arc;
use std::time::SystemTime;

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use promontory_exporter::answer::plain;

use super::App;
use super::answer::with_header;
use crate::time::UnixNanos;

pub(super) use confirm::{confirm, is_same_origin};
pub(super) use group::group;
pub(super) use list::groups;
pub(super) use shown::{id_of, key_of};
pub(super) use status::status;

/// What every page has around it.
struct Frame {
    /// What stands before the paths of links.
    base: String,
    here: &'static str,
    /// Why the disk refuses changes, while it does.
    trouble: Option<String>,
    now: UnixNanos,
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
            trouble: app
                .gateway
                .persistence()
                .and_then(|figures| figures.trouble()),
            now: UnixNanos::from_system(SystemTime::now()),
        }
    }
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'f> {
    frame: Frame,
    title: &'static str,
    text: &'f str,
}

fn notice(status: StatusCode, frame: Frame, title: &'static str, text: &str) -> Response {
    with_status(status, html(NoticePage { frame, title, text }))
}

/// The page in place of one of a group that is not held.
fn no_such_group(frame: Frame) -> Response {
    let text =
        "No group with these labels is held. It may have been deleted since the link was made.";
    notice(StatusCode::NOT_FOUND, frame, "No such group", text)
}

/// Makes a page on a thread that may block: with many groups held it takes a while, and scrapes must not wait for it.
async fn aside(app: &Arc<App>, make: impl FnOnce(&App) -> Response + Send + 'static) -> Response {
    let shared = Arc::clone(app);
    let made = app.searches.run(move |_| make(&shared)).await;
    made.unwrap_or_else(|error| plain(error.status(), &error.to_string()))
}

/// A page as an answer. Browsers are told to take nothing from elsewhere, to run no script, and to show it in no frame.
fn html(page: impl Template) -> Response {
    let page = match page.render() {
        Ok(page) => page,
        Err(error) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
             base-uri 'none'; frame-ancestors 'none'",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not "no-referrer": browsers would then hide from us where the form of a delete comes from.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-cache"),
    ];
    let response = Response::new(Body::from(page));
    headers
        .into_iter()
        .fold(response, |response, (name, value)| {
            with_header(response, name, value)
        })
}

fn with_status(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response
}
