//! A real client pushes, a real Prometheus scrapes, and its answers are what was pushed, also after a `kill -9`.

use std::path::Path;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::Request;
use promontory_tests::prometheus::{Prometheus, Protocol, Target};
use promontory_tests::{python, wire};

mod others;

/// What the official Python client sends: every method, every kind, grouping keys that need base64.
const CLIENT: &str = r#"
import sys
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client import delete_from_gateway, push_to_gateway, pushadd_to_gateway

gateway = sys.argv[1]

registry = CollectorRegistry()
Gauge("last_success_unixtime", "When it last worked.", registry=registry).set(1234.5)
Counter("records", "Records.", ["kind"], registry=registry).labels("new\n\"é\"").inc(7)
Summary("sizes", "Sizes.", registry=registry).observe(3)
histogram = Histogram("seconds", "Seconds.", buckets=[1, 5], registry=registry)
histogram.observe(0.5)
histogram.observe(3)
push_to_gateway(gateway, job="batch", registry=registry)
push_to_gateway(gateway, job="path/job", grouping_key={"path": "/var/tmp", "empty": "", "plain": "x"}, registry=registry)

more = CollectorRegistry()
Gauge("more", "Added.", registry=more).set(1)
pushadd_to_gateway(gateway, job="batch", registry=more)

push_to_gateway(gateway, job="gone", grouping_key={"path": "a/b"}, registry=registry)
delete_from_gateway(gateway, job="gone", grouping_key={"path": "a/b"})
print("done")
"#;

/// PromQL and what it answers once the client has run.
const ANSWERS: [(&str, f64); 18] = [
    ("last_success_unixtime{job=\"batch\"}", 1234.5),
    ("records_total{job=\"batch\",kind=\"new\\n\\\"é\\\"\"}", 7.0),
    ("sizes_sum{job=\"batch\"}", 3.0),
    ("seconds_bucket{job=\"batch\",le=~\"5|5.0\"}", 2.0),
    ("seconds_count{job=\"batch\"}", 2.0),
    ("more{job=\"batch\"}", 1.0),
    (
        "last_success_unixtime{job=\"path/job\",path=\"/var/tmp\",plain=\"x\"}",
        1234.5,
    ),
    ("count({job=\"gone\"}) or vector(0)", 0.0),
    ("count(push_time_seconds > 1e9)", 2.0),
    ("sum(push_failure_time_seconds)", 0.0),
    ("min(up)", 1.0),
    ("untyped", -2.5),
    ("count(odd{n=\"1\"} != odd{n=\"1\"})", 1.0),
    ("odd{n=\"2\"}", f64::NEG_INFINITY),
    (
        "gauged_bucket{le=~\"3|3.0\"} or gauged_bucket{le=~\"2|2.0\"}",
        3.0,
    ),
    ("gauged_count", 3.0),
    ("gauged_sum", -4.5),
    ("count(pushgateway_build_info)", 1.0),
];

fn start(folder: &Path, protocol: Protocol) -> (Gateway, Prometheus) {
    let gateway = Gateway::start(Which::Ours, &flags(folder), folder).unwrap();
    let target = Target {
        job: "pushgateway".to_owned(),
        address: gateway.address,
        protocol,
    };
    (gateway, Prometheus::start(folder, &[target]).unwrap())
}

fn flags(folder: &Path) -> Vec<String> {
    vec![format!(
        "--persistence.file={}",
        folder.join("held.db").display()
    )]
}

/// Pushes, compares Prometheus' answers, kills, restarts, and compares again.
fn check(protocol: Protocol, extra: &[(&str, f64)]) {
    let folder = tempfile::tempdir().unwrap();
    let (mut gateway, prometheus) = start(folder.path(), protocol);
    assert_eq!(
        python::script(CLIENT, &[&gateway.address.to_string()]).unwrap(),
        "done\n"
    );
    push_other_kinds(&gateway);
    let compare = || {
        prometheus.expect_new_scrape("pushgateway").unwrap();
        for (promql, value) in ANSWERS.iter().chain(extra) {
            prometheus.expect(promql, *value).unwrap();
        }
    };
    compare();
    gateway.process.kill9().unwrap();
    prometheus.expect("up", 0.0).unwrap();
    let port = gateway.address.port();
    drop(gateway);
    let _gateway =
        Gateway::start_on(Which::Ours, port, &flags(folder.path()), folder.path()).unwrap();
    compare();
}

/// What no client above sends: an untyped value, values that are no numbers, a classic gauge histogram, native histograms
/// of whole and of float counts, and one that is classic as well.
const KINDS: [&str; 6] = [
    "1:\"untyped\" 3:3 4:{5:{1:-2.5}}",
    "1:\"odd\" 3:1 4:{1:{1:\"n\" 2:\"1\"} 2:{1:nan}} 4:{1:{1:\"n\" 2:\"2\"} 2:{1:-inf}}",
    "1:\"gauged\" 3:5 4:{7:{1:3 2:-4.5 3:{1:1 2:1.0} 3:{1:3 2:2.0}}}",
    "1:\"native\" 3:4 4:{7:{1:7 2:10.5 5:1 6:0.001 7:1 9:{1:1 2:1} 10:2 12:{1:0 2:2} 12:{1:2 2:1} 13:4 13:1 13:2}}",
    "1:\"floats\" 3:4 4:{7:{4:6.5 2:10.5 5:1 6:0.001 8:1.5 12:{1:0 2:2} 14:2.5 14:2.5}}",
    "1:\"both\" 3:4 4:{7:{1:3 2:4.5 3:{1:1 2:1.0} 5:0 6:0.001 7:1 12:{1:0 2:1} 13:4}}",
];

/// Into the group the client made, so that the groups stay countable.
fn push_other_kinds(gateway: &Gateway) {
    let body = KINDS
        .map(|family| wire::delimited(family).unwrap())
        .concat();
    let kind = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    let push = Request::new("POST", "/metrics/job/batch")
        .header("Content-Type", kind)
        .body(body);
    let answer = gateway.send(&push).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn prometheus_scrapes_text() {
    check(
        Protocol::Text,
        &[
            ("native_sum", 10.5),
            ("native_count", 7.0),
            ("floats_count", 6.5),
            ("both_bucket{le=~\"1|1.0\"}", 1.0),
            ("both_bucket{le=\"+Inf\"}", 3.0),
        ],
    );
}

#[test]
fn prometheus_scrapes_protobuf() {
    check(
        Protocol::Protobuf,
        &[
            ("histogram_sum(native)", 10.5),
            ("histogram_count(native)", 7.0),
            // Schema -1: each bound is four times the one before.
            ("round(7 * histogram_fraction(-0.25, -0.0625, native))", 1.0),
            ("round(7 * histogram_fraction(0.25, 1, native))", 2.0),
            ("round(7 * histogram_fraction(1, 4, native))", 1.0),
            ("round(7 * histogram_fraction(16, 64, native))", 2.0),
            ("histogram_count(floats)", 6.5),
            ("histogram_sum(floats)", 10.5),
            ("histogram_count(both)", 3.0),
        ],
    );
}
