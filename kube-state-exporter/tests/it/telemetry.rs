//! What the program shows about itself.

use crate::site::Running;

/// Only what does not move: the process, times and versions are left out.
#[test]
fn telemetry_page() {
    let running = Running::start(&["namespaces", "pods"]);
    assert_eq!(running.get("/metrics", &[]).status, 503);
    running.list(0, &["a", "b"]);
    let answer = running.telemetry("/metrics");
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("process_resident_memory_bytes "));
    assert!(answer.text().contains("kube_state_metrics_build_info{"));
    let still = |line: &&str| {
        !["process_", "kube_state_metrics_build_info{"]
            .iter()
            .any(|moving| {
                line.trim_start_matches("# HELP ")
                    .trim_start_matches("# TYPE ")
                    .starts_with(moving)
            })
            && !line.contains("duration_seconds_bucket")
            && !line.contains("duration_seconds_sum")
    };
    let lines: Vec<&str> = answer.text().lines().filter(still).collect();
    insta::assert_snapshot!("telemetry", lines.join("\n"));
}

#[test]
fn requests_are_counted_by_method() {
    let running = Running::start(&["pods"]);
    running.list(0, &["a"]);
    for _ in 0..3 {
        assert_eq!(running.get("/metrics", &[]).status, 200);
    }
    let page = running.telemetry("/metrics");
    let count = page
        .text()
        .lines()
        .find(|line| line.starts_with("http_request_duration_seconds_count"));
    assert_eq!(
        count,
        Some(r#"http_request_duration_seconds_count{handler="metrics",method="get"} 3"#)
    );
    let first =
        "http_request_duration_seconds_bucket{handler=\"metrics\",method=\"get\",le=\"0.005\"}";
    assert!(page.text().contains(first), "{}", page.text());
}
