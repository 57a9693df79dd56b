//! Short answers in the words of Go's `net/http`, which the replaced programs give: errors, refusals, 404.
//!
//! Only answers that are the same whoever gives them. Pages are answered by [`scrape`](crate::scrape).

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

/// A plain-text answer as Go's `http.Error` writes it: the text and a line feed, nothing to sniff.
pub fn plain(status: StatusCode, text: &str) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, format!("{text}\n")).into_response()
}

/// The answer of Go's `http.NotFound`.
pub fn not_found() -> Response {
    plain(StatusCode::NOT_FOUND, "404 page not found")
}

/// A refusal that says nothing but its status.
pub(crate) fn refusal(status: StatusCode) -> Response {
    plain(status, status.canonical_reason().unwrap_or("Error"))
}
