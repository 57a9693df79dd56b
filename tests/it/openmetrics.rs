//! What is pushed as OpenMetrics comes back to strict readers and a real Prometheus, in every format.

use std::path::Path;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::Request;
use promontory_tests::prometheus::{Prometheus, Protocol, Target};
use promontory_tests::{python, wire};

/// Pushes as OpenMetrics what the official Python client makes of a registry with exemplars, and as text what it pushes
/// by default: the same kinds under other names, with created times as gauges.
const CLIENT: &str = r#"
import sys, time, urllib.request
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary, push_to_gateway
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

gateway = sys.argv[1]

def registry(prefix, exemplar):
    registry = CollectorRegistry()
    Gauge(prefix + "last", "When it last worked.", unit="seconds", registry=registry).set(1234.5)
    counter = Counter(prefix + "records", "Records.", ["kind"], registry=registry)
    counter.labels("new\n\"é\"").inc(7, exemplar)
    counter.labels("old").inc(2)
    histogram = Histogram(prefix + "took", "Time.", ["kind"], unit="seconds", buckets=[1, 5], registry=registry)
    histogram.labels("a").observe(0.5, exemplar)
    histogram.labels("a").observe(3)
    histogram.labels("b").observe(30)
    Summary(prefix + "sizes", "Sizes.", registry=registry).observe(3)
    Info(prefix + "build", "What it is.", registry=registry).info({"version": "1.2"})
    Enum(prefix + "phase", "What it does.", states=["idle", "busy"], registry=registry).state("busy")
    return registry

body = generate_latest(registry("om_", {"trace_id": "t1"}))
path = "http://" + gateway + "/metrics/job/om"
headers = {"Content-Type": CONTENT_TYPE_LATEST}
urllib.request.urlopen(urllib.request.Request(path, body, headers, method="PUT"))
push_to_gateway(gateway, job="text", registry=registry("text_", None))
print("done")
"#;

/// Reads a text and an OpenMetrics page; prints the types of the latter, and what one has and the other has not.
const READER: &str = r##"
import math, sys, urllib.request
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

def page(accept):
    request = urllib.request.Request("http://" + sys.argv[1] + "/metrics", headers={"Accept": accept})
    answer = urllib.request.urlopen(request)
    assert answer.headers["Content-Type"].startswith(accept), answer.headers["Content-Type"]
    return answer.read().decode()

def number(text):
    return str(float(text))

def samples(families):
    found = {}
    for family in families:
        for sample in family.samples:
            # Their values move with every scrape.
            if sample.name.startswith(("process_", "pushgateway_")):
                continue
            labels = dict(sample.labels)
            for name in ("le", "quantile"):
                if name in labels:
                    labels[name] = number(labels[name])
            found[sample.name, tuple(sorted(labels.items()))] = sample.value
    return found

families = list(openmetrics(page("application/openmetrics-text")))
for family in families:
    if family.name.startswith(("om_", "text_", "odd_", "a.b")):
        print(family.type, family.name, family.unit)
        for sample in family.samples:
            if sample.exemplar:
                print("exemplar", sample.name, sample.exemplar.labels, sample.exemplar.value)
# Without TYPE lines, the client leaves the names of counters as they are.
lines = [line for line in page("text/plain").splitlines(True) if not line.startswith("# TYPE")]
ours, classic = samples(families), samples(text("".join(lines)))
for key in sorted(set(ours) | set(classic)):
    if key not in classic:
        print("only in OpenMetrics:", key[0])
    elif key not in ours:
        print("only in text:", key[0])
    elif ours[key] != classic[key] and not (math.isnan(ours[key]) and math.isnan(classic[key])):
        print("differs:", key[0], classic[key], ours[key])
"##;

fn flags(folder: &Path) -> Vec<String> {
    vec![
        format!("--persistence.file={}", folder.join("held.db").display()),
        "--push.enable-utf8-names".to_owned(),
    ]
}

fn push(gateway: &Gateway, path: &str, content_type: &str, body: impl Into<Vec<u8>>) {
    let push = Request::new("PUT", path)
        .header("Content-Type", content_type)
        .body(body.into());
    let answer = gateway.send(&push).unwrap();
    assert_eq!((answer.status, answer.text()), (200, String::new()));
}

/// What the other formats take and OpenMetrics must not choke on.
fn push_odd_ones(gateway: &Gateway) {
    let text = "# TYPE odd_one counter\nodd_one 1\n# TYPE odd_one_total counter\nodd_one_total 2\n\
        # TYPE odd_nan_total counter\nodd_nan_total NaN\n\
        # TYPE odd_sum summary\nodd_sum{quantile=\"2\"} -1\nodd_sum_sum -1\nodd_sum_count 1\n\
        # TYPE odd_buckets histogram\nodd_buckets_bucket{le=\"2\"} 3\nodd_buckets_bucket{le=\"1\"} 5.5\n\
        # TYPE odd_gauge gaugehistogram\nodd_gauge_bucket{le=\"1\"} 1\nodd_gauge_sum 1\nodd_gauge_count 1\n\
        # HELP odd_info A \"quoted\" \\\\ help.\n# TYPE odd_info gauge\nodd_info 2\n\
        {\"a.b.total\",\"c.d\"=\"e\"} 1\n";
    push(gateway, "/metrics/job/odd", "text/plain", text);
    let native =
        "7:{1:7 2:10.5 5:1 6:0.001 7:1 9:{1:1 2:1} 10:2 12:{1:0 2:2} 12:{1:2 2:1} 13:4 13:1 13:2}";
    let long = "x".repeat(129);
    let exemplar = |label: &str| format!("2:{{1:{{1:\"trace_id\" 2:\"{label}\"}} 2:1.0}}");
    let families = [
        format!("1:\"odd_native\" 3:4 4:{{{native}}}"),
        "1:\"odd_float\" 3:4 4:{7:{4:2.5 2:1.0 3:{4:2.5 2:1.0}}}".to_owned(),
        format!(
            "1:\"odd_go_total\" 3:0 4:{{3:{{1:3.0 {} 3:{{1:1700000000}}}}}}",
            exemplar("t2")
        ),
        format!("1:\"odd_bare\" 3:0 4:{{3:{{1:3.0 {}}}}}", exemplar("t3")),
        format!(
            "1:\"odd_long_total\" 3:0 4:{{3:{{1:3.0 {}}}}}",
            exemplar(&long)
        ),
    ];
    let body: Vec<u8> = families
        .iter()
        .flat_map(|family| wire::delimited(family).unwrap())
        .collect();
    let kind = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    push(gateway, "/metrics/job/go", kind, body);
}

#[test]
fn a_strict_reader_takes_the_page_and_finds_every_series_of_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(Which::Ours, &flags(folder.path()), folder.path()).unwrap();
    let address = gateway.address.to_string();
    assert_eq!(python::script(CLIENT, &[&address]).unwrap(), "done\n");
    push_odd_ones(&gateway);
    insta::assert_snapshot!(python::script(READER, &[&address]).unwrap());
}

/// Pushes each body of a folder to a gateway in which nothing but something pushed as OpenMetrics is held, and reads the
/// page strictly; prints how many were taken, and every page that is not.
const CORPUS: &str = r##"
import os, sys, urllib.error, urllib.request
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

gateway, folder = "http://" + sys.argv[1], sys.argv[2]
KINDS = {
    "text": "text/plain",
    "openmetrics": "application/openmetrics-text",
    "protobuf": "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
}

def send(method, path, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(gateway + path, body, headers, method=method)
    return urllib.request.urlopen(request).read()

taken = dict.fromkeys(KINDS, 0)
for name in sorted(os.listdir(folder)):
    # Valid, and read by Prometheus, but this client ends an exemplar's label at an escaped quote.
    if "exemplar-with-escape" in name:
        continue
    kind = name.rsplit(".", 1)[1]
    with open(os.path.join(folder, name), "rb") as file:
        body = file.read()
    send("PUT", "/api/v1/admin/wipe")
    send("PUT", "/metrics/job/on", b"zz 1\n# EOF\n", Content_Type=KINDS["openmetrics"])
    try:
        send("PUT", "/metrics/job/it", body, Content_Type=KINDS[kind])
    except urllib.error.HTTPError:
        continue
    taken[kind] += 1
    for escaping in ("allow-utf-8", "underscores"):
        accept = "application/openmetrics-text; escaping=" + escaping
        page = send("GET", "/metrics", Accept=accept).decode()
        try:
            assert page.endswith("# EOF\n")
            list(openmetrics(page))
        except Exception as error:
            pushed = [line for line in page.splitlines() if "process_" not in line and "push" not in line]
            print(name, escaping, repr(error), *pushed, sep="\n  ")
print("taken:", all(count > 30 for count in taken.values()) or taken)
"##;

#[test]
fn a_strict_reader_takes_the_page_of_every_body_that_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let bodies = folder.path().join("bodies");
    std::fs::create_dir(&bodies).unwrap();
    for (kind, cases) in [
        ("text", promontory_corpus::text()),
        ("openmetrics", promontory_corpus::openmetrics()),
        ("protobuf", promontory_corpus::protobuf()),
    ] {
        for (at, case) in cases.iter().enumerate() {
            let name: String = case.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            std::fs::write(bodies.join(format!("{at:03}-{name}.{kind}")), &case.body).unwrap();
        }
    }
    let mut flags = flags(folder.path());
    flags.push("--web.enable-admin-api".to_owned());
    let gateway = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
    let arguments = [&gateway.address.to_string(), bodies.to_str().unwrap()];
    assert_eq!(python::script(CORPUS, &arguments).unwrap(), "taken: True\n");
}

/// PromQL, and what it answers in every format.
const ANSWERS: [(&str, f64); 10] = [
    ("om_last_seconds{job=\"om\"}", 1234.5),
    ("om_records_total{kind=\"new\\n\\\"é\\\"\"}", 7.0),
    ("om_took_seconds_bucket{kind=\"a\",le=~\"5|5.0\"}", 2.0),
    ("om_took_seconds_count{kind=\"b\"}", 1.0),
    ("om_sizes_sum", 3.0),
    ("om_build_info{version=\"1.2\"}", 1.0),
    ("om_phase{om_phase=\"busy\"}", 1.0),
    ("text_records_total{kind=\"old\"}", 2.0),
    ("count(text_records_created)", 2.0),
    ("count(pushgateway_build_info)", 1.0),
];

/// Pushes, compares Prometheus' answers and exemplars, kills, restarts, and compares again.
fn check(protocol: Protocol, created: f64, exemplars: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start(Which::Ours, &flags(folder.path()), folder.path()).unwrap();
    let address = gateway.address.to_string();
    assert_eq!(python::script(CLIENT, &[&address]).unwrap(), "done\n");
    push_odd_ones(&gateway);
    let target = |address| Target {
        job: "pushgateway".to_owned(),
        address,
        protocol,
    };
    for round in ["before", "after"] {
        let folder = folder.path().join(round);
        std::fs::create_dir(&folder).unwrap();
        let prometheus = Prometheus::start(&folder, &[target(gateway.address)]).unwrap();
        prometheus.expect_new_scrape("pushgateway").unwrap();
        for (promql, value) in ANSWERS {
            prometheus.expect(promql, value).unwrap();
        }
        let count = "count(om_records_created) or vector(0)";
        prometheus.expect(count, created).unwrap();
        let shown = prometheus.exemplars("{__name__=~\"om_.*\"}").unwrap();
        let traces = shown.iter().map(|one| &one["labels"]["trace_id"]);
        assert!(traces.clone().all(|trace| trace == "t1"), "{shown:?}");
        assert_eq!(shown.len(), exemplars, "{shown:?}");
        gateway.process.kill9().unwrap();
        gateway = Gateway::start(Which::Ours, &flags(folder.parent().unwrap()), &folder).unwrap();
    }
}

#[test]
fn prometheus_scrapes_openmetrics() {
    check(Protocol::OpenMetrics, 2.0, 2);
}

#[test]
fn prometheus_scrapes_text() {
    check(Protocol::Text, 0.0, 0);
}

#[test]
fn prometheus_scrapes_protobuf() {
    check(Protocol::Protobuf, 0.0, 2);
}
