//! Pushes and scrapes of OpenMetrics, over HTTP.

use crate::site::{Answer, Site, Wishes, pushed_part};

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

/// What Prometheus 3 asks for by default.
const ACCEPT: (&str, &str) = (
    "accept",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
);

async fn scrape(site: &Site) -> Answer {
    site.send("GET /metrics", &[ACCEPT], "").await
}

/// The pushed part of an OpenMetrics page.
async fn page(site: &Site) -> String {
    let answer = scrape(site).await;
    assert_eq!(
        answer.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
    );
    let page = answer.text();
    assert!(page.ends_with("\n# EOF\n"), "{page}");
    pushed_part(&page)
}

/// The same body, with what a group adds.
#[tokio::test]
async fn openmetrics_scrapes_give_back_what_was_pushed() {
    let site = Site::new(Wishes::default());
    push(&site, "PUT /metrics/job/a", EVERYTHING).await;
    insta::assert_snapshot!(page(&site).await);
}

/// Makes somebody else push OpenMetrics, so that scrapes get it.
async fn turn_on(site: &Site) {
    let body = "# TYPE zz gauge\nzz 1\n# EOF\n";
    assert_eq!(push(site, "PUT /metrics/job/om", body).await, "200");
}

#[tokio::test]
async fn scrapes_are_text_unless_something_held_was_pushed_as_openmetrics() {
    let site = Site::new(Wishes::default());
    let kind = async || scrape(&site).await.header("content-type").to_owned();
    let text = "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8";
    let openmetrics =
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8";
    site.check("PUT /metrics/job/a", "x 1\n", "200").await;
    assert_eq!(kind().await, text);
    turn_on(&site).await;
    assert_eq!(kind().await, openmetrics);
    // Pushed again as text, merged with text, deleted, wiped.
    site.check("PUT /metrics/job/om", "zz 1\n", "200").await;
    assert_eq!(kind().await, text);
    turn_on(&site).await;
    site.check("POST /metrics/job/om", "y 1\n", "200").await;
    assert_eq!(kind().await, openmetrics);
    site.check("DELETE /metrics/job/om", "", "202").await;
    assert_eq!(kind().await, text);
    turn_on(&site).await;
    site.check("PUT /api/v1/admin/wipe", "", "202").await;
    assert_eq!(kind().await, text);
    // A refused push changes nothing.
    push(&site, "PUT /metrics/job/om", "x 1 1700000000\n# EOF\n").await;
    assert_eq!(kind().await, text);
}

/// What is pushed as text, and what an OpenMetrics page makes of it.
async fn check_text(text: &str, expected: &str) {
    let site = Site::new(Wishes::default());
    turn_on(&site).await;
    let answer = site.send("PUT /metrics/job/a", &[], text.to_owned()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (200, String::new())
    );
    let page = page(&site).await;
    let others = page.lines().filter(|line| !line.contains("zz"));
    let page: String = others.map(|line| format!("{line}\n")).collect();
    let page = page.replace(r#"instance="",job="a""#, "...");
    assert_eq!(page, expected, "{text}");
}

#[tokio::test]
async fn classic_families_keep_the_names_of_their_series() {
    for (text, expected) in [
        (
            "# TYPE x_total counter\nx_total 1\n",
            "# TYPE x counter\nx_total{...} 1.0\n",
        ),
        ("# TYPE x counter\nx 1\n", "# TYPE x unknown\nx{...} 1.0\n"),
        ("x_total 1\n", "# TYPE x_total unknown\nx_total{...} 1.0\n"),
        (
            "# TYPE x_info gauge\nx_info 1\n",
            "# TYPE x_info gauge\nx_info{...} 1.0\n",
        ),
        (
            "# TYPE _total counter\n_total 1\n",
            "# TYPE _total unknown\n_total{...} 1.0\n",
        ),
        // Pushed as text it is called like this everywhere.
        (
            "# TYPE g gaugehistogram\ng_bucket{le=\"1\"} 1\ng_sum 1\ng_count 1\n",
            "# TYPE g_bucket unknown\ng_bucket{...,le=\"1.0\"} 1.0\ng_bucket{...,le=\"+Inf\"} 1.0\n\
             # TYPE g_sum unknown\ng_sum{...} 1.0\n# TYPE g_count unknown\ng_count{...} 1.0\n",
        ),
    ] {
        check_text(text, expected).await;
    }
}

#[tokio::test]
async fn a_name_that_two_families_claim_belongs_to_the_one_that_is_called_so() {
    check_text(
        "# TYPE x gauge\nx 1\n# TYPE x_total counter\nx_total 2\n",
        "# TYPE x gauge\nx{...} 1.0\n# TYPE x_total unknown\nx_total{...} 2.0\n",
    )
    .await;
    check_text(
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n# TYPE h_total counter\nh_total 1\n",
        "# TYPE h_bucket unknown\nh_bucket{...,le=\"+Inf\"} 2.0\n# TYPE h_sum unknown\nh_sum{...} 3.0\n\
         # TYPE h_count unknown\nh_count{...} 2.0\n# TYPE h_total unknown\nh_total{...} 1.0\n",
    )
    .await;
}

#[tokio::test]
async fn created_times_that_were_pushed_as_gauges_stay_the_same_samples() {
    let typed =
        "# TYPE x_total counter\nx_total{a=\"1\"} 2\nx_total{a=\"2\"} 3\n# TYPE x_created gauge\n";
    check_text(
        &format!("{typed}x_created{{a=\"1\"}} 1.7000000001234567e+09\n"),
        "# TYPE x counter\nx_total{a=\"1\",...} 2.0\nx_created{a=\"1\",...} 1.7000000001234567e+09\nx_total{a=\"2\",...} 3.0\n",
    )
    .await;
    // Labels tell them apart, not values alone, whatever the order.
    check_text(
        "# TYPE x_total counter\nx_total{a=\"v\"} 1\nx_total{b=\"v\"} 2\n# TYPE x_created gauge\nx_created{b=\"v\"} 4\nx_created{a=\"v\"} 3\n",
        "# TYPE x counter\nx_total{a=\"v\",...} 1.0\nx_created{a=\"v\",...} 3.0\nx_total{b=\"v\",...} 2.0\nx_created{b=\"v\",...} 4.0\n",
    )
    .await;
    // One that belongs to no counter keeps the name for the gauge.
    check_text(
        &format!("{typed}x_created{{a=\"3\"}} 1\n"),
        "# TYPE x_created gauge\nx_created{a=\"3\",...} 1.0\n# TYPE x_total unknown\nx_total{a=\"1\",...} 2.0\nx_total{a=\"2\",...} 3.0\n",
    )
    .await;
    check_text(
        "# TYPE s summary\ns_sum -1\ns_count 1\n# TYPE s_created gauge\ns_created 5\n",
        "# TYPE s unknown\n# TYPE s_sum unknown\ns_sum{...} -1.0\n# TYPE s_count unknown\ns_count{...} 1.0\n# TYPE s_created unknown\ns_created{...} 5.0\n",
    )
    .await;
}

#[tokio::test]
async fn what_a_type_forbids_is_unknown() {
    for (value, shown) in [("-1", "-1.0"), ("NaN", "NaN")] {
        check_text(
            &format!("# TYPE x_total counter\nx_total {value}\n"),
            &format!("# TYPE x_total unknown\nx_total{{...}} {shown}\n"),
        )
        .await;
    }
    for (buckets, sum) in [
        ("h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n", 1),
        ("h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\n", 1),
        ("h_bucket{le=\"1\"} 0.5\n", 1),
        ("h_bucket{le=\"+Inf\"} 2\n", 1),
        ("h_bucket{le=\"-1\"} 1\n", 1),
        ("h_bucket{le=\"1\"} 1\n", -1),
    ] {
        let site = Site::new(Wishes::default());
        turn_on(&site).await;
        let text = format!("# TYPE h histogram\n{buckets}h_sum {sum}\nh_count 1\n");
        let answer = site.send("PUT /metrics/job/a", &[], text.clone()).await;
        assert_eq!(answer.status, 200);
        let page = page(&site).await;
        assert!(page.contains("# TYPE h_bucket unknown\n"), "{text}{page}");
    }
}

#[tokio::test]
async fn the_states_of_a_set_stand_together() {
    let site = Site::new(Wishes::default());
    // By all their labels, those of a="1" and a="2" would alternate.
    let body = "# TYPE Phase stateset\n\
        Phase{Phase=\"x\",a=\"1\"} 0\nPhase{Phase=\"x\",a=\"2\"} 1\n\
        Phase{Phase=\"y\",a=\"1\"} 1\nPhase{Phase=\"y\",a=\"2\"} 0\n# EOF\n";
    assert_eq!(push(&site, "PUT /metrics/job/a", body).await, "200");
    let page = page(&site).await;
    let order: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("Phase{Phase=\""))
        .map(|line| line.split(",instance").next().unwrap())
        .collect();
    let expected = ["x\",a=\"1\"", "y\",a=\"1\"", "x\",a=\"2\"", "y\",a=\"2\""];
    assert_eq!(order, expected, "{page}");
}

#[tokio::test]
async fn an_info_beside_a_gauge_is_a_gauge() {
    let site = Site::new(Wishes::default());
    let text = "# TYPE build_info gauge\nbuild_info 1\n";
    site.check("PUT /metrics/job/a", text, "200").await;
    let info = "# TYPE build info\nbuild_info 1\n# EOF\n";
    push(&site, "PUT /metrics/job/b", info).await;
    let both = page(&site).await;
    assert!(both.starts_with("# TYPE build_info gauge\n"), "{both}");
    site.check("DELETE /metrics/job/a", "", "202").await;
    let alone = page(&site).await;
    assert!(alone.starts_with("# TYPE build info\n"), "{alone}");
}

#[tokio::test]
async fn a_restart_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        Site::new(Wishes {
            persistence_file: Some(folder.path().join("held.db")),
            ..Wishes::default()
        })
    };
    let site = open();
    push(&site, "PUT /metrics/job/a", EVERYTHING).await;
    // The same bytes in protobuf, which knows no info.
    let text = "# TYPE build_info gauge\nbuild_info{version=\"1.2\"} 1\n";
    site.check("PUT /metrics/job/b", text, "200").await;
    let before = page(&site).await;
    site.close();
    let site = open();
    assert_eq!(page(&site).await, before);
    site.check("DELETE /metrics/job/b", "", "202").await;
    let info = page(&site).await;
    assert!(info.starts_with("# TYPE build info\n"), "{info}");
}
