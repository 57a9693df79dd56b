//! What PUT, POST and DELETE do, what is refused, and that a refusal spoils nothing.

use promontory_exposition::model::{Count, Histogram, Native, NativeBuckets, Span};
use promontory_exposition::{Family, Kind, Label, Metric, Value};

use crate::gate::{Gate, UTF8};

/// Runs `(request, body)` in order, expects the answers, and then the samples of the page.
#[track_caller]
fn check(steps: &[(&str, &str, &str)], samples: &str) {
    let mut gate = Gate::checked();
    for (request, body, answer) in steps {
        let given = gate.run(request, body);
        assert!(
            given.contains(answer) && (answer.len() > 2 || given == *answer),
            "{request} {body:?}: {given}"
        );
    }
    assert_eq!(gate.samples(), samples);
}

#[test]
fn put_replaces_and_post_keeps() {
    check(
        &[("PUT job/a", "x 1\ny 2\n", "ok")],
        r#"x{instance="",job="a"} 1; y{instance="",job="a"} 2"#,
    );
    check(
        &[
            ("PUT job/a", "x 1\ny 2\n", "ok"),
            ("PUT job/a", "z 3\n", "ok"),
        ],
        r#"z{instance="",job="a"} 3"#,
    );
    check(
        &[
            ("PUT job/a", "x 1\ny{l=\"1\"} 2\n", "ok"),
            ("POST job/a", "y 4\n", "ok"),
        ],
        r#"x{instance="",job="a"} 1; y{instance="",job="a"} 4"#,
    );
    check(&[("PUT job/a", "x 1\n", "ok"), ("PUT job/a", "", "ok")], "");
    check(
        &[("PUT job/a", "x 1\n", "ok"), ("POST job/a", "", "ok")],
        r#"x{instance="",job="a"} 1"#,
    );
}

#[test]
fn delete_takes_exactly_one_group() {
    check(
        &[
            ("PUT job/a", "x 1\n", "ok"),
            ("PUT job/a/l/v", "x 2\n", "ok"),
            ("DELETE job/a", "", "ok"),
        ],
        r#"x{instance="",job="a",l="v"} 2"#,
    );
    check(&[("DELETE job/a", "", "ok")], "");
    check(
        &[
            ("PUT job/a", "x 1\n", "ok"),
            ("WIPE", "", "ok"),
            ("PUT job/b", "# TYPE x counter\nx 1\n", "ok"),
        ],
        r#"x{instance="",job="b"} 1"#,
    );
}

#[test]
fn grouping_labels_win_and_instance_is_filled_in() {
    check(
        &[("PUT job/a/l/v", "x{l=\"w\",job=\"b\"} 1\n", "ok")],
        r#"x{instance="",job="a",l="v"} 1"#,
    );
    check(
        &[("PUT job/a", "x{instance=\"i\"} 1\n", "ok")],
        r#"x{instance="i",job="a"} 1"#,
    );
    check(
        &[("PUT job/a/instance/i", "x{z=\"1\",a=\"2\"} 1\n", "ok")],
        r#"x{a="2",instance="i",job="a",z="1"} 1"#,
    );
}

#[test]
fn times_tell_success_and_failure() {
    let mut gate = Gate::checked();
    gate.run("PUT job/a", "x 1\n");
    assert_eq!(
        gate.times(),
        r#"push_failure_time_seconds{instance="",job="a"} 0; push_time_seconds{instance="",job="a"} 1"#
    );
    assert!(
        gate.gateway
            .view()
            .groups()
            .all(|group| group.last_push_successful())
    );
    gate.run("PUT job/a", "x 1 1000\n");
    assert_eq!(
        gate.times(),
        r#"push_failure_time_seconds{instance="",job="a"} 2; push_time_seconds{instance="",job="a"} 1"#
    );
    assert!(
        !gate
            .gateway
            .view()
            .groups()
            .any(|group| group.last_push_successful())
    );
    gate.run("PUT job/a", "");
    assert_eq!(
        gate.times(),
        r#"push_failure_time_seconds{instance="",job="a"} 2; push_time_seconds{instance="",job="a"} 3"#
    );
    assert_eq!(gate.samples(), "");
}

#[test]
fn a_refused_first_push_leaves_a_failed_group() {
    let mut gate = Gate::checked();
    gate.run("PUT job/a", "x 1 1000\n");
    assert_eq!(
        gate.times(),
        r#"push_failure_time_seconds{instance="",job="a"} 1; push_time_seconds{instance="",job="a"} 0"#
    );
}

/// The quirk of upstream: the first push overwrites a pushed failure time, later ones let it stick.
#[test]
fn pushed_times_are_overwritten() {
    let mut gate = Gate::checked();
    gate.run(
        "PUT job/a",
        "# TYPE push_time_seconds gauge\npush_time_seconds 77\npush_time_seconds{l=\"v\"} 78\n",
    );
    assert_eq!(
        gate.times(),
        r#"push_failure_time_seconds{instance="",job="a"} 0; push_time_seconds{instance="",job="a"} 1"#
    );
    let failure = "# TYPE push_failure_time_seconds gauge\npush_failure_time_seconds 77\n";
    gate.run("PUT job/b", failure);
    gate.run("POST job/a", failure);
    assert_eq!(
        gate.times(),
        r#"push_failure_time_seconds{instance="",job="a"} 77; push_failure_time_seconds{instance="",job="b"} 0; push_time_seconds{instance="",job="a"} 3; push_time_seconds{instance="",job="b"} 2"#
    );
}

#[test]
fn types_agree_across_groups() {
    check(
        &[
            ("PUT job/a", "# TYPE x counter\nx 1\n", "ok"),
            (
                "PUT job/b",
                "# TYPE x gauge\nx 2\n",
                r#"family "x" has type gauge but should have counter (held by group {job="a"})"#,
            ),
        ],
        r#"x{instance="",job="a"} 1"#,
    );
    check(
        &[
            ("PUT job/a", "# TYPE x counter\nx 1\n", "ok"),
            ("PUT job/a", "# TYPE x gauge\nx 2\n", "ok"),
        ],
        r#"x{instance="",job="a"} 2"#,
    );
    check(
        &[
            ("PUT job/a", "# TYPE x counter\nx 1\n", "ok"),
            ("DELETE job/a", "", "ok"),
            ("PUT job/b", "# TYPE x gauge\nx 2\n", "ok"),
        ],
        r#"x{instance="",job="b"} 2"#,
    );
}

#[test]
fn one_bad_family_refuses_the_whole_push() {
    check(
        &[
            ("PUT job/a", "y 1\n", "ok"),
            (
                "PUT job/a",
                "x 1\ny 2 5\n",
                r#"family "y": pushed metrics must not have timestamps"#,
            ),
        ],
        r#"y{instance="",job="a"} 1"#,
    );
}

#[test]
fn a_series_is_there_once() {
    check(
        &[(
            "PUT job/a",
            "x{l=\"1\"} 1\nx{l=\"1\"} 2\n",
            "collected before",
        )],
        "",
    );
    // The grouping label makes two series one.
    check(
        &[(
            "PUT job/a/l/v",
            "x{l=\"1\"} 1\nx{l=\"2\"} 2\n",
            "collected before",
        )],
        "",
    );
    check(
        &[
            ("PUT job/a/l/v", "x 1\n", "ok"),
            (
                "PUT job/a",
                "x{l=\"v\"} 2\n",
                r#"family "x": {instance="",job="a",l="v"} was collected before with the same name and label values (held by group {job="a",l="v"})"#,
            ),
        ],
        r#"x{instance="",job="a",l="v"} 1"#,
    );
}

/// Defect 11 of the real one: Prometheus drops one of two series that it cannot tell apart.
#[test]
fn labels_without_value_make_no_other_series() {
    check(
        &[("PUT job/a", "x{a=\"\"} 1\nx 2\n", "collected before")],
        "",
    );
    check(
        &[("PUT job/a", "x{a=\"\"} 1\n", "ok")],
        r#"x{a="",instance="",job="a"} 1"#,
    );
}

#[test]
fn samples_of_summaries_and_histograms_are_taken() {
    let histogram = "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n";
    let summary = "# TYPE x summary\nx_sum 1\nx_count 1\n";
    let gauges = "# TYPE x gaugehistogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n";
    for suffix in ["count", "sum", "bucket"] {
        let sample = format!("x_{suffix} 1\n");
        for (family, free) in [
            (histogram, false),
            (summary, suffix == "bucket"),
            (gauges, true),
        ] {
            let answer = if free { "ok" } else { "collides with the" };
            let (one, other) = (("PUT job/a", family), ("PUT job/b", sample.as_str()));
            for (first, second) in [(one, other), (other, one)] {
                let mut gate = Gate::checked();
                assert_eq!(gate.run(first.0, first.1), "ok");
                let given = gate.run(second.0, second.1);
                assert!(given.contains(answer), "{suffix} {family}: {given}");
            }
        }
    }
}

#[test]
fn reserved_labels_are_refused() {
    check(
        &[(
            "PUT job/a",
            "x{__x=\"1\"} 1\n",
            r#"family "x", label "__x": invalid label name"#,
        )],
        "",
    );
    check(
        &[(
            "PUT job/a/quantile/1",
            "# TYPE x summary\nx_sum 1\nx_count 1\n",
            r#"label "quantile": must not be set explicitly on a summary"#,
        )],
        "",
    );
    // Defect 10 of the real one.
    check(
        &[(
            "PUT job/a/le/1",
            "# TYPE x histogram\nx_sum 1\nx_count 1\n",
            r#"label "le": must not be set explicitly on a histogram"#,
        )],
        "",
    );
    check(
        &[("PUT job/a/le/1", "x 1\n", "ok")],
        r#"x{instance="",job="a",le="1"} 1"#,
    );
}

/// Defect 4 of the real one: the refused group stayed and spoiled every scrape and every later push.
#[test]
fn a_group_with_an_empty_instance_spoils_nothing() {
    check(
        &[
            ("PUT job/a", "x 1\n", "ok"),
            ("PUT job/a/instance/", "x 2\n", "collected before"),
            ("PUT job/b", "x 3\n", "ok"),
        ],
        r#"x{instance="",job="a"} 1; x{instance="",job="b"} 3"#,
    );
    let mut gate = Gate::checked();
    gate.run("PUT job/a", "x 1\n");
    gate.run("PUT job/a/instance/", "y 2\n");
    assert_eq!(gate.gateway.view().group_count(), 1);
}

/// Defect 6 of the real one, and what it gets right.
#[test]
fn own_families_may_be_added_to_but_not_changed() {
    check(
        &[(
            "PUT job/a",
            "# TYPE own_total gauge\nown_total 1\n",
            r#"family "own_total" has type gauge but should have counter"#,
        )],
        "",
    );
    check(
        &[(
            "PUT job/a",
            "own_size_count 1\n",
            r#"family "own_size_count" collides with the summary "own_size""#,
        )],
        "",
    );
    let mut gate = Gate::checked();
    assert_eq!(
        gate.run(
            "PUT job/a",
            "# HELP own_total theirs\n# TYPE own_total counter\nown_total 1\n"
        ),
        "ok"
    );
    let own = Family {
        metrics: vec![Metric {
            labels: Vec::new(),
            value: Value::Counter(5.0.into()),
            timestamp_ms: None,
        }],
        ..Family::new("own_total", Kind::Counter).with_help("ours")
    };
    let parts = gate.gateway.view().page(UTF8, &[own]).unwrap();
    let page = String::from_utf8(parts.concat()).unwrap();
    assert!(
        page.starts_with("# HELP own_total ours\n# TYPE own_total counter\nown_total 5\nown_total{instance=\"\",job=\"a\"} 1\n"),
        "{page}"
    );
}

fn gauge<'a>(name: &'a str, labels: &[(&'a str, &'a str)]) -> Family<'a> {
    let mut family = Family::new(name, Kind::Gauge);
    let labels = labels
        .iter()
        .map(|(name, value)| Label::new(*name, *value))
        .collect();
    family.metrics.push(Metric {
        labels,
        value: Value::Gauge(1.0),
        timestamp_ms: None,
    });
    family
}

/// Defect 11 again: protobuf can push names that only look alike to classic readers.
#[test]
fn names_that_are_spelled_alike() {
    let mut gate = Gate::checked();
    assert_eq!(
        gate.run_families("PUT job/a", vec![gauge("a.b", &[])]),
        "ok"
    );
    assert_eq!(
        gate.run_families("PUT job/b", vec![gauge("a_b", &[])]),
        "ok"
    );
    let answer = gate.run_families(
        "PUT job/c",
        vec![gauge("a_b", &[("job", "a")]), gauge("a.b", &[])],
    );
    assert!(answer.contains("collected before"), "{answer}");
    assert!(
        gate.run("PUT job/d", "# TYPE a_b counter\na_b 1\n")
            .contains("has type counter but should have gauge")
    );
    assert_eq!(
        gate.samples(),
        r#"a_b{instance="",job="a"} 1; a_b{instance="",job="b"} 1"#
    );
    assert_eq!(gate.page().matches("# TYPE a_b gauge").count(), 1);
    let page = gate.page_of(UTF8, &[]);
    assert!(
        page.contains("{\"a.b\",instance=\"\",job=\"a\"} 1\n"),
        "{page}"
    );
    let answer = gate.run_families("PUT job/e", vec![gauge("x", &[("l.m", "1"), ("l_m", "2")])]);
    assert!(answer.contains("two or more labels"), "{answer}");
    assert!(
        gate.run_families("PUT job/e", vec![gauge("", &[])])
            .contains("no name")
    );
}

#[test]
fn of_two_families_of_one_name_the_last_counts() {
    let mut gate = Gate::checked();
    assert_eq!(
        gate.run_families(
            "PUT job/a",
            vec![gauge("x", &[("l", "1")]), gauge("x", &[("l", "2")])]
        ),
        "ok"
    );
    assert_eq!(gate.samples(), r#"x{instance="",job="a",l="2"} 1"#);
}

#[test]
fn unchecked_pushes_stand_and_scrapes_fail_until_they_fit() {
    let mut gate = Gate::unchecked();
    assert_eq!(gate.run("PUT job/a", "# TYPE x counter\nx 1\n"), "ok");
    assert_eq!(gate.run("PUT job/b", "# TYPE x gauge\nx 2\n"), "ok");
    assert!(
        gate.page()
            .starts_with("500 family \"x\" has type gauge but should have counter"),
        "{}",
        gate.page()
    );
    assert_eq!(gate.gateway.view().group_count(), 2);
    assert_eq!(gate.run("DELETE job/a", ""), "ok");
    assert_eq!(gate.samples(), r#"x{instance="",job="b"} 2"#);
    assert_eq!(gate.run("PUT job/c", "x{__a=\"1\"} 1\n"), "ok");
    assert!(gate.page().starts_with("500 "), "{}", gate.page());
    assert_eq!(gate.run("WIPE", ""), "ok");
    assert_eq!(gate.page(), "");
}

#[test]
fn unchecked_timestamps_only_count_as_failure() {
    let mut gate = Gate::unchecked();
    assert_eq!(gate.run("PUT job/a", "x 1 1\n"), "ok");
    assert_eq!(
        gate.times(),
        r#"push_failure_time_seconds{instance="",job="a"} 1; push_time_seconds{instance="",job="a"} 0"#
    );
}

/// What was pushed in an order of its own is told in that order; pages are sorted.
#[test]
fn pushed_order_is_kept_for_the_api() {
    let mut gate = Gate::checked();
    gate.run(
        "PUT job/a",
        "x{l=\"c\"} 1\nx{l=\"a\"} 2\nx{l=\"b\",m=\"1\"} 3\nx{l=\"b\"} 4\n",
    );
    let view = gate.gateway.view();
    let family = view.groups().next().unwrap().family("x").unwrap();
    let values: Vec<_> = family
        .decode()
        .unwrap()
        .metrics
        .into_iter()
        .map(|metric| metric.value)
        .collect();
    assert_eq!(values, [1.0, 2.0, 3.0, 4.0].map(Value::Untyped));
    let lines = r#"x{instance="",job="a",l="a"} 2; x{instance="",job="a",l="b"} 4; x{instance="",job="a",l="c"} 1; x{instance="",job="a",l="b",m="1"} 3"#;
    assert_eq!(gate.samples(), lines);
}

/// Like defects 8 to 10: a native histogram that no Prometheus takes would cost everyone the page.
#[test]
fn broken_native_histograms() {
    let histogram = |deltas: Vec<i64>| {
        let mut family = Family::new("h", Kind::Histogram);
        let native = Native {
            positive: NativeBuckets {
                spans: vec![Span {
                    offset: 0,
                    length: 2,
                }],
                deltas,
                ..NativeBuckets::default()
            },
            ..Native::default()
        };
        family.metrics.push(Metric {
            labels: Vec::new(),
            value: Value::Histogram(Box::new(Histogram {
                count: Count::Integer(3),
                native: Some(Box::new(native)),
                ..Histogram::default()
            })),
            timestamp_ms: None,
        });
        vec![family]
    };
    let mut gate = Gate::checked();
    let answer = gate.run_families("PUT job/a", histogram(vec![4, -5]));
    assert!(
        answer.contains("family \"h\": not a native histogram: a bucket's count is negative"),
        "{answer}"
    );
    assert_eq!(gate.run_families("PUT job/a", histogram(vec![2, -1])), "ok");
}

/// Like defect 9: Prometheus' parser ends at a NUL byte in a quoted name, and the whole page is lost.
#[test]
fn nul_bytes_in_names() {
    let family = |name: &'static str, label: &'static str| {
        let mut family = Family::new(name, Kind::Gauge);
        family.metrics.push(Metric {
            labels: vec![Label::new(label, "a\0b")],
            value: Value::Gauge(1.0),
            timestamp_ms: None,
        });
        vec![family]
    };
    let mut gate = Gate::checked();
    let answer = gate.run_families("PUT job/a", family("x\0y", "l"));
    assert!(
        answer.contains(r#"family "x\0y": invalid metric name"#),
        "{answer}"
    );
    let answer = gate.run_families("PUT job/a", family("x", "l\0"));
    assert!(
        answer.contains(r#"label "l\0": invalid label name"#),
        "{answer}"
    );
    // In a label's value it is read like any other byte.
    assert_eq!(gate.run_families("PUT job/a", family("x", "l")), "ok");
}

/// The real program answers 200 or 400 here, as its map of groups happens to be ordered.
#[test]
fn a_family_without_metrics_takes_no_name_and_no_type() {
    let mut gate = Gate::checked();
    let empty = Family::new("x", Kind::Counter);
    assert_eq!(gate.run_families("PUT job/a", vec![empty]), "ok");
    assert_eq!(gate.run("PUT job/b", "# TYPE x gauge\nx 1\n"), "ok");
    let full = "# TYPE x counter\nx 1\n";
    assert!(
        gate.run("PUT job/a", full)
            .starts_with("family \"x\" has type counter")
    );
    assert_eq!(gate.run("DELETE job/a", ""), "ok");
    assert!(gate.page().contains("x{instance=\"\",job=\"b\"} 1\n"));
}
