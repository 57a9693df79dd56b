//! Requests and answers: statuses, texts and headers as the real Pushgateway gives them.

use promontory_exposition::name::NameRules;
use std::io::{Read, Write};

use pushgateway::commit::Consistency;

use crate::site::{Site, Wishes};

#[tokio::test]
async fn statuses() {
    let site = Site::new(Wishes::default());
    for (line, body, expected) in [
        ("PUT /metrics/job/a", "x 1\n", "200"),
        ("POST /metrics/job/a/b/c", "x 1\n", "200"),
        ("PUT /metrics/job@base64/YQ==", "", "200"),
        ("PUT /metrics/job/a/", "", "200"),
        (
            "PUT /metrics/job/a",
            "x 1",
            "400 text format parsing error in line 1: unexpected end of input stream",
        ),
        (
            "PUT /metrics/job/a/b",
            "x 1\n",
            "400 odd number of components in label string \"/b\"",
        ),
        (
            "PUT /metrics/job/a/__b/c",
            "",
            "400 improper label name \"__b\"",
        ),
        ("PUT /metrics/job@base64/=", "", "400 job name is required"),
        (
            "PUT /metrics/job/a",
            "x 1 5\n",
            "400 pushed metrics are invalid or inconsistent with existing metrics: family \"x\": pushed metrics must not have timestamps",
        ),
        (
            "PUT /metrics/job/a",
            "{\"a.b\"} 1\n",
            "400 text format parsing error in line 1: invalid metric name \"a.b\"",
        ),
        (
            "PUT /metrics/job/a",
            "x{\"a.b\"=\"c\"} 1\n",
            "400 text format parsing error in line 1, family \"x\", label \"a.b\": invalid label name \"a.b\"",
        ),
        ("DELETE /metrics/job/a", "ignored", "202"),
        ("DELETE /metrics/job/never", "", "202"),
        ("DELETE /metrics/job/%ff", "", "202"),
        (
            "DELETE /metrics/job/a/b",
            "",
            "400 odd number of components in label string \"/b\"",
        ),
        ("PUT /api/v1/admin/wipe", "", "202"),
        ("GET /-/healthy", "", "200 OK"),
        ("GET /-/ready", "", "200 OK"),
        ("GET /-/quit", "", "405 Only POST or PUT requests allowed."),
        ("HEAD /metrics", "", "405 Method Not Allowed"),
        ("GET /nowhere", "", "404 404 page not found"),
        ("GET /static/nowhere", "", "404 404 page not found"),
        ("GET /a%zz", "", "400 400 Bad Request"),
        ("OPTIONS *", "", "200"),
    ] {
        site.check(line, body, expected).await;
    }
}

#[tokio::test]
async fn refused_bodies_change_nothing() {
    let site = Site::new(Wishes::default());
    site.check("PUT /metrics/job/a", "x 1\n", "200").await;
    let before = site.pushed().await;
    assert_eq!(before, "# TYPE x untyped\nx{instance=\"\",job=\"a\"} 1\n");
    for body in [
        "x 2",
        "x{} y\n",
        "# TYPE x counter\nx 1\n# TYPE x gauge\n",
        "x 1 5\n",
    ] {
        assert_eq!(
            site.send("PUT /metrics/job/a", &[], body).await.status,
            400,
            "{body:?}"
        );
        assert_eq!(site.pushed().await, before, "{body:?}");
    }
}

#[tokio::test]
async fn quitting() {
    let site = Site::new(Wishes {
        lifecycle: false,
        ..Wishes::default()
    });
    site.check("PUT /-/quit", "", "403 Lifecycle API is not enabled.")
        .await;
    assert!(!site.shutdown.is_triggered());
    let site = Site::new(Wishes::default());
    site.check("POST /-/quit", "", "200 Requesting termination... Goodbye!")
        .await;
    assert!(site.shutdown.is_triggered());
}

#[tokio::test]
async fn without_the_consistency_check() {
    let site = Site::new(Wishes {
        consistency: Consistency::Unchecked,
        ..Wishes::default()
    });
    site.check("PUT /metrics/job/a", "x 1\n", "202").await;
    assert_eq!(site.send("GET /metrics", &[], "").await.status, 200);
    site.check("PUT /metrics/job/b", "# TYPE x gauge\nx 1\n", "202")
        .await;
    assert_eq!(
        site.send("PUT /metrics/job/b", &[], "x 1").await.status,
        400
    );
    let scrape = site.send("GET /metrics", &[], "").await;
    assert_eq!(scrape.status, 500);
    assert!(
        scrape
            .text()
            .starts_with("An error has occurred while serving metrics:\n\n"),
        "{}",
        scrape.text()
    );
}

#[tokio::test]
async fn utf8_names() {
    let site = Site::new(Wishes {
        names: NameRules::Utf8,
        ..Wishes::default()
    });
    site.check("PUT /metrics/job/a/U__b_2e_c/d", "{\"a.b\"} 1\n", "200")
        .await;
    assert_eq!(
        site.pushed().await,
        "# TYPE a_b untyped\na_b{b_c=\"d\",instance=\"\",job=\"a\"} 1\n"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[tokio::test]
async fn encoded_bodies() {
    let site = Site::new(Wishes {
        decoded_bytes_max: 10_000,
        ..Wishes::default()
    });
    let gzipped = [("content-encoding", "gzip")];
    let line = "PUT /metrics/job/a";
    assert_eq!(site.send(line, &gzipped, gzip(b"x 1\n")).await.status, 200);
    assert_eq!(
        site.pushed().await,
        "# TYPE x untyped\nx{instance=\"\",job=\"a\"} 1\n"
    );
    let bomb = site.send(line, &gzipped, gzip(&vec![b'\n'; 10_001])).await;
    assert_eq!(bomb.status, 413, "{}", bomb.text());
    // Bodies nobody reads are looked at too, but not those of the API.
    for (line, status) in [
        ("PUT /metrics/job/a", 400),
        ("DELETE /metrics/job/a", 400),
        ("GET /metrics", 400),
        ("GET /-/healthy", 400),
        ("GET /nowhere", 400),
        ("GET /api/v1/status", 200),
        ("GET /api/v1/nowhere", 404),
    ] {
        assert_eq!(
            site.send(line, &gzipped, "not gzip at all").await.status,
            status,
            "{line}"
        );
    }
    // An unknown encoding is none.
    assert_eq!(
        site.send(line, &[("content-encoding", "br")], "x 1\n")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn large_bodies_are_read_off_the_async_threads() {
    let site = Site::new(Wishes::default());
    let body: String = (0..5_000)
        .map(|at| format!("x{{n=\"{at}\"}} {at}\n"))
        .collect();
    assert!(body.len() > 64 << 10);
    assert_eq!(
        site.send("PUT /metrics/job/a", &[], body.clone())
            .await
            .status,
        200
    );
    assert_eq!(site.pushed().await.lines().count(), 5_001);
    assert_eq!(
        site.send("PUT /metrics/job/a", &[], format!("{body}x"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn formats_of_a_scrape() {
    let site = Site::new(Wishes::default());
    site.check("PUT /metrics/job/a", "x 1\n", "200").await;
    let protobuf =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=";
    for (accept, expected) in [
        (
            "",
            "text/plain; version=0.0.4; charset=utf-8; escaping=underscores".to_owned(),
        ),
        (
            "application/openmetrics-text",
            "text/plain; version=0.0.4; charset=utf-8; escaping=underscores".to_owned(),
        ),
        (
            "text/plain;version=0.0.4;escaping=dots",
            "text/plain; version=0.0.4; charset=utf-8; escaping=dots".to_owned(),
        ),
        (
            &format!("{protobuf}delimited"),
            format!("{protobuf}delimited; escaping=underscores"),
        ),
        (
            &format!("{protobuf}text"),
            format!("{protobuf}text; escaping=underscores"),
        ),
    ] {
        let answer = site.send("GET /metrics", &[("accept", accept)], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, &*expected),
            "{accept}"
        );
        assert!(!answer.body.is_empty());
    }
    let plain = site.send("GET /metrics", &[], "").await;
    let packed = site
        .send("GET /metrics", &[("accept-encoding", "gzip")], "")
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&packed.body[..])
        .read_to_string(&mut unpacked)
        .expect("valid gzip");
    let pushed = |page: &str| {
        page.lines()
            .any(|line| line == "x{instance=\"\",job=\"a\"} 1")
    };
    assert!(pushed(&unpacked) && pushed(&plain.text()));
    assert_eq!(
        site.send("GET /metrics", &[("accept-encoding", "gzip;q=0")], "")
            .await
            .header("content-encoding"),
        ""
    );
}

#[tokio::test]
async fn own_metrics() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::new(Wishes {
        persistence_file: Some(folder.path().join("store")),
        ..Wishes::default()
    });
    site.check("PUT /metrics/job/a", "x 1\n", "200").await;
    site.check(
        "PUT /metrics/job/a",
        "x 1",
        "400 text format parsing error in line 1: unexpected end of input stream",
    )
    .await;
    site.check("DELETE /metrics/job/a", "", "202").await;
    for line in [
        "GET /",
        "GET /status",
        "GET /nowhere",
        "GET /metrics",
        "HEAD /status",
        "OPTIONS /api/v1/x",
        "GET /-/ready",
    ] {
        site.send(line, &[], "").await;
    }
    let page = site.send("GET /metrics", &[], "").await.text();
    let shown: Vec<&str> = page
        .lines()
        .filter(|line| {
            line.contains("pushgateway_http_requests_total")
                || line.contains("pushgateway_http_push_size_bytes")
        })
        .collect();
    // Target, method, protocol and host are 29 bytes; these requests announce no length.
    insta::assert_snapshot!(shown.join("\n"));
    let names: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    for (name, kind) in pushgateway::http::instrument::own_families() {
        let expected = format!("{name} {kind}");
        assert!(
            names.contains(&&*expected),
            "{expected} is missing in {names:?}"
        );
    }
}

#[tokio::test]
async fn json() {
    let site = Site::new(Wishes::default());
    site.check(
        "GET /api/v1/metrics",
        "",
        r#"200 {"status":"success","data":[]}"#,
    )
    .await;
    let body = "# HELP labels <h>\n# TYPE labels gauge\nlabels 1\nx{q=\"é\"} 2.50\n";
    site.check("PUT /metrics/job/a/shard/1", body, "200").await;
    let answer = site.send("GET /api/v1/metrics", &[], "").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    insta::assert_snapshot!(without_times(&answer.text()));
    site.check("PUT /metrics/job/a/shard/1", "x -0\n", "200")
        .await;
    let zero = site.send("GET /api/v1/metrics", &[], "").await.text();
    assert!(zero.contains(r#""value":"-0""#), "{zero}");
    let options = site.send("OPTIONS /api/v1/anything", &[], "").await;
    assert_eq!(
        (
            options.status.as_u16(),
            options.header("access-control-expose-headers")
        ),
        (200, "Date")
    );
    let status = site.send("GET /api/v1/status", &[], "").await.text();
    assert!(
        status.contains(
            r#""flags":{"web.x":"\u003c\u0026\u003e"},"start_time":"1970-01-01T00:00:00Z"}}"#
        ),
        "{status}"
    );
}

/// Replaces every moment by a word.
fn without_times(json: &str) -> String {
    let mut out = String::new();
    for part in json.split_inclusive(['{', ',', '}']) {
        let masked = ["\"time_stamp\":\"", "\"value\":\"1."]
            .iter()
            .find(|start| part.starts_with(**start));
        match masked {
            Some(start) => {
                out.push_str(start);
                out.push_str("TIME\"");
                out.push_str(part.rsplit('"').next().unwrap_or_default());
            }
            None => out.push_str(part),
        }
    }
    out
}

async fn site_with_groups() -> Site {
    let site = Site::new(Wishes::default());
    for (line, body) in [
        ("PUT /metrics/job/a", "x{l=\"1\"} 1\nx{l=\"2\"} 2\ny 1\n"),
        ("PUT /metrics/job/b", "x{l=\"2\"} 2\n"),
        ("PUT /metrics/job/c", "z 1\n"),
    ] {
        site.check(line, body, "200").await;
    }
    site
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[tokio::test]
async fn selectors_choose_groups_families_and_metrics() {
    let site = site_with_groups().await;
    for (selectors, values) in [
        (&["x"][..], "a:x=1 a:x=2 b:x=2"),
        (&["x{l=\"2\"}"], "a:x=2 b:x=2"),
        (&["{job=\"a\",__name__=~\"[xy]\"}"], "a:x=1 a:x=2 a:y=1"),
        (&["y", "z"], "a:y=1 c:z=1"),
        (&["x{instance=\"\",l!=\"2\"}"], "a:x=1"),
        (&["x{instance!=\"\"}"], ""),
        (
            &["push_failure_time_seconds{job=\"b\"}"],
            "b:push_failure_time_seconds=0",
        ),
    ] {
        let query: Vec<String> = selectors
            .iter()
            .map(|selector| format!("match[]={}", percent(selector)))
            .collect();
        let answer = site
            .send(&format!("GET /api/v1/metrics?{}", query.join("&")), &[], "")
            .await;
        assert_eq!(answer.status, 200, "{selectors:?}: {}", answer.text());
        assert_eq!(
            values_of(&answer.text()),
            values,
            "{selectors:?}: {}",
            answer.text()
        );
    }
}

/// `JOB:FAMILY=VALUE` for each metric of an answer.
fn values_of(answer: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
    let mut values = Vec::new();
    for group in answer["data"].as_array().expect("groups") {
        for (name, family) in group.as_object().expect("a group") {
            for metric in family["metrics"].as_array().into_iter().flatten() {
                let (job, value) = (&group["labels"]["job"], &metric["value"]);
                values.push(format!("{job}:{name}={value}").replace('"', ""));
            }
        }
    }
    values.join(" ")
}

#[tokio::test]
async fn a_limit_gives_a_place_to_go_on() {
    let site = site_with_groups().await;
    let whole = site.send("GET /api/v1/metrics", &[], "").await.text();
    let other = site.send("GET /api/v1/metrics?x=y", &[], "").await.text();
    assert_eq!(other, whole);
    let last = site
        .send("GET /api/v1/metrics?limit=3", &[], "")
        .await
        .text();
    assert_eq!(last, whole, "there is no more to come");
    let first = site.send("GET /api/v1/metrics?limit=1", &[], "").await;
    let first: serde_json::Value = serde_json::from_str(&first.text()).expect("JSON");
    let rest = format!(
        "GET /api/v1/metrics?after={}",
        first["next"].as_str().unwrap()
    );
    let rest = site.send(&rest, &[], "").await;
    assert_eq!(values_of(&rest.text()).matches(":x=").count(), 1);
    assert_eq!(values_of(&rest.text()).matches(":z=").count(), 1);
    for (query, jobs) in [("", vec!["a", "b", "c"]), ("&match[]=x", vec!["a", "b"])] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let line = format!("GET /api/v1/metrics?limit=1{query}{after}");
            let answer = site.send(&line, &[], "").await.text();
            let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
            let groups = answer["data"].as_array().expect("groups");
            found.extend(
                groups
                    .iter()
                    .map(|group| group["labels"]["job"].to_string()),
            );
            let Some(next) = answer["next"].as_str() else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(found.join(",").replace('"', ""), jobs.join(","));
    }
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let site = Site::new(Wishes::default());
    for (query, reason) in [
        (
            "match[]=x%7B",
            "match[]: selector \\\"x{\\\", character 3: a label name is missing",
        ),
        (
            "match[]=",
            "match[]: selector \\\"\\\", character 1: a metric name or { is missing",
        ),
        ("limit=0", "limit: \\\"0\\\" is no number from 1 to 10000"),
        (
            "limit=10001",
            "limit: \\\"10001\\\" is no number from 1 to 10000",
        ),
        (
            "after=a",
            "after: \\\"a\\\" is not what an answer had in \\\"next\\\"",
        ),
    ] {
        let expected = format!(
            "400 {{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"{reason}\"}}"
        );
        site.check(&format!("GET /api/v1/metrics?{query}"), "", &expected)
            .await;
    }
}

/// However long what was sent is, an answer quotes little of it.
#[tokio::test]
async fn refusals_of_parameters_are_short() {
    let site = Site::new(Wishes::default());
    let long = "x".repeat(20_000);
    for line in [
        format!("PUT /metrics/job/a?ttl={long}"),
        format!("GET /api/v1/metrics?limit={long}"),
        format!("GET /api/v1/metrics?after={long}"),
        format!("DELETE /api/v1/metrics?{long}=1"),
    ] {
        let answer = site.send(&line, &[], "").await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().len() < 3_000, "{}", answer.text());
    }
}
