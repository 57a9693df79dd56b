//! The files behind `/static/`: a style and an icon, held in the program.

use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use promontory_exporter::answer::not_found;

use super::answer::with_header;

/// Name, content type and bytes of each file.
const FILES: &[(&str, &str, &str)] = &[
    (
        "favicon.svg",
        "image/svg+xml",
        include_str!("../../assets/favicon.svg"),
    ),
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/style.css"),
    ),
];

/// The file of that name, the list of files for the empty name, else 404.
pub(super) fn serve(name: &[u8]) -> Response {
    if name.is_empty() {
        let links: String = FILES
            .iter()
            .map(|(name, ..)| format!("<a href=\"{name}\">{name}</a>\n"))
            .collect();
        let list = format!(
            "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n{links}</pre>\n"
        );
        return with_header(
            Response::new(Body::from(list)),
            CONTENT_TYPE,
            "text/html; charset=utf-8",
        );
    }
    match FILES.iter().find(|(known, ..)| known.as_bytes() == name) {
        Some((_, content_type, content)) => with_header(
            Response::new(Body::from(*content)),
            CONTENT_TYPE,
            content_type,
        ),
        None => not_found(),
    }
}
