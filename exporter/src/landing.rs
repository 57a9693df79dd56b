//! The page at `/`, the health pages, and the rules for paths and prefixes.

use axum::Router;

/// What the landing page shows.
#[derive(Clone, Debug, Default)]
pub struct Landing {
    /// The title: `Node Exporter`.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// The build, as [`Build::info`](crate::process::Build::info) gives it.
    pub version: String,
    /// Path and text of each link.
    pub links: Vec<(String, String)>,
}

/// A router with the landing page at `/`.
pub fn router(landing: &Landing) -> Router {
    let _ = landing;
    Router::new()
}

/// A router with `/-/healthy` and `/-/ready`, both always `OK`.
pub fn health() -> Router {
    Router::new()
}

/// The prefix of all routes, from `--web.route-prefix` and `--web.external-url`: an empty prefix means
/// the path of the URL, `/` means none; the answer is empty or begins, and never ends, with a slash.
pub fn route_prefix(prefix: &str, external_url: &str) -> String {
    let _ = external_url;
    prefix.to_owned()
}
