//! Every path and method gets the same status, content type and destination from both programs.

use std::collections::BTreeSet;

use promontory_tests::http::Request;
use promontory_tests::node::{Exporter, Which, tree::Tree};

/// `--web.telemetry-path`, and what is asked with it.
const ASKED: &[(&str, &[&str])] = &[
    (
        "/metrics",
        &[
            "GET /",
            "HEAD /",
            "POST /",
            "GET /metrics",
            "HEAD /metrics",
            "POST /metrics",
            "PUT /metrics",
            "DELETE /metrics",
            "OPTIONS /metrics",
            "GET /metrics/",
            "GET //metrics",
            "GET /a/../metrics",
            "GET /METRICS",
            "GET /metrics?x=y",
            "GET /nonsense",
            "GET /index.html",
            "GET /favicon.ico",
            "GET /-/healthy",
            "GET /-/ready",
            "GET /debug/pprof/",
        ],
    ),
    (
        "/",
        &[
            "GET /",
            "GET /metrics",
            "GET /a/b/c",
            "POST /",
            "GET /-/healthy",
        ],
    ),
    (
        "/a/b",
        &["GET /", "GET /a/b", "GET /a/b/", "GET /a", "GET /metrics"],
    ),
    ("/a/", &["GET /a", "GET /a/", "GET /a/b"]),
];

/// What differs, and why.
const DIFFERS: &[(&str, &str, &str)] = &[
    ("/metrics", "GET /-/healthy", HEALTH),
    ("/metrics", "GET /-/ready", HEALTH),
    ("/", "GET /-/healthy", HEALTH),
    (
        "/metrics",
        "GET /debug/pprof/",
        "there is no Go runtime to look into",
    ),
    (
        "/metrics",
        "POST /",
        "the landing page is read, not written",
    ),
    ("/metrics", "GET //metrics", CLEAN),
    ("/metrics", "GET /a/../metrics", CLEAN),
    ("/a/", "GET /a", BELOW),
    ("/a/", "GET /a/b", BELOW),
];

const HEALTH: &str = "ours has health pages for probes";
const CLEAN: &str = "Go redirects to the clean path; ours knows no other names for a page";
const BELOW: &str =
    "to Go a path with a slash at its end is everything below it; to ours it is a page";

/// Status, content type and destination.
fn answer(exporter: &Exporter, asked: &str) -> String {
    let (method, path) = asked.split_once(' ').unwrap();
    let response = Request::new(method, path).send(exporter.address).unwrap();
    let header = |name| response.header(name).unwrap_or_default().to_lowercase();
    format!(
        "{} {} {}",
        response.status,
        header("content-type"),
        header("location")
    )
}

#[test]
fn paths_and_methods() {
    let tree = Tree::new().unwrap();
    let mut seen = BTreeSet::new();
    for (telemetry, asked) in ASKED {
        let mut flags = tree.flags();
        flags.push("--collector.disable-defaults".to_owned());
        flags.push(format!("--web.telemetry-path={telemetry}"));
        let start = |which| Exporter::start(which, &flags, tree.path()).unwrap();
        let (ours, real) = (start(Which::Ours), start(Which::Real));
        for asked in *asked {
            let (ours, real) = (answer(&ours, asked), answer(&real, asked));
            if ours == real {
                continue;
            }
            let row = DIFFERS
                .iter()
                .position(|(path, question, _)| path == telemetry && question == asked);
            assert!(
                row.is_some(),
                "{telemetry}: {asked}: ours {ours}, real {real}"
            );
            seen.extend(row);
        }
    }
    assert_eq!(seen.len(), DIFFERS.len(), "a row of DIFFERS is stale");
}

#[test]
fn the_landing_page_leads_to_the_metrics() {
    let tree = Tree::new().unwrap();
    for which in [Which::Ours, Which::Real] {
        let exporter = Exporter::start(which, &tree.flags(), tree.path());
        // Without CPUs the real program starts all the same, and dies of its first scrape.
        let page = exporter.unwrap().get("/", &[]).unwrap().text();
        assert!(page.contains("Prometheus Node Exporter"), "{page}");
        assert!(
            page.contains("href=\"/metrics\"") || page.contains("href=\"metrics\""),
            "{page}"
        );
    }
}
