//! The routing table against answers recorded from the real Pushgateway 1.11.3 (built with Go 1.26).
//!
//! `routes.tsv` has one case a line: mounts, method, path, and what the real program did: `served` where
//! a handler answered, else the status with its `Allow` or `Location`.

use http::Method;
use pushgateway::http::endpoint::Route;
use pushgateway::http::route::{Mounts, Routes};

/// Where we differ, and why.
const DIFFERENT: &[&str] = &[
    // httprouter redirects to an empty path here, which leads to the directory of the request: a slip
    // of its tree that nobody can depend on. We answer 404, as it does itself for the other methods.
    "admin\tPUT\t/api/v1/%2F\t307 /",
    // With the admin API, ours can delete many groups there.
    "admin\tHEAD\t/api/v1/metrics\t405 GET, OPTIONS",
    "admin\tPOST\t/api/v1/metrics\t405 GET, OPTIONS",
    "admin\tPUT\t/api/v1/metrics\t405 GET, OPTIONS",
    "admin\tDELETE\t/api/v1/metrics\t405 GET, OPTIONS",
    "admin\tDELETE\t/api/v1/metrics/\t404",
    "admin\tDELETE\t/api/v1/METRICS\t404",
];

fn mounts(name: &str) -> Mounts {
    Mounts {
        prefix: if name == "prefix" {
            "/pre/fix".to_owned()
        } else {
            String::new()
        },
        telemetry_path: if name == "telemetry" {
            "/tele/metrics"
        } else {
            "/metrics"
        }
        .to_owned(),
        admin_api: matches!(name, "admin" | "prefix"),
    }
}

fn answer(routes: &Routes, method: &str, target: &str) -> String {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    match routes.route(&method, path, query) {
        Route::Endpoint(..) => "served".to_owned(),
        Route::Redirect { status, location } => format!("{status} {location}"),
        Route::Options { allow } => format!("200 {allow}"),
        Route::NotAllowed { allow } => format!("405 {allow}"),
        Route::NotFound => "404".to_owned(),
        Route::BadRequest => "400".to_owned(),
    }
}

#[test]
fn every_path_leads_where_it_led() {
    let mut differing = Vec::new();
    let mut cases = 0;
    for line in include_str!("routes.tsv").lines() {
        let [name, method, target, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("four columns: {line:?}");
        };
        let routes = Routes::new(&mounts(name)).expect("free telemetry path");
        let got = answer(&routes, method, target);
        if got != expected && !DIFFERENT.contains(&line) {
            differing.push(format!("{line}, but got {got}"));
        }
        cases += 1;
    }
    assert!(cases > 1500, "only {cases} cases");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn a_taken_telemetry_path_is_refused() {
    for path in ["/", "/status", "-/ready", "/static/x", ""] {
        let mounts = Mounts {
            telemetry_path: path.to_owned(),
            ..mounts("plain")
        };
        assert!(Routes::new(&mounts).is_err(), "{path:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_path_panics_or_leads_back_to_itself(
        method in "GET|PUT|POST|DELETE|OPTIONS|HEAD|X",
        path in "/((metrics|job|JOB|job@base64|api|v1|status|static|-|quit|pre|fix|%2[fF]|%|\\.|\\.\\.|é|a b|[ -~])?/?){0,7}",
    ) {
        for name in ["plain", "admin", "prefix", "telemetry"] {
            let routes = Routes::new(&mounts(name)).expect("free telemetry path");
            let answer = answer(&routes, &method, &path);
            let same = [format!("301 {path}"), format!("307 {path}")].contains(&answer);
            proptest::prop_assert!(!same, "{} leads to itself", path);
        }
    }
}
