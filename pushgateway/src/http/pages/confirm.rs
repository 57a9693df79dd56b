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

use super::form::Form;
use super::shown::{ShownRow, id_of, key_of};
use super::{App, Frame, html, no_such_group};
use crate::group::GroupingKey;

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    /// The group to delete; `None` for all.
    group: Option<ShownRow>,
    /// Where "keep" leads: the page that the question came from.
    back: String,
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
    let form = Form(&form);
    let key = form.get("group").and_then(|id| key_of(&id));
    let all = form.get("all").is_some();
    let deleted = match key {
        None if !all => return plain(StatusCode::BAD_REQUEST, "no such group"),
        None if !app.admin_api => {
            return plain(
                StatusCode::BAD_REQUEST,
                "everything can be deleted only with --web.enable-admin-api",
            );
        }
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
    let frame = Frame::new(app, "groups", 1);
    let view = app.gateway.view();
    let group = key.map(|key| view.group(key));
    if let Some(None) = group {
        return no_such_group(frame);
    }
    html(ConfirmPage {
        group: group.flatten().map(|group| ShownRow::new(group, frame.now)),
        back: key.map_or_else(
            || "/".to_owned(),
            |key| format!("/ui/group?id={}", id_of(key)),
        ),
        held: view.group_count(),
        frame,
    })
}

/// Whether a form was sent from a page of this very site: browsers say where a form came from, and a
/// page of somebody else must not delete anything through a signed-in user's browser.
fn is_same_origin(headers: &HeaderMap) -> bool {
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
