//! Requests that hyper lets through and Go's server refuses before any handler, or any password, is looked at.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONNECTION, CONTENT_TYPE, EXPECT, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Version};

/// The refusal of a malformed request, in Go's words.
pub(super) fn malformed<B>(request: &Request<B>) -> Option<Response> {
    let headers = request.headers();
    // Before anything else, as Go does it: how long the body is must not be a matter of opinion.
    if !is_transfer_encoding_known(headers) {
        let words = "Unsupported transfer encoding";
        return Some(told(StatusCode::NOT_IMPLEMENTED, words));
    }
    let hosts = headers.get_all(HOST).iter().count();
    if hosts == 0 && request.version() == Version::HTTP_11 {
        return Some(bad("400 Bad Request: missing required Host header"));
    }
    if hosts > 1 || !is_percent_encoded(request.uri().path()) {
        return Some(bad("400 Bad Request"));
    }
    let host = headers.get(HOST).map_or(&[][..], HeaderValue::as_bytes);
    if request.version() <= Version::HTTP_11 && !host.iter().all(is_of_host) {
        return Some(bad("400 Bad Request: malformed Host header"));
    }
    // RFC 9110, 10.1.1: "100-continue" is the only expectation there is; hyper meets that one.
    let expects = headers.get(EXPECT).map(HeaderValue::as_bytes);
    if expects.is_some_and(|expects| !expects.eq_ignore_ascii_case(b"100-continue")) {
        return Some(closing(StatusCode::EXPECTATION_FAILED, Body::empty()));
    }
    None
}

fn bad(words: &'static str) -> Response {
    told(StatusCode::BAD_REQUEST, words)
}

fn told(status: StatusCode, words: &'static str) -> Response {
    let mut response = closing(status, Body::from(words));
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

fn closing(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// Whether the body is chunked once and nothing else, or has no transfer encoding. hyper lets through whatever ends in
/// `chunked`.
fn is_transfer_encoding_known(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(TRANSFER_ENCODING).iter();
    let chunked = |encoding: &HeaderValue| encoding.as_bytes().eq_ignore_ascii_case(b"chunked");
    encodings.next().is_none_or(chunked) && encodings.next().is_none()
}

/// Whether a byte may stand in a host: RFC 3986, 3.2.2, and the brackets and colons around it.
fn is_of_host(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=[]_~".contains(byte)
}

/// Whether every `%` is followed by two hexadecimal digits.
fn is_percent_encoded(path: &str) -> bool {
    let mut pieces = path.split('%');
    pieces.next();
    pieces.all(|piece| {
        let digits = piece.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}
