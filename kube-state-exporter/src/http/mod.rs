//! The two sites: what the cluster's objects show, and what the program shows about itself.
//!
//! | site | path | answer |
//! | --- | --- | --- |
//! | main | `/metrics` | the samples of all objects, whole, or 503 (`scrape.rs`) |
//! | main | `/livez`, `/healthz` | 200 as long as the process serves; never asks the API server |
//! | telemetry | `/metrics` | about the program itself (`telemetry.rs`, `requests.rs`) |
//! | both | `/readyz` | 200 once every resource is whole |
//! | both | `/` | a page with links |

mod requests;
mod scrape;
mod telemetry;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderMap, Method, StatusCode, Uri};
use promontory_exporter::answer::plain;
use promontory_exporter::collector::Registry;
use promontory_exporter::landing::{self, Landing};
use promontory_exporter::process::{Build, BuildInfo, Process};
use promontory_exporter::scrape::{Options, service};

use crate::flags::PROGRAM;
use crate::watch::Watched;

pub use telemetry::Share;

use requests::Requests;
use telemetry::Telemetry;

/// What both sites look at.
pub struct App {
    watched: Vec<Watched>,
    share: Share,
    build: Build,
    requests: Requests,
    scrapes: Options,
}

impl App {
    /// Sites for these resources, in the order of the page; `share` is which part of the cluster they are.
    pub fn new(watched: Vec<Watched>, share: Share, build: Build) -> Arc<Self> {
        Arc::new(Self {
            watched,
            share,
            build,
            requests: Requests::default(),
            scrapes: Options::default(),
        })
    }

    /// The site of `--host` and `--port`.
    pub fn main(self: &Arc<Self>) -> Router {
        let links = [
            ("/metrics", "Metrics"),
            ("/healthz", "Healthz"),
            ("/livez", "Livez"),
            ("/readyz", "Readyz"),
        ];
        let app = Arc::clone(self);
        let metrics = move |method: Method, uri: Uri, headers: HeaderMap| {
            let app = Arc::clone(&app);
            async move { scrape::metrics(&app, &method, &uri, &headers).await }
        };
        // Alive is who answers: were it to ask the API server, an outage there would restart us here.
        let alive = || async { "OK" };
        self.site("Metrics for Kubernetes' state", &links)
            .route("/metrics", any(metrics))
            .route("/livez", any(alive))
            .route("/healthz", any(alive))
    }

    /// The site of `--telemetry-host` and `--telemetry-port`.
    pub fn telemetry(self: &Arc<Self>) -> Router {
        let mut registry = Registry::new();
        registry
            .always(Process)
            .always(BuildInfo {
                program: "kube_state_metrics",
                build: self.build,
            })
            .always(Telemetry(Arc::clone(self)));
        let links = [("/metrics", "Metrics"), ("/readyz", "Readyz")];
        self.site("Self-metrics for kube-state-metrics", &links)
            .route("/metrics", service(Arc::new(registry), Options::default()))
    }

    /// What both sites have.
    fn site(self: &Arc<Self>, description: &str, links: &[(&str, &str)]) -> Router {
        let page = Landing {
            name: PROGRAM.to_owned(),
            description: description.to_owned(),
            version: self.build.info(),
            links: links
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
        };
        let app = Arc::clone(self);
        let ready = move || {
            let app = Arc::clone(&app);
            async move { app.ready() }
        };
        landing::router(&page).route("/readyz", any(ready))
    }

    fn ready(&self) -> Response {
        let missing = self.watched.iter().filter(|one| !one.lines.is_whole());
        let missing: Vec<&str> = missing.map(|one| one.row.name).collect();
        match missing.as_slice() {
            [] => "OK".into_response(),
            missing => not_whole(missing),
        }
    }
}

/// The answer as long as resources are not whole.
fn not_whole(missing: &[&str]) -> Response {
    let names = missing.join(", ");
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        &format!("Not listed completely yet: {names}."),
    )
}
