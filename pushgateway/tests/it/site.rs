//! The HTTP side over a core in memory, without a socket: one call a request.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use promontory_exporter::build;
use promontory_exporter::shutdown::Shutdown;
use promontory_exposition::name::NameRules;
use pushgateway::commit::{self, Committer, Consistency, Options};
use pushgateway::http::instrument::{Metrics, own_families};
use pushgateway::http::push::Readers;
use pushgateway::http::route::{Mounts, Routes};
use pushgateway::http::search::Searches;
use pushgateway::http::{App, serve};
use pushgateway::limits::{PushLimits, StoreLimits};

/// A running core with its handlers.
pub(crate) struct Site {
    app: Arc<App>,
    committer: Committer,
    pub(crate) shutdown: Shutdown,
}

/// What a test may want otherwise.
pub(crate) struct Wishes {
    pub(crate) consistency: Consistency,
    pub(crate) names: NameRules,
    pub(crate) admin_api: bool,
    pub(crate) lifecycle: bool,
    pub(crate) push_ttl: Duration,
    pub(crate) decoded_bytes_max: usize,
    pub(crate) limits: PushLimits,
    pub(crate) store_limits: StoreLimits,
    pub(crate) persistence_file: Option<PathBuf>,
    pub(crate) searches: usize,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            consistency: Consistency::Checked,
            names: NameRules::Classic,
            admin_api: true,
            lifecycle: true,
            push_ttl: Duration::ZERO,
            decoded_bytes_max: 1 << 20,
            limits: PushLimits::default(),
            store_limits: StoreLimits::default(),
            persistence_file: None,
            searches: 2,
        }
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }
}

impl Site {
    pub(crate) fn new(wishes: Wishes) -> Self {
        let options = Options {
            consistency: wishes.consistency,
            own: own_families(),
            persistence_file: wishes.persistence_file,
            limits: wishes.store_limits,
            ..Options::default()
        };
        let (gateway, committer) = commit::open(&options).expect("a store");
        let mounts = Mounts {
            prefix: String::new(),
            telemetry_path: "/metrics".to_owned(),
            admin_api: wishes.admin_api,
        };
        let shutdown = Shutdown::new();
        let app = App {
            gateway,
            routes: Routes::new(&mounts).expect("free paths"),
            names: wishes.names,
            lifecycle: wishes.lifecycle,
            admin_api: wishes.admin_api,
            push_ttl: wishes.push_ttl,
            limits: PushLimits {
                decoded_bytes_max: wishes.decoded_bytes_max,
                ..wishes.limits
            },
            scrapes: pushgateway::http::scrape::options(),
            readers: Readers::default(),
            searches: Searches::at_once(wishes.searches),
            external_prefix: String::new(),
            flags: vec![("web.x".to_owned(), "<&>".to_owned())],
            changed: vec!["web.x".to_owned()],
            build: build!(),
            promise: "In memory.".to_owned(),
            started: SystemTime::UNIX_EPOCH,
            shutdown: shutdown.clone(),
            metrics: Metrics::default(),
        };
        Self {
            app: Arc::new(app),
            committer,
            shutdown,
        }
    }

    /// Ends the core, so that another can open its file.
    pub(crate) fn close(self) {
        self.committer.shutdown().expect("a clean end");
    }

    /// Sends `METHOD TARGET` with headers and a body.
    pub(crate) async fn send(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let (method, target) = line.split_once(' ').expect("METHOD TARGET");
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "here");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a request");
        let (parts, body) = serve(self.app.clone(), request).await.into_parts();
        let body = body
            .collect()
            .await
            .expect("a whole body")
            .to_bytes()
            .to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// Sends a request without headers; the answer as `STATUS` or `STATUS TEXT`.
    pub(crate) async fn check(&self, line: &str, body: &'static str, expected: &str) {
        let answer = self.send(line, &[], body).await;
        let got = format!("{} {}", answer.status.as_u16(), answer.text());
        assert_eq!(got.trim_end(), expected, "{line} {body:?}");
    }

    /// The pushed part of the exposition: without the program's own families and the push times.
    pub(crate) async fn pushed(&self) -> String {
        let page = self.send("GET /metrics", &[], "").await.text();
        pushed_part(&page)
    }
}

/// A page without the program's own families, the push times and the end mark.
pub(crate) fn pushed_part(page: &str) -> String {
    let is_pushed = |line: &&str| {
        let name = line.trim_start_matches("# ");
        let words = ["HELP ", "TYPE ", "UNIT "];
        let name = words
            .iter()
            .find_map(|word| name.strip_prefix(word))
            .unwrap_or(name);
        let own = ["process_", "pushgateway_", "push_", "EOF"];
        !own.iter().any(|prefix| name.starts_with(prefix))
    };
    let lines = page.lines().filter(is_pushed);
    lines.map(|line| format!("{line}\n")).collect()
}
