use super::*;
use crate::model::{Header, Kind, Timestamp};
use crate::name::Escaping;
use crate::openmetrics::write::{Style, finish};

fn read_all(body: &str) -> Result<Vec<Family<'_>>> {
    read(body.as_bytes(), NameRules::Utf8, &Limits::default())
}

/// What was read, written again with everything OpenMetrics can say.
fn written(families: &[Family<'_>]) -> String {
    let style = Style {
        escaping: Escaping::AllowUtf8,
        created_lines: true,
        units: true,
        ..Style::default()
    };
    let mut out = Vec::new();
    for family in families {
        style.begin(family.header(), &mut out);
        for metric in &family.metrics {
            style
                .metric(
                    family.header(),
                    &metric.labels,
                    &metric.value,
                    metric.timestamp_ms,
                    &mut out,
                )
                .unwrap();
        }
    }
    finish(&mut out);
    String::from_utf8(out).unwrap()
}

/// Reads lines, to which `# EOF` is added, and compares what is written of them.
#[track_caller]
fn check(body: &str, expected: &str) {
    let body = format!("{body}# EOF\n");
    match read_all(&body) {
        Ok(families) => assert_eq!(
            written(&families),
            format!("{expected}# EOF\n"),
            "{families:#?}"
        ),
        Err(error) => panic!("{body:?}: {error}"),
    }
}

/// Lines that come back as they are.
#[track_caller]
fn check_same(body: &str) {
    check(body, body);
}

#[track_caller]
fn check_error(body: &str, expected: &str) {
    match read_all(body) {
        Ok(families) => panic!("{body:?} was read: {families:?}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[test]
fn families_of_every_type() {
    check_same("");
    check_same("# TYPE x unknown\nx 1.0\n");
    check_same(
        "# HELP x a \\\\ \\\" \\n\n# TYPE x gauge\nx{a=\"\\\\\\\"\\n\",b=\"\"} -1.5 1.5\nx NaN\n",
    );
    check_same(
        "# HELP x_seconds \n# TYPE x_seconds gauge\n# UNIT x_seconds seconds\nx_seconds 1.0\n",
    );
    check_same(
        "# TYPE x counter\nx_total{a=\"1\"} 2.0 3.0 # {t=\"x\"} 0.5 1.789\nx_created{a=\"1\"} 0.25\n",
    );
    check_same("# TYPE x info\nx_info{v=\"1\"} 1.0\n");
    check_same("# TYPE x stateset\nx{x=\"a\"} 1.0\nx{x=\"b\"} 0.0\n");
    check_same(
        "# TYPE s summary\ns{a=\"b\",quantile=\"0.5\"} 2.0\ns{a=\"b\",quantile=\"0.9\"} 3.0\n\
         s_sum{a=\"b\"} 1.5\ns_count{a=\"b\"} 3\ns_created{a=\"b\"} 123.456\n",
    );
    check_same(
        "# TYPE h histogram\nh_bucket{le=\"1.0\"} 2 # {a=\"b\"} 0.5\nh_bucket{le=\"+Inf\"} 3\n\
         h_sum 1.5\nh_count 3\nh_created 5.0\n",
    );
    check_same(
        "# TYPE h gaugehistogram\nh_bucket{x=\"1\",le=\"+Inf\"} 3\nh_sum{x=\"1\"} -1.5\nh_count{x=\"1\"} 3\n\
         h_bucket{x=\"2\",le=\"+Inf\"} 4\nh_sum{x=\"2\"} 0.0\nh_count{x=\"2\"} 4\n",
    );
    check_same("# HELP \"a.b\" c\n# TYPE \"a.b\" counter\n{\"a.b_total\",\"c d\"=\"e\"} 1.0\n");
}

#[test]
fn what_prometheus_reads_too() {
    check(
        "# TYPE h gaugehistogram\nh_bucket{le=\"+Inf\"} 3\nh_gsum 2\nh_gcount 3\n",
        "# TYPE h gaugehistogram\nh_bucket{le=\"+Inf\"} 3\nh_sum 2.0\nh_count 3\n",
    );
    // A counter without `_total` keeps its name, and is written as what it can be.
    check("# TYPE x counter\nx 1\n", "# TYPE x unknown\nx 1.0\n");
    check(
        "# TYPE x_total counter\nx_total 1\n",
        "# TYPE x counter\nx_total 1.0\n",
    );
    // Samples that are no part of the family above them.
    check(
        "# TYPE x gauge\nx 1\nx_sum 2\nx_created 3\n",
        "# TYPE x gauge\nx 1.0\n# TYPE x_sum unknown\nx_sum 2.0\n# TYPE x_created unknown\nx_created 3.0\n",
    );
    // Families and metrics may be interleaved.
    check(
        "# TYPE a counter\na_total{x=\"1\"} 1\na_total{x=\"2\"} 2\nb 1\na_created{x=\"1\"} 3\na_created{x=\"2\"} 4\n",
        "# TYPE a counter\na_total{x=\"1\"} 1.0\na_created{x=\"1\"} 3.0\na_total{x=\"2\"} 2.0\n\
         a_created{x=\"2\"} 4.0\n# TYPE b unknown\nb 1.0\n",
    );
    check(
        "# TYPE h histogram\nh_bucket{a=\"1\",le=\"+Inf\"} 1\nh_bucket{a=\"2\",le=\"+Inf\"} 2\nh_sum{a=\"1\"} 3\n",
        "# TYPE h histogram\nh_bucket{a=\"1\",le=\"+Inf\"} 1\nh_sum{a=\"1\"} 3.0\nh_count{a=\"1\"} 1\n\
         h_bucket{a=\"2\",le=\"+Inf\"} 2\nh_sum{a=\"2\"} 0.0\nh_count{a=\"2\"} 2\n",
    );
    check(
        "x{} 1\ny{a=\"b\",} 1\n{c=\"d\",\"z\"} 1\n",
        "# TYPE x unknown\nx 1.0\n# TYPE y unknown\ny{a=\"b\"} 1.0\n# TYPE z unknown\nz{c=\"d\"} 1.0\n",
    );
    check(
        "x{a=\"\\t\\ä\"} 1\n",
        "# TYPE x unknown\nx{a=\"\\\\t\\\\ä\"} 1.0\n",
    );
    check("# HELP x never seen\n", "");
    check(
        "x 1 # {} 2\n"
            .replace("x 1", "# TYPE x counter\nx_total 1")
            .as_str(),
        "# TYPE x counter\nx_total 1.0\n",
    );
    assert!(read_all("x 1\n# EOF").is_ok());
}

#[test]
fn timestamps_are_cut_to_milliseconds() {
    let time =
        |body: &str| read_all(&format!("x 1 {body}\n# EOF\n")).unwrap()[0].metrics[0].timestamp_ms;
    assert_eq!(time("1.0005"), Some(1000));
    assert_eq!(time("-1.5"), Some(-1500));
    assert_eq!(time("1e300"), Some(i64::MAX));
}

#[test]
fn times_keep_the_decimals_they_had() {
    for (time, seconds, nanos) in [
        (1.5, 1, 500_000_000),
        (1_520_879_607.789, 1_520_879_607, 789_000_000),
        (-0.25, -1, 750_000_000),
        (0.000_000_001, 0, 1),
        (0.999_999_999_9, 1, 0),
    ] {
        assert_eq!(
            super::super::part::timestamp(time),
            Timestamp { seconds, nanos }
        );
    }
}

#[test]
fn what_is_no_line() {
    check_error("", "line 1: data does not end with # EOF");
    check_error("x 1", "line 1: data does not end with # EOF");
    check_error("# EOF\nx 1\n", "line 1: unexpected data after # EOF");
    check_error("x 1\n\n# EOF\n", "line 2: expected a metric name, got \"\"");
    check_error(
        "# words\n# EOF\n",
        "line 1: expected # HELP, # TYPE, # UNIT or # EOF, got \"# words\"",
    );
    check_error(
        "x 1\nx \u{7f}\n# EOF\n",
        "line 2, family \"x\": expected a value, got \"\\u{7f}\"",
    );
    check_error(
        "x  1\n# EOF\n",
        "line 1, family \"x\": expected one blank and a value, got \"  1\"",
    );
    check_error(
        "x 1 2 3\n# EOF\n",
        "line 1, family \"x\": expected the end of the line, got \" 3\"",
    );
    check_error(
        "x 1 NaN\n# EOF\n",
        "line 1, family \"x\": invalid timestamp NaN",
    );
    check_error(
        "x{a=\"b} 1\n# EOF\n",
        "line 1, label \"a\": expected a quoted label value",
    );
    check_error(
        "x{a=\"\\\n# EOF\n",
        "line 1, label \"a\": expected a quoted label value",
    );
    check_error(
        "x{a=\"b\",,} 1\n# EOF\n",
        "line 1: expected a label name, got \",} 1\"",
    );
    check_error(
        "x{a=\"b\",a=\"c\"} 1\n# EOF\n",
        "line 1, label \"a\": the label stands twice",
    );
    check_error(
        "{\"a\",\"b\"} 1\n# EOF\n",
        "line 1: the metric has two names",
    );
    check_error(
        "{a=\"b\"} 1\n# EOF\n",
        "line 1: expected a metric name, got \"{a=\\\"b\\\"} 1\"",
    );
    check_error(
        "# TYPE x\n# EOF\n",
        "line 1, family \"x\": expected a blank and text in # TYPE",
    );
    check_error(
        "# TYPE x untyped\n# EOF\n",
        "line 1, family \"x\": invalid metric type \"untyped\"",
    );
    check_error(
        "# UNIT x seconds\n# EOF\n",
        "line 1, family \"x\": the name does not end with the unit \"seconds\"",
    );
    let error = read(
        b"x 1\nx{a=\"\xff\"} 1\n# EOF\n",
        NameRules::Utf8,
        &Limits::default(),
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "line 2: invalid UTF-8");
}

#[test]
fn what_is_no_family() {
    check_error(
        "# TYPE x gauge\n# TYPE x gauge\n# EOF\n",
        "line 2, family \"x\": second TYPE line",
    );
    check_error(
        "x 1\n# TYPE x gauge\n# EOF\n",
        "line 2, family \"x\": TYPE line after samples",
    );
    check_error(
        "# TYPE h histogram\nh_bucket 1\n# EOF\n",
        "line 2, family \"h_bucket\", label \"le\": the label is missing",
    );
    check_error(
        "# TYPE h histogram\nh_bucket{le=\"x\"} 1\n# EOF\n",
        "line 2, family \"h_bucket\", label \"le\": expected a number, got \"x\"",
    );
    check_error(
        "# TYPE h histogram\nh_count -1\n# EOF\n",
        "line 2, family \"h_count\": expected a count, got -1",
    );
    check_error(
        "# TYPE h histogram\nh 1\n# EOF\n",
        "line 2, family \"h\": the sample is no part of a family of that type",
    );
    check_error(
        "# TYPE x gauge\nx 1 # {a=\"b\"} 1\n# EOF\n",
        "line 2, family \"x\": only counters and histogram buckets have exemplars",
    );
    check_error(
        "# TYPE x counter\nx_created 1\n# EOF\n",
        "line 2, family \"x_created\": a _created line without its counter above it",
    );
    check_error(
        "# TYPE x counter\nx 1\nx_total 1\n# EOF\n",
        "line 3, family \"x_total\": the family's samples are called \"x\"",
    );
}

#[test]
fn limits_hold() {
    let limits = Limits {
        metrics: 2,
        labels: 1,
    };
    let error = |body: &[u8]| {
        read(body, NameRules::Utf8, &limits)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error(b"a 1\nb 1\nc 1\n# EOF\n"),
        "line 3: more than 2 metrics in one body"
    );
    assert_eq!(
        error(b"a{b=\"\",c=\"\"} 1\n# EOF\n"),
        "line 1: a metric has more than 1 labels"
    );
}

#[test]
fn a_header_says_what_was_read() {
    let families = read_all("# TYPE x counter\n# HELP x y\nx_total 1\n# EOF\n").unwrap();
    assert_eq!(
        families[0].header(),
        Header {
            name: "x_total",
            help: Some("y"),
            kind: Kind::Counter,
            unit: ""
        }
    );
}

#[test]
fn names_can_be_held_to_the_classic_alphabet() {
    let check = |line: &str, expected: Option<&str>| {
        let body = format!("{line}\n# EOF\n");
        let read = read(body.as_bytes(), NameRules::Classic, &Limits::default());
        let error = read.err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected, "{line}");
    };
    check("x{a=\"b\"} 1", None);
    check("{\"x\",\"a\"=\"b\"} 1", None);
    check("{\"x.y\"} 1", Some("line 1: invalid metric name \"x.y\""));
    check(
        "# TYPE \"x.y\" gauge",
        Some("line 1: invalid metric name \"x.y\""),
    );
    check(
        "x{\"a.b\"=\"c\"} 1",
        Some("line 1, family \"x\": invalid label name \"a.b\""),
    );
}
