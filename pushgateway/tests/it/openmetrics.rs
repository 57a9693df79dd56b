//! Pushes and scrapes of OpenMetrics, over HTTP.

use crate::site::{Site, Wishes};

const OPENMETRICS: (&str, &str) = (
    "content-type",
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
);

/// Everything that OpenMetrics can say.
const EVERYTHING: &str = r#"# HELP records Records.
# TYPE records counter
records_total{kind="new"} 7.0 # {trace_id="t1"} 1.0 1700000000.5
records_created{kind="new"} 1.7e9
# TYPE took_seconds histogram
# UNIT took_seconds seconds
took_seconds_bucket{le="1.0"} 1 # {trace_id="t2"} 0.5
took_seconds_bucket{le="+Inf"} 2
took_seconds_sum 3.5
took_seconds_count 2
took_seconds_created 1.7e9
# TYPE build info
build_info{version="1.2"} 1.0
# TYPE phase stateset
phase{phase="idle"} 0.0
phase{phase="busy"} 1.0
# TYPE depth gaugehistogram
depth_bucket{le="1.0"} 1
depth_bucket{le="+Inf"} 3
depth_gsum 5.0
depth_gcount 3
# TYPE sizes summary
sizes{quantile="0.5"} 2.0
sizes_sum 4.0
sizes_count 2
# TYPE temperature unknown
temperature 20.5
# EOF
"#;

/// Pushes as OpenMetrics and gives status and text.
async fn push(site: &Site, line: &str, body: &str) -> String {
    let answer = site.send(line, &[OPENMETRICS], body.to_owned()).await;
    format!("{} {}", answer.status.as_u16(), answer.text())
        .trim_end()
        .to_owned()
}

#[tokio::test]
async fn text_scrapes_show_every_pushed_sample_under_its_name() {
    let site = Site::new(Wishes::default());
    assert_eq!(push(&site, "PUT /metrics/job/a", EVERYTHING).await, "200");
    let expected = r#"# TYPE build_info gauge
build_info{instance="",job="a",version="1.2"} 1
# TYPE depth histogram
depth_bucket{instance="",job="a",le="1"} 1
depth_bucket{instance="",job="a",le="+Inf"} 3
depth_sum{instance="",job="a"} 5
depth_count{instance="",job="a"} 3
# TYPE phase gauge
phase{instance="",job="a",phase="busy"} 1
phase{instance="",job="a",phase="idle"} 0
# HELP records_total Records.
# TYPE records_total counter
records_total{instance="",job="a",kind="new"} 7
# TYPE sizes summary
sizes{instance="",job="a",quantile="0.5"} 2
sizes_sum{instance="",job="a"} 4
sizes_count{instance="",job="a"} 2
# TYPE temperature untyped
temperature{instance="",job="a"} 20.5
# TYPE took_seconds histogram
took_seconds_bucket{instance="",job="a",le="1"} 1
took_seconds_bucket{instance="",job="a",le="+Inf"} 2
took_seconds_sum{instance="",job="a"} 3.5
took_seconds_count{instance="",job="a"} 2
"#;
    assert_eq!(site.pushed().await, expected);
}

#[tokio::test]
async fn protobuf_scrapes_carry_exemplars_and_created_times() {
    let site = Site::new(Wishes::default());
    push(&site, "PUT /metrics/job/a", EVERYTHING).await;
    let accept = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=compact-text";
    let page = site.send("GET /metrics", &[("accept", accept)], "").await;
    let page = page.text();
    let counter = page.lines().find(|line| line.contains("records_total"));
    assert_eq!(
        counter,
        Some(
            r#"name:"records_total" help:"Records." type:COUNTER metric:{label:{name:"instance" value:""} label:{name:"job" value:"a"} label:{name:"kind" value:"new"} counter:{value:7 exemplar:{label:{name:"trace_id" value:"t1"} value:1 timestamp:{seconds:1700000000 nanos:500000000}} created_timestamp:{seconds:1700000000}}}"#
        ),
        "{page}"
    );
    let histogram = page.lines().find(|line| line.contains("took_seconds"));
    assert!(
        histogram.is_some_and(|line| line.contains("t2") && line.contains(r#"unit:"seconds""#)),
        "{histogram:?}"
    );
}

#[tokio::test]
async fn broken_pushes_are_refused_by_line_and_leave_no_trace() {
    let site = Site::new(Wishes::default());
    for (body, expected) in [
        (
            "x 1\n",
            "400 OpenMetrics parsing error in line 2: data does not end with # EOF",
        ),
        (
            "x 1\nx{a=1} 1\n# EOF\n",
            "400 OpenMetrics parsing error in line 2, label \"a\": expected a quoted label value",
        ),
        (
            "{\"a.b\"} 1\n# EOF\n",
            "400 OpenMetrics parsing error in line 1: invalid metric name \"a.b\"",
        ),
    ] {
        assert_eq!(push(&site, "PUT /metrics/job/a", body).await, expected);
    }
    site.check(
        "GET /api/v1/metrics",
        "",
        "200 {\"status\":\"success\",\"data\":[]}",
    )
    .await;
}

#[tokio::test]
async fn timestamps_are_refused_with_their_family() {
    let site = Site::new(Wishes::default());
    let body = "# TYPE x counter\nx_total 1 1700000000\n# EOF\n";
    assert_eq!(
        push(&site, "PUT /metrics/job/a", body).await,
        "400 pushed metrics are invalid or inconsistent with existing metrics: family \"x_total\": pushed metrics must not have timestamps"
    );
}

#[tokio::test]
async fn an_info_stands_beside_the_gauge_that_others_still_push() {
    let site = Site::new(Wishes::default());
    let text = "# TYPE build_info gauge\nbuild_info 1\n";
    site.check("PUT /metrics/job/a", text, "200").await;
    let info = "# TYPE build info\nbuild_info 1\n# EOF\n";
    assert_eq!(push(&site, "PUT /metrics/job/b", info).await, "200");
    let counter = "# TYPE build_info counter\nbuild_info 1\n# EOF\n";
    assert!(
        push(&site, "PUT /metrics/job/c", counter)
            .await
            .contains("family \"build_info\" has type counter but should have gauge")
    );
}
