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

use super::App;
use super::pages::{Frame, field, html};
use super::shown::{ShownLabel, id_of, key_of, show_key};
use crate::group::GroupingKey;

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
pub(super) async fn confirm(app: &Arc<App>, parts: &Parts, body: &Bytes) -> Response {
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
            id: id_of(key),
            labels: show_key(key),
        }),
        total: app.gateway.view().group_count(),
    })
}

/// Whether a form was sent from a page of this very site: browsers say where a form came from, and a
/// page of somebody else must not delete anything through a signed-in user's browser.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
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
