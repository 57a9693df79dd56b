//! The question before a delete, and the delete itself: a form's `POST` from our own page.
//!
//! `GET` changes nothing, so no link and no crawler deletes anything; nor does a form of another site.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use promontory_exporter::answer::plain;

use super::super::bulk;
use super::form::Form;
use super::shown::{ShownRow, key_of};
use super::{App, Frame, html, no_such_group, notice, with_status};
use crate::group::GroupingKey;

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    /// The group to delete; `None` for all.
    group: Option<ShownRow>,
    /// Where "keep" leads: to the group's page, or to the list.
    keep: String,
    held: usize,
}

/// `GET` asks, `POST` (the form of that page) deletes and leads back to the groups.
pub(in crate::http) async fn confirm(app: &Arc<App>, parts: &Parts, body: &Bytes) -> Response {
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
    let Some(what) = Target::read(Form(&form)) else {
        return no_such_group(Frame::new(app, "groups", 1));
    };
    if what == Target::All && !app.admin_api {
        let why = "Everything can be deleted at once only with --web.enable-admin-api.";
        return not_deleted(app, StatusCode::BAD_REQUEST, why);
    }
    let deleted = match what {
        what if !posted => return ask(app, what),
        Target::Group(key) => app.gateway.delete(key).await,
        Target::All => bulk::wipe(app).await,
    };
    if let Err(error) = deleted {
        return not_deleted(app, StatusCode::SERVICE_UNAVAILABLE, &error.to_string());
    }
    let mut response = with_status(StatusCode::SEE_OTHER, Response::new(Body::empty()));
    let back = format!("{}/", Frame::new(app, "groups", 1).base);
    if let Ok(back) = HeaderValue::from_str(&back) {
        response.headers_mut().insert(LOCATION, back);
    }
    response
}

/// What is to be deleted.
#[derive(Eq, PartialEq)]
enum Target {
    Group(GroupingKey),
    All,
}

impl Target {
    /// A group that cannot be read is never everything.
    fn read(form: Form<'_>) -> Option<Self> {
        match form.get("group") {
            Some(id) => key_of(&id).map(Self::Group),
            None => form.get("all").map(|_| Self::All),
        }
    }
}

fn not_deleted(app: &App, status: StatusCode, why: &str) -> Response {
    let frame = Frame::new(app, "groups", 1);
    notice(status, frame, "Nothing was deleted", why)
}

fn ask(app: &App, what: Target) -> Response {
    let frame = Frame::new(app, "groups", 1);
    let view = app.gateway.view();
    let (group, keep) = match what {
        Target::All => (None, "/".to_owned()),
        Target::Group(key) => match view.group(&key) {
            Some(group) => {
                let row = ShownRow::new(group, frame.now);
                let keep = format!("/ui/group?id={}", row.id);
                (Some(row), keep)
            }
            None => return no_such_group(frame),
        },
    };
    html(ConfirmPage {
        group,
        keep,
        held: view.group_count(),
        frame,
    })
}

/// Whether a form was sent from a page of this very site: browsers say where a form came from, and a
/// page of somebody else must not delete anything through a signed-in user's browser.
pub(in crate::http) fn is_same_origin(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = header("origin") else {
        return true;
    };
    let origin = origin.split_once("://").map_or(origin, |(_, host)| host);
    // A proxy may have changed Host; a form cannot set the header in which it says so.
    [header("host"), header("x-forwarded-host")].contains(&Some(origin))
}
