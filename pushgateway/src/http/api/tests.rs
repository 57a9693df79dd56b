//! The JSON of families, as the real program wrote it for the same pushes.

use promontory_exposition::Format;
use promontory_exposition::format::{Limits, read};

use super::*;

/// The families of a text body as JSON, one a line.
fn shown(text: &str) -> String {
    let families = read(Format::Text, text.as_bytes(), &Limits::default()).expect("a valid body");
    let mut out = Vec::new();
    for family in &families {
        write_family(family, UnixNanos(1_700_000_000_120_000_000), &mut out);
        out.push(b'\n');
    }
    String::from_utf8(out)
        .expect("JSON is UTF-8")
        .replace(r#""time_stamp":"2023-11-14T22:13:20.12Z","#, "")
}

#[test]
fn families() {
    let text = concat!(
        "# HELP c <b>&\"x\"\\\\\n# TYPE c counter\nc{x=\"2\"} 123456789.5\nc{x=\"1\"} 1e6\nc +Inf\n",
        "# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns{quantile=\"0.9\"} 1e-7\ns_sum 1e21\ns_count 3\n",
        "# TYPE h histogram\nh_bucket{le=\"1\",a=\"é\"} 1\nh_bucket{le=\"1e6\",a=\"é\"} 2\nh_bucket{le=\"+Inf\",a=\"é\"} 3.5\n",
        "h_sum{a=\"é\"} 1\nh_count{a=\"é\"} 3.5\nu -0\n",
    );
    let expected = [
        r#"{"type":"COUNTER","help":"\u003cb\u003e\u0026\"x\"\\","metrics":[{"labels":{"x":"2"},"value":"1.234567895e+08"},{"labels":{"x":"1"},"value":"1e+06"},{"labels":{},"value":"+Inf"}]}"#,
        r#"{"type":"SUMMARY","metrics":[{"count":"3","labels":{},"quantiles":{"0.5":"NaN","0.9":"1e-07"},"sum":"1e+21"}]}"#,
        r#"{"type":"HISTOGRAM","metrics":[{"buckets":{"+Inf":"3.5","1":"1","1e+06":"2"},"count":"3.5","labels":{"a":"é"},"sum":"1"}]}"#,
        r#"{"type":"UNTYPED","metrics":[{"labels":{},"value":"-0"}]}"#,
    ];
    assert_eq!(shown(text).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn strings() {
    let mut out = Vec::new();
    write_string("a\"\\\n\r\t\u{8}\u{c}\0\u{1f}\u{7f}<>&é\u{2028}", &mut out);
    assert_eq!(
        String::from_utf8_lossy(&out),
        "\"a\\\"\\\\\\n\\r\\t\\b\\f\\u0000\\u001f\u{7f}\\u003c\\u003e\\u0026é\\u2028\""
    );
}

#[test]
fn times() {
    for (nanos, expected) in [
        (0, "1970-01-01T00:00:00Z"),
        (1_500_000_000, "1970-01-01T00:00:01.5Z"),
        (1_795_399_651_389_919_933, "2026-11-23T02:07:31.389919933Z"),
    ] {
        assert_eq!(rfc3339(UnixNanos(nanos)), expected);
    }
}

#[test]
fn status() {
    let mut out = Vec::new();
    let flags = [
        ("web.x".to_owned(), "<y>".to_owned()),
        ("log.level".to_owned(), "info".to_owned()),
    ];
    write_status(
        &[("version", "1"), ("branch", "")],
        &flags,
        UnixNanos(0),
        &mut out,
    );
    assert_eq!(
        String::from_utf8_lossy(&out),
        r#"{"status":"success","data":{"build_information":{"branch":"","version":"1"},"flags":{"log.level":"info","web.x":"\u003cy\u003e"},"start_time":"1970-01-01T00:00:00Z"}}"#
    );
}
