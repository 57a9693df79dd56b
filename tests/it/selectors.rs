//! The selectors of `GET /api/v1/metrics` are Prometheus' own: what it refuses, and what it takes of the same series.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::Request;
use promontory_tests::prometheus::{Prometheus, Protocol, Target, percent_encoded};
use serde_json::Value;

/// But for the bare keywords that Prometheus takes for no name: those are names here.
const SELECTORS: &[&str] = &[
    "",
    "x",
    " x ",
    "x{}",
    "x{,}",
    "x{l=\"1\",}",
    "x{l=\"1\",,}",
    "x { l = '1' , job != `b` }",
    "x{l=\"1\" job=\"a\"}",
    "x{l=\"1\"}}",
    "x{l=1}",
    "x{l=='1'}",
    "x{l<\"1\"}",
    "x{l}",
    "x{l=\"\"}",
    "x{l!=\"\"}",
    "x{l=\"1\",l=~\"1|2\"}",
    "x{instance=\"\"}",
    "x{instance!=\"\"}",
    "x{missing=\"\",job=~\"a|b\"}",
    "x y",
    "1x",
    "x-y",
    "a:b",
    "{a:b=\"1\"}",
    "{}",
    "{l=\"\"}",
    "{l!=\"1\"}",
    "{l=~\".*\"}",
    "{l=~\".*\",job=\"a\"}",
    "{l=~\".+\"}",
    "{l!~\".*\"}",
    "{l=~\"1\"}",
    "{l=~\"\"}",
    "{l=~\"2.*\"}",
    "{l=~\"2.3\"}",
    "{l=~\"(?i)É\"}",
    "{l=~\"(\"}",
    "{l=~\"1)|(2\"}",
    "{l=~\"1|2\",__name__=\"x\"}",
    "{__name__=~\"x|y\"}",
    "{__name__=~\"x|y\",__name__!=\"y\"}",
    "{__name__=\"x\",__name__=\"y\"}",
    "x{__name__=\"x\"}",
    "x{__name__!=\"y\"}",
    "x{\"x\"}",
    "{\"x\"}",
    "{\"x\",l=\"1\"}",
    "{l=\"1\",'x'}",
    "{\"x\",\"y\"}",
    "{\"x\",__name__=~\"x\"}",
    "{\"l\"=\"1\"}",
    "{'job'=~\"a\",\"l\"!=\"1\"}",
    "{l=\"\\u00e9\"}",
    "{l=\"\\xc3\\xa9\"}",
    "{l=\"\\303\\251\"}",
    "{l=\"\\U000000e9\"}",
    "{l=`\\u00e9`}",
    "{l=\"2\\n3\"}",
    "{l=\"2\n3\"}",
    "{l=`2\n3`}",
    "{l=\"\\'\"}",
    "{l='\\''}",
    "{l='\\\"'}",
    "{l=\"\\\"\"}",
    "{l=\"\\q\"}",
    "{l=\"\\x1\"}",
    "{l=\"\\400\"}",
    "{l=\"\\18\"}",
    "{l=\"\\u12\"}",
    "{l=\"",
    "{l=\"1\"",
    "{l=\"1\\",
    "{",
    "}",
    "sum",
    "by{l=\"1\"}",
    "{by=\"1\"}",
    "{sum!=\"1\",job=\"a\"}",
];

#[test]
fn prometheus_reads_them_alike() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(Which::Ours, &[], folder.path()).unwrap();
    for (job, body) in [
        (
            "a",
            "x{l=\"1\"} 1\nx{l=\"2\"} 1\nx{l=\"2\\n3\"} 1\ny{l=\"1\"} 1\nz 1\na:b 1\n",
        ),
        (
            "b",
            "x{l=\"1\"} 1\nx{l=\"é\"} 1\nx{l=\"'\"} 1\nx{l=\"\\\"\"} 1\non 1\nby{l=\"1\"} 1\n",
        ),
    ] {
        let path = format!("/metrics/job/{job}");
        assert_eq!(gateway.push("PUT", &path, body).unwrap(), 200);
    }
    let target = Target {
        job: "gateway".to_owned(),
        address: gateway.address,
        protocol: Protocol::Text,
    };
    let prometheus = Prometheus::start(folder.path(), &[target]).unwrap();
    prometheus.expect_new_scrape("gateway").unwrap();
    let differing: Vec<String> = SELECTORS
        .iter()
        .filter_map(|selector| {
            let theirs = ask(prometheus.address, "series", selector, their_series);
            let ours = ask(gateway.address, "metrics", selector, our_series);
            (theirs != ours).then(|| format!("{selector:?}:\nreal {theirs:?}\nours {ours:?}\n"))
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

type Series = BTreeSet<String>;

/// The series of jobs `a` and `b`, without push times; `None` where the selector is refused.
fn ask(
    address: SocketAddr,
    path: &str,
    selector: &str,
    read: fn(&Value) -> Series,
) -> Option<Series> {
    let path = format!("/api/v1/{path}?match[]={}", percent_encoded(selector));
    let response = Request::new("GET", path).send(address).unwrap();
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    assert!(
        matches!(response.status, 200 | 400),
        "{selector:?}: {answer}"
    );
    (response.status == 200).then(|| read(&answer["data"]))
}

fn their_series(data: &Value) -> Series {
    let series = data.as_array().unwrap().iter();
    series
        .filter_map(|labels| spelled(&labels["__name__"], labels))
        .collect()
}

fn our_series(data: &Value) -> Series {
    let mut series = Series::new();
    for group in data.as_array().unwrap() {
        for (name, family) in group.as_object().unwrap() {
            let metrics = family["metrics"].as_array().into_iter().flatten();
            series
                .extend(metrics.filter_map(|metric| spelled(&name[..].into(), &metric["labels"])));
        }
    }
    series
}

fn spelled(name: &Value, labels: &Value) -> Option<String> {
    let pushed = labels["job"].as_str().is_some_and(|job| job.len() == 1);
    let held = pushed && !name.as_str().unwrap().starts_with("push_");
    held.then(|| format!("{name} {} {}", labels["job"], labels["l"]))
}
