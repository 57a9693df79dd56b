//! Each limit: what is just allowed, and one more, which is refused by flag and culprit and leaves no trace.

use std::io::Write;

use pushgateway::commit::Consistency;
use pushgateway::limits::{PushLimits, StoreLimits};

use crate::site::{Site, Wishes};

const UNLIMITED: fn() -> PushLimits = PushLimits::default;
const EMPTY: &str = "200 {\"status\":\"success\",\"data\":[]}";

fn site(limits: PushLimits) -> Site {
    Site::new(Wishes {
        limits,
        decoded_bytes_max: limits.decoded_bytes_max,
        ..Wishes::default()
    })
}

async fn push(
    site: &Site,
    line: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> String {
    let answer = site.send(line, headers, body.into()).await;
    let answer = format!("{} {}", answer.status.as_u16(), answer.text());
    answer.trim_end().to_owned()
}

/// The second of two pushes is refused with that answer, and nothing of it is kept.
async fn check(limits: PushLimits, within: &str, over: &str, answer: &str) {
    let site = site(limits);
    assert_eq!(push(&site, "PUT /metrics/job/b", &[], over).await, answer);
    site.check("GET /api/v1/metrics", "", EMPTY).await;
    assert_eq!(push(&site, "PUT /metrics/job/a", &[], within).await, "200");
}

#[tokio::test]
async fn body_limits() {
    check(
        PushLimits {
            decoded_bytes_max: 4,
            ..UNLIMITED()
        },
        "x 1\n",
        "x 10\n",
        "413 the body holds more than 4 bytes when decoded (--push.max-decoded-bytes)",
    )
    .await;
    check(
        PushLimits {
            series_max: 2,
            ..UNLIMITED()
        },
        "x 1\ny 1\n",
        "x 1\ny{a=\"1\"} 1\ny{a=\"2\"} 1\n",
        "400 family \"y\": more than 2 series in one push (--push.max-series)",
    )
    .await;
    // A page is made at least one metric at a time, and its labels stand in each of its lines.
    let histogram = |buckets: usize| {
        let label = "x".repeat(10_000);
        let line = |at| format!("h_bucket{{a=\"{label}\",le=\"{at}\"}} 1\n");
        let lines: String = (0..buckets).map(line).collect();
        format!("# TYPE h histogram\n{lines}")
    };
    check(
        PushLimits {
            decoded_bytes_max: 4 << 20,
            ..UNLIMITED()
        },
        &histogram(90),
        &histogram(110),
        "400 family \"h\": one metric has more than 1048576 bytes on a page, a part of what is allowed in all (--push.max-decoded-bytes)",
    )
    .await;
    check(
        PushLimits {
            label_name_bytes_max: 3,
            ..UNLIMITED()
        },
        "x{abc=\"d\"} 1\n",
        "x{abcd=\"e\"} 1\n",
        "400 family \"x\", label \"abcd\": the name has 4 bytes, of 3 allowed (--push.max-label-name-bytes)",
    )
    .await;
    check(
        PushLimits {
            label_value_bytes_max: 3,
            ..UNLIMITED()
        },
        "x{a=\"bcd\"} 1\n",
        "x{a=\"bcde\"} 1\n",
        "400 family \"x\", label \"a\": the value has 4 bytes, of 3 allowed (--push.max-label-value-bytes)",
    )
    .await;
}

/// A histogram is one series, however many buckets it has.
#[tokio::test]
async fn a_histogram_counts_once() {
    let limits = PushLimits {
        series_max: 1,
        ..UNLIMITED()
    };
    let body =
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 2\nh_sum 3\nh_count 2\n";
    assert_eq!(
        push(&site(limits), "PUT /metrics/job/a", &[], body).await,
        "200"
    );
}

#[tokio::test]
async fn labels_are_counted_in_every_format() {
    let limits = PushLimits {
        labels_max: 2,
        ..UNLIMITED()
    };
    let label = |name: &str| {
        let (field, inner) = (
            0x0a,
            [&[0x0a, 1], name.as_bytes(), &[0x12, 1, b'v']].concat(),
        );
        [&[field, u8::try_from(inner.len()).unwrap()], &inner[..]].concat()
    };
    let family = |labels: &[&str]| {
        let labels: Vec<u8> = labels.iter().flat_map(|name| label(name)).collect();
        let metric = [&labels[..], &[0x12, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
        let metric = [&[0x22, u8::try_from(metric.len()).unwrap()], &metric[..]].concat();
        let family = [&[0x0a, 1, b'x', 0x18, 1], &metric[..]].concat();
        [&[u8::try_from(family.len()).unwrap()], &family[..]].concat()
    };
    let text = |labels: &str| format!("x{{{labels}}} 1\n").into_bytes();
    let openmetrics = |labels: &str| format!("x{{{labels}}} 1\n# EOF\n").into_bytes();
    let (two, three) = ("a=\"1\",b=\"2\"", "a=\"1\",b=\"2\",c=\"3\"");
    for (kind, within, over, answer) in [
        (
            "text/plain",
            text(two),
            text(three),
            "400 text format parsing error in line 1, family \"x\", label \"c\": more than 2 labels (--push.max-labels)",
        ),
        (
            "application/openmetrics-text",
            openmetrics(two),
            openmetrics(three),
            "400 OpenMetrics parsing error in line 1: a metric has more than 2 labels (--push.max-labels)",
        ),
        (
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
            family(&["a", "b"]),
            family(&["a", "b", "c"]),
            "400 protobuf parsing error in family \"x\": a metric has more than 2 labels (--push.max-labels)",
        ),
    ] {
        let site = site(limits);
        let headers = [("content-type", kind)];
        let line = "PUT /metrics/job/a";
        assert_eq!(push(&site, line, &headers, over).await, answer);
        site.check("GET /api/v1/metrics", "", EMPTY).await;
        assert_eq!(push(&site, line, &headers, within).await, "200");
    }
}

#[tokio::test]
async fn paths_have_the_limits_of_labels_but_can_be_deleted() {
    let site = site(PushLimits {
        labels_max: 2,
        label_name_bytes_max: 3,
        label_value_bytes_max: 3,
        ..UNLIMITED()
    });
    for (path, answer) in [
        ("job/abc/abc/def", "200"),
        (
            "job/a/b/c/d/e",
            "400 the group's path has 3 labels, of 2 allowed (--push.max-labels)",
        ),
        (
            "job/abcd",
            "400 the group's path, label \"job\": the value has 4 bytes, of 3 allowed (--push.max-label-value-bytes)",
        ),
        (
            "job/a/abcd/e",
            "400 the group's path, label \"abcd\": the name has 4 bytes, of 3 allowed (--push.max-label-name-bytes)",
        ),
    ] {
        let line = format!("PUT /metrics/{path}");
        assert_eq!(push(&site, &line, &[], "x 1\n").await, answer);
    }
    site.check("DELETE /metrics/job/abcd", "", "202").await;
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 3).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn packed_bodies_have_a_ratio() {
    let comment = |bytes: usize| format!("#{}\n", "x".repeat(bytes - 2)).into_bytes();
    let site = site(PushLimits {
        ratio_max: 10,
        ..UNLIMITED()
    });
    for (encoding, pack) in [("zstd", zstd as fn(&[u8]) -> Vec<u8>), ("gzip", gzip)] {
        let headers = [("content-encoding", encoding)];
        let line = "PUT /metrics/job/a";
        let within = pack(&comment(1 << 20));
        assert_eq!(push(&site, line, &headers, within).await, "200");
        let over = pack(&comment((1 << 20) + 1));
        let answer = format!(
            "413 the body unpacks to more than 10 bytes for each of the {} sent (--push.max-ratio)",
            over.len()
        );
        assert_eq!(push(&site, line, &headers, over).await, answer);
    }
    // What is not packed has no ratio.
    let plain = comment(2 << 20);
    assert_eq!(push(&site, "PUT /metrics/job/a", &[], plain).await, "200");
}

fn full(series_max: usize, groups_max: usize, consistency: Consistency) -> Site {
    Site::new(Wishes {
        store_limits: StoreLimits {
            series_max,
            groups_max,
        },
        consistency,
        ..Wishes::default()
    })
}

async fn groups(site: &Site) -> usize {
    let groups = site.send("GET /api/v1/metrics", &[], "").await.text();
    groups.matches("last_push_successful").count()
}

#[tokio::test]
async fn a_store_full_of_groups_takes_no_new_one() {
    let site = full(usize::MAX, 2, Consistency::Checked);
    let answer =
        "429 there are 2 groups, of 2 allowed (--store.max-groups): no room for group {job=\"c\"}";
    site.check("PUT /metrics/job/a", "x 1\n", "200").await;
    site.check("PUT /metrics/job/b", "x 1\n", "200").await;
    site.check("PUT /metrics/job/c", "x 1\n", answer).await;
    // Nor one that would only say that its push failed.
    site.check("PUT /metrics/job/c", "x 1 1000\n", answer).await;
    assert_eq!(groups(&site).await, 2);
    site.check("PUT /metrics/job/b", "x 2\ny 1\n", "200").await;
    site.check("POST /metrics/job/b", "z 1\n", "200").await;
    site.check("DELETE /metrics/job/a", "", "202").await;
    site.check("PUT /metrics/job/c", "x 1\n", "200").await;
}

#[tokio::test]
async fn a_store_full_of_series_takes_no_more() {
    // Each group has two push times beside what was pushed.
    let site = full(7, usize::MAX, Consistency::Checked);
    site.check("PUT /metrics/job/a", "x 1\ny 1\n", "200").await;
    site.check("PUT /metrics/job/b", "x 1\n", "200").await;
    let answer = |more: usize, group: &str| {
        format!(
            "429 7 series are held, of 7 allowed (--store.max-series): no room for {more} more in group {{job=\"{group}\"}}"
        )
    };
    site.check("PUT /metrics/job/c", "", &answer(2, "c")).await;
    site.check("PUT /metrics/job/c", "x 1 1000\n", &answer(2, "c"))
        .await;
    site.check("POST /metrics/job/b", "z 1\n", &answer(1, "b"))
        .await;
    site.check(
        "PUT /metrics/job/b",
        "x{a=\"1\"} 1\nx{a=\"2\"} 1\n",
        &answer(1, "b"),
    )
    .await;
    assert_eq!(groups(&site).await, 2);
    // As much as before, also after a failure.
    site.check("PUT /metrics/job/b", "z 1\n", "200").await;
    site.check("POST /metrics/job/b", "z{a=\"1\"} 1\n", "200")
        .await;
    let failed = push(&site, "PUT /metrics/job/b", &[], "z 1 1000\n").await;
    assert!(failed.contains("timestamps"), "{failed}");
    // Less makes room for others.
    site.check("PUT /metrics/job/a", "x 1\n", "200").await;
    site.check("POST /metrics/job/b", "x 1\n", "200").await;
    site.check("DELETE /metrics/job/a", "", "202").await;
    site.check("PUT /metrics/job/c", "v 1\n", "200").await;
    site.check("PUT /api/v1/admin/wipe", "", "202").await;
    let all = "a 1\nb 1\nc 1\nd 1\ne 1\n";
    site.check("PUT /metrics/job/d", all, "200").await;
}

/// The one family that a job may push over the gateway's own, see `semantics::pushed_times_are_overwritten`.
#[tokio::test]
async fn pushed_failure_times_count() {
    let site = full(4, usize::MAX, Consistency::Checked);
    site.check("PUT /metrics/job/a", "x 1\n", "200").await;
    let times = |count: usize| -> String {
        let line = |at| format!("push_failure_time_seconds{{l=\"{at}\"}} 1\n");
        let lines: String = (0..count).map(line).collect();
        format!("# TYPE push_failure_time_seconds gauge\n{lines}")
    };
    let over = push(&site, "POST /metrics/job/a", &[], times(3)).await;
    assert!(over.starts_with("429 3 series are held"), "{over}");
    let line = "POST /metrics/job/a";
    assert_eq!(push(&site, line, &[], times(2)).await, "200");
    site.check("POST /metrics/job/a", "y 1\n", "429 4 series are held, of 4 allowed (--store.max-series): no room for 1 more in group {job=\"a\"}").await;
    assert_eq!(push(&site, line, &[], times(2)).await, "200");
    assert_eq!(push(&site, line, &[], times(1)).await, "200");
    site.check("POST /metrics/job/a", "y 1\n", "200").await;
}

/// Without the check other refusals are answered with 202; this one is not, since nothing of the push is noted.
#[tokio::test]
async fn a_full_store_is_told_without_the_consistency_check_too() {
    let site = full(3, usize::MAX, Consistency::Unchecked);
    site.check("PUT /metrics/job/a", "x 1\n", "202").await;
    let answer = "429 3 series are held, of 3 allowed (--store.max-series): no room for 3 more in group {job=\"b\"}";
    site.check("PUT /metrics/job/b", "x 1\n", answer).await;
    site.check("PUT /metrics/job/a", "y 1\n", "202").await;
}
