//! Answers as Go's `net/http` words them, and the headers of the API.

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{Method, StatusCode};

/// A text without a line break, as handlers write it that call no `http.Error`.
pub(super) fn text(status: StatusCode, text: &'static str) -> Response {
    let mut response = with_header(
        Response::new(Body::from(text)),
        CONTENT_TYPE,
        "text/plain; charset=utf-8",
    );
    *response.status_mut() = status;
    response
}

/// The most of an error that is sent and logged, in bytes: it quotes what the client sent, and that may be megabytes.
const ERROR_BYTES_MAX: usize = 2048;

/// An error as text, cut off where it gets long.
pub(super) fn brief(error: &impl std::fmt::Display) -> String {
    let mut text = error.to_string();
    if text.len() > ERROR_BYTES_MAX {
        let whole = |end: &usize| text.is_char_boundary(*end);
        let end = (0..=ERROR_BYTES_MAX).rev().find(whole).unwrap_or(0);
        let left_out = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("... ({left_out} bytes more)"));
    }
    text
}

pub(super) fn with_header(
    mut response: Response,
    name: HeaderName,
    value: &'static str,
) -> Response {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    response
}

pub(super) fn with_allow(mut response: Response, allow: &str) -> Response {
    if !allow.is_empty()
        && let Ok(value) = HeaderValue::from_str(allow)
    {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// Go's `http.Redirect`: a line of HTML for `GET`, nothing for the rest.
pub(super) fn redirect(method: &Method, status: u16, location: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::TEMPORARY_REDIRECT);
    let mut response = Response::new(Body::empty());
    if *method == Method::GET {
        let link = askama::filters::escape(location, askama::filters::Html)
            .map_or_else(|_| String::new(), |link| link.to_string());
        let reason = status.canonical_reason().unwrap_or_default();
        *response.body_mut() = Body::from(format!("<a href=\"{link}\">{reason}</a>.\n\n"));
    }
    if matches!(*method, Method::GET | Method::HEAD) {
        response = with_header(response, CONTENT_TYPE, "text/html; charset=utf-8");
    }
    *response.status_mut() = status;
    // Bytes outside ASCII and controls were escaped on the way here; a header value that is none is left out.
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

/// Lets scripts of other sites read the API, as upstream does.
pub(super) fn with_cors(mut response: Response) -> Response {
    for (name, value) in [
        (
            "access-control-allow-headers",
            "Accept, Authorization, Content-Type, Origin",
        ),
        ("access-control-allow-methods", "GET, POST, DELETE, OPTIONS"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "Date"),
        ("cache-control", "no-cache, no-store, must-revalidate"),
    ] {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}
