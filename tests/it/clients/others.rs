//! The clients of Go and Node.js push to ours and to the real pushgateway: afterwards both hold the same, in every format.

use std::process::Command;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::Request;
use promontory_tests::parity::Pair;
use promontory_tests::{npm, peers, state};

/// The formats of a page; the JSON API is compared as well.
const FORMATS: [&str; 4] = [
    "text/plain; version=0.0.4; escaping=allow-utf-8",
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text",
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=compact-text",
];

/// What each kind of metric left behind, and that both programs show it alike.
#[track_caller]
fn check_pages(pair: &Pair, held: &[&str], gone: &[&str]) {
    assert_eq!(pair.compare_states().unwrap(), Vec::<String>::new());
    for format in FORMATS {
        let page = |gateway: &Gateway| {
            let scrape = Request::new("GET", "/metrics").header("Accept", format);
            state::answer(&gateway.send(&scrape).unwrap(), None)
        };
        assert_eq!(page(&pair.ours), page(&pair.real), "{format}");
    }
    let page = pair.ours.scrape().unwrap();
    for line in held {
        assert!(
            page.lines().any(|held| held == *line),
            "{line} is not in {page}"
        );
    }
    for word in gone {
        assert!(!page.contains(word), "{word} is in {page}");
    }
}

fn url(gateway: &Gateway) -> String {
    format!("http://{}", gateway.address)
}

#[test]
fn the_go_client_leaves_the_same_behind_in_both_formats() {
    let pair = Pair::start(&[]).unwrap();
    let output = Command::new(peers::program("push").unwrap())
        .args([url(&pair.ours), url(&pair.real)])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for job in ["text", "protobuf"] {
        let labels = format!("instance=\"\",job=\"{job}\"");
        let held = [
            format!("last_success_unixtime{{{labels}}} 1234.5"),
            format!("records_total{{{labels},kind=\"new\\n\\\"é\\\"\"}} 7"),
            format!("sizes_count{{{labels}}} 1"),
            format!("seconds_bucket{{{labels},le=\"5\"}} 4"),
            format!("native_count{{{labels}}} 5"),
            format!("more{{{labels}}} 1"),
        ];
        let held = held.each_ref().map(String::as_str);
        check_pages(&pair, &held, &["job=\"gone\""]);
    }
    let replaced = "more{instance=\"\",job=\"replaced\"} 1";
    check_pages(
        &pair,
        &[replaced],
        &["sizes_count{instance=\"\",job=\"replaced\"}"],
    );
}

#[test]
fn the_go_client_sends_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let config = promontory_tests::root().join("tests/fixtures/pushgateway/web.yml");
    let flags = [format!("--web.config.file={}", config.display())];
    let gateway = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
    let push = |password: &str| {
        let mut command = Command::new(peers::program("push").unwrap());
        let command = command.arg(url(&gateway)).env("PUSH_USER", "alice");
        command.env("PUSH_PASSWORD", password).output().unwrap()
    };
    let refused = push("wrong");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("401"));
    assert!(push("secret").status.success());
    let scrape = Request::new("GET", "/metrics").header("Authorization", "Basic YWxpY2U6c2VjcmV0");
    let page = gateway.send(&scrape).unwrap().text();
    assert!(
        page.contains("more{instance=\"\",job=\"protobuf\"} 1\n"),
        "{page}"
    );
}

/// Every kind and method of `prom-client`; it encodes a slash as `%2F`, which splits here as there, so a caller writes base64.
const NODE: &str = r#"
const client = require("prom-client");

async function run(url) {
  const registry = new client.Registry();
  const registers = [registry];
  new client.Gauge({ name: "last_success_unixtime", help: "When.", registers }).set(1234.5);
  const records = new client.Counter({ name: "records_total", help: "Records.", labelNames: ["kind"], registers });
  records.inc({ kind: 'new\n"é"' }, 7);
  new client.Summary({ name: "sizes", help: "Sizes.", percentiles: [0.5, 0.9], registers }).observe(3);
  const seconds = new client.Histogram({ name: "seconds", help: "Seconds.", buckets: [1, 5], registers });
  [0.5, 3, 100].forEach((value) => seconds.observe(value));
  const more = new client.Registry();
  new client.Gauge({ name: "more", help: "Added.", registers: [more] }).set(1);

  const all = new client.Pushgateway(url, {}, registry);
  const added = new client.Pushgateway(url, {}, more);
  await all.push({ jobName: "node" });
  await added.pushAdd({ jobName: "node" });
  await all.pushAdd({ jobName: "node and path", groupings: { "path@base64": "L3Zhci90bXA", plain: "x y" } });
  await all.push({ jobName: "replaced" });
  await added.push({ jobName: "replaced" });
  await all.push({ jobName: "gone", groupings: { a: "b" } });
  await all.delete({ jobName: "gone", groupings: { a: "b" } });
}

(async () => {
  for (const url of process.argv.slice(1).filter((word) => word !== "--")) await run(url);
  console.log("done");
})();
"#;

#[test]
fn the_node_client_leaves_the_same_behind() {
    let pair = Pair::start(&[]).unwrap();
    let said = npm::script(NODE, &[&url(&pair.ours), &url(&pair.real)]).unwrap();
    assert_eq!(said, "done\n");
    let held = [
        "last_success_unixtime{instance=\"\",job=\"node\"} 1234.5",
        "records_total{instance=\"\",job=\"node\",kind=\"new\\n\\\"é\\\"\"} 7",
        "sizes_count{instance=\"\",job=\"node\"} 1",
        "seconds_bucket{instance=\"\",job=\"node\",le=\"5\"} 2",
        "more{instance=\"\",job=\"node\"} 1",
        "more{instance=\"\",job=\"replaced\"} 1",
    ];
    check_pages(
        &pair,
        &held,
        &[
            "job=\"gone\"",
            "sizes_count{instance=\"\",job=\"replaced\"}",
        ],
    );
}
