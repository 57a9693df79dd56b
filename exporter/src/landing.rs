//! The page at `/`, the health pages, and the rules for paths and prefixes.

use std::fmt::Write;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use percent_encoding::percent_decode_str;

use crate::answer::not_found;

/// Paths a program serves besides what it was made for.
pub const RESERVED: &[&str] = &["/", "/-/healthy", "/-/ready"];

/// What the landing page shows.
#[derive(Clone, Debug, Default)]
pub struct Landing {
    /// The title: `Node Exporter`.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// The build, as [`Build::info`](crate::process::Build::info) gives it.
    pub version: String,
    /// Path and text of each link. Paths become relative, so that the page works behind a prefix.
    pub links: Vec<(String, String)>,
}

impl Landing {
    /// The page, complete in itself: no script, nothing from elsewhere.
    pub fn html(&self) -> String {
        let (name, description, version) = (
            escape(&self.name),
            escape(&self.description),
            escape(&self.version),
        );
        let mut links = String::new();
        for (path, text) in &self.links {
            let path = path.strip_prefix('/').unwrap_or(path);
            // Writing to a string cannot fail.
            let _ = writeln!(
                links,
                "<li><a href=\"{}\">{}</a></li>",
                escape(path),
                escape(text)
            );
        }
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"UTF-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <header><h1>{name}</h1></header>\n<main>\n<h2>{description}</h2>\n\
             <p>Version: {version}</p>\n<ul>\n{links}</ul>\n</main>\n</body>\n</html>\n"
        )
    }
}

const STYLE: &str = ":root{color-scheme:light dark}body{font-family:system-ui,sans-serif;margin:0}\
    header{background:#e6522c;color:#fff;padding:1px 1rem}main{padding:0 1rem;max-width:60rem}\
    h2{font-weight:400}";

/// A router with the landing page at `/`; any other path is Go's 404.
pub fn router(landing: &Landing) -> Router {
    let page = landing.html();
    Router::new()
        .route("/", get(move || async move { Html(page) }))
        .fallback(|| async { not_found() })
}

/// A router with `/-/healthy` and `/-/ready`, both always `OK`: for programs that are ready as soon as
/// they listen.
pub fn health() -> Router {
    let ok = || async { "OK" };
    Router::new()
        .route("/-/healthy", get(ok))
        .route("/-/ready", get(ok))
}

/// The prefix of all routes, from `--web.route-prefix` and `--web.external-url`: an empty prefix means
/// the path of the URL, `/` means none; the answer is empty or begins with a slash, and one slash at
/// its end is taken off.
pub fn route_prefix(prefix: &str, external_url: &str) -> String {
    let prefix = if prefix.is_empty() {
        url_path(external_url)
    } else {
        prefix.to_owned()
    };
    if prefix == "/" {
        return String::new();
    }
    let slash = if prefix.starts_with('/') { "" } else { "/" };
    let prefix = format!("{slash}{prefix}");
    prefix
        .strip_suffix('/')
        .map(str::to_owned)
        .unwrap_or(prefix)
}

/// The decoded path of a URL, as Go's `url.Parse` gives it.
fn url_path(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let scheme = url.split('/').next().and_then(|first| first.find(':'));
    let rest = scheme.map_or(url, |colon| &url[colon + 1..]);
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or("", |slash| &rest[slash..]),
        // `mailto:me` is opaque: it has no path.
        None if scheme.is_some() && !rest.starts_with('/') => "",
        None => rest,
    };
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// Text that is only text in HTML, also between double quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_as_the_pushgateway_makes_them() {
        for (prefix, url, expected) in [
            ("", "", ""),
            ("/", "", ""),
            ("", "http://host", ""),
            ("", "http://host/", ""),
            ("", "http://host/a", "/a"),
            ("", "http://host/a/", "/a"),
            ("", "http://host/a%20b?q=/c#/d", "/a b"),
            ("", "host/a", "/host/a"),
            ("", "/a", "/a"),
            ("", "mailto:me", ""),
            ("pre", "http://host/a", "/pre"),
            ("pre/", "", "/pre"),
            ("/pre/", "", "/pre"),
            ("/", "http://host/a", ""),
            ("//", "", "/"),
        ] {
            assert_eq!(route_prefix(prefix, url), expected, "{prefix:?} {url:?}");
        }
    }

    #[test]
    fn the_page_escapes_what_it_shows() {
        let landing = Landing {
            name: "<b>".to_owned(),
            description: "a & b".to_owned(),
            version: "(version=1)".to_owned(),
            links: vec![("/metrics\"".to_owned(), "Metrics".to_owned())],
        };
        insta::assert_snapshot!(landing.html());
    }
}
