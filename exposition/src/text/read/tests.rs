//! Bodies and what `expfmt.TextParser` makes of them, written back as a page of ours.

use super::read;
use crate::format::{self, Format, Limits, Target};
use crate::name::{Escaping, NameRules};

/// The page of what was read, or the error.
fn outcome(body: &[u8], names: NameRules) -> String {
    let families = match read(body, names, &Limits::default()) {
        Ok(families) => families,
        Err(error) => return format!("{error}"),
    };
    let target = Target {
        format: Format::Text,
        escaping: Escaping::AllowUtf8,
    };
    let mut out = Vec::new();
    format::write(target, &families, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn check(body: &str, expected: &str) {
    assert_eq!(
        outcome(body.as_bytes(), NameRules::Classic),
        expected,
        "{body:?}"
    );
}

fn check_utf8(body: &str, expected: &str) {
    assert_eq!(
        outcome(body.as_bytes(), NameRules::Utf8),
        expected,
        "{body:?}"
    );
}

/// The body reads; no names but classic ones are in it.
fn accepted(body: &str, samples: &str) {
    check(body, &format!("# TYPE x untyped\n{samples}"));
}

/// The body is refused with this in the message.
fn refused(body: &str, essence: &str) {
    let error = read(body.as_bytes(), NameRules::Classic, &Limits::default())
        .expect_err(body)
        .to_string();
    assert!(error.contains(essence), "{body:?}: {error}");
}

#[test]
fn empty_bodies() {
    for body in [
        "",
        "\n",
        " \t\n\n",
        "# a comment\n",
        "#\n",
        "# \n",
        "  ",
        "# EOF\n",
        "#TYPE\n",
    ] {
        check(body, "");
    }
    refused("# a comment", "line 1: unexpected end of input stream");
    refused("x 1", "unexpected end of input stream");
    refused("x 1\n#", "line 2: unexpected end of input stream");
}

#[test]
fn samples() {
    accepted("x 1\n", "x 1\n");
    accepted(" \t x \t 1\n   ", "x 1\n");
    accepted("x{} 1\n", "x 1\n");
    accepted("x { } 1\n", "x 1\n");
    accepted("x{ a = \"b\" , c=\"d\", } 1\n", "x{a=\"b\",c=\"d\"} 1\n");
    accepted("x{a=\"b\"}1\n", "x{a=\"b\"} 1\n");
    accepted("x+1\n", "x 1\n");
    accepted("x 1 -12\n", "x 1 -12\n");
    accepted("x 1\t12\n", "x 1 12\n");
    accepted(
        "x{a=\"\\\\\\\"\\n\",b=\"}{,=\"} 1\n",
        "x{a=\"\\\\\\\"\\n\",b=\"}{,=\"} 1\n",
    );
    accepted(
        "x{a=\"0123456789abcdef0123456789\\\\abcdef\"} 1\n",
        "x{a=\"0123456789abcdef0123456789\\\\abcdef\"} 1\n",
    );
    accepted("x 1\ny 2\nx 3\n", "x 1\nx 3\n# TYPE y untyped\ny 2\n");
    accepted(
        "x{le=\"a\",quantile=\"b\"} 1\n",
        "x{le=\"a\",quantile=\"b\"} 1\n",
    );
}

#[test]
fn broken_samples() {
    refused(
        "x \n",
        "line 1, family \"x\": expected float as value, got \"\"",
    );
    refused(
        "\nx 1 \n",
        "line 2, family \"x\": expected integer as timestamp, got \"\"",
    );
    refused("x 1\r\n", "expected float as value");
    refused("x 1 2 \n", "spurious string after timestamp: \" \"");
    refused("x 1 2.5\n", "expected integer as timestamp, got \"2.5\"");
    refused("x 0x10\n", "expected float");
    refused("9x 1\n", "invalid metric name");
    refused("x-y 1\n", "expected float");
    refused(
        "x{a=\"b\",a=\"c\"} 1\n",
        "label \"a\": duplicate label names for metric \"x\"",
    );
    refused("x{b=\"\",a=\"\",b=\"\"} 1\n", "label \"b\": duplicate");
    refused("x{le=\"1\",le=\"1\"} 1\n", "label \"le\": duplicate");
    refused(
        "x{quantile=\"1\",le=\"\",quantile=\"1\"} 1\n",
        "label \"quantile\": duplicate",
    );
    refused(
        "x{a=\"\\t\"} 1\n",
        "label \"a\": invalid escape sequence '\\t'",
    );
    refused("x{a=\"\\\n", "invalid escape sequence");
    refused("x{a=\"b\n", "label value \"b\" contains unescaped new-line");
    refused(
        "x{a=b} 1\n",
        "expected '\"' at start of label value, found 'b'",
    );
    refused("x{a} 1\n", "expected '=' after label name, found '}'");
    refused("x{,} 1\n", "invalid label name for metric \"x\"");
    refused("x{a=\"b\",,} 1\n", "invalid label name");
    refused(
        "x{a=\"b\"c=\"d\"} 1\n",
        "unexpected end of label value \"b\"",
    );
    refused("x{a=\"b\"\n", "unexpected end of label value \"b\"");
    refused(
        "x{a:b=\"c\"} 1\n",
        "expected '=' after label name, found ':'",
    );
    refused(
        "x{__name__=\"y\"} 1\n",
        "label name \"__name__\" is reserved",
    );
}

#[test]
fn a_sample_needs_a_name() {
    // The first two crash prometheus/common 0.67 (defect 3 of the pushgateway).
    refused("{}\n", "line 1: invalid metric name");
    refused(
        "# TYPE x counter\n{a=\"b\"} 2\n",
        "line 2: invalid metric name",
    );
    refused("{} 1\n", "invalid metric name");
    // Upstream would change x here and show it twice.
    refused("x 1\n{a=\"b\"} 2\n", "line 2: invalid metric name");
}

#[test]
fn quoted_names() {
    accepted("{\"x\"} 1\n", "x 1\n");
    accepted("{x} 1\n", "x 1\n");
    accepted("{\"x\",} 1\n", "x 1\n");
    accepted(
        "{a=\"b\" , \"x\" , \"c\"=\"d\"} 1\n",
        "x{a=\"b\",c=\"d\"} 1\n",
    );
    accepted("\"x\" 1\n", "x 1\n");
    accepted("\"x\"{a=\"b\"}1\n", "x{a=\"b\"} 1\n");
    check("ab\"cd\" 1\n", "# TYPE abcd untyped\nabcd 1\n");
    check(
        "# HELP \"x\" h\n# TYPE \"x\" gauge\n{\"x\"} 1\n",
        "# HELP x h\n# TYPE x gauge\nx 1\n",
    );
    refused("{\"a.b\"} 1\n", "invalid metric name \"a.b\"");
    refused("\"a.b\" 1\n", "invalid metric name \"a.b\"");
    refused("x{\"a.b\"=\"c\"} 1\n", "invalid label name \"a.b\"");
    refused("# HELP \"a.b\" c\n", "invalid metric name \"a.b\"");
    refused("{\"\"} 1\n", "invalid label name");
    refused("\"\" 1\n", "invalid metric name");
    refused(
        "{\"x\",\"y\"} 1\n",
        "multiple metric names for metric \"x\"",
    );
    refused("{\"x\";} 1\n", "unexpected end of metric name ';'");
    refused("{\"x\n", "contains unescaped new-line");
    refused("{\"x\\q\"} 1\n", "invalid escape sequence '\\q'");
}

#[test]
fn foreign_names() {
    check_utf8(
        "# TYPE \"a.b\" counter\n{\"a.b\",\"l ü\"=\"1\"} 1\n",
        "# TYPE \"a.b\" counter\n{\"a.b\",\"l ü\"=\"1\"} 1\n",
    );
    check_utf8(
        "{\"a\\\"\\\\\\n\"} 1\n",
        "# TYPE \"a\\\"\\\\\\n\" untyped\n{\"a\\\"\\\\\\n\"} 1\n",
    );
    check_utf8("a\"b c\" 1\n", "# TYPE \"ab c\" untyped\n{\"ab c\"} 1\n");
    check_utf8("# HELP a.b c\n", "line 1: invalid metric name in comment");
    check_utf8(
        "a.b 1\n",
        "line 1, family \"a\": expected float as value, got \".b\"",
    );
}

#[test]
fn help_and_type() {
    check(
        "# HELP x a \\\\ \\n \\\" \"b\" \n# TYPE x counter\nx 1\n",
        "# HELP x a \\\\ \\n \" \"b\" \n# TYPE x counter\nx 1\n",
    );
    check("#TYPE x gauge\nx 1\n", "# TYPE x gauge\nx 1\n");
    check(
        "#\t TYPE\tx\tGauge\nx 1\n# HELP x h\n",
        "# HELP x h\n# TYPE x gauge\nx 1\n",
    );
    check("# TYPE x gau\\ge\nx 1\n", "# TYPE x gauge\nx 1\n");
    check(
        "# type x gauge\nx 1\n# UNIT x s\n",
        "# TYPE x untyped\nx 1\n",
    );
    check(
        "# HELP x\n# TYPE x\n# HELP\n# TYPE x \nx 1\n",
        "# TYPE x untyped\nx 1\n",
    );
    check("# TYPE x counter\n# HELP x y\n", "");
    refused(
        "# HELP x a\n# HELP x a\n",
        "line 2, family \"x\": second HELP line for metric name \"x\"",
    );
    refused("# TYPE x gauge\n# TYPE x gauge\n", "second TYPE line");
    refused("x 1\n# TYPE x gauge\n", "TYPE reported after samples");
    refused("# TYPE x gauge \n", "unknown metric type \"gauge \"");
    refused("# TYPE x unknown\n", "unknown metric type");
    refused("# TYPE x info\n", "unknown metric type");
    refused("# HELP x a\\tb\n", "invalid escape sequence '\\t'");
    refused("# HELP x a\\\n", "invalid escape sequence");
    refused("# TYPE 9 gauge\n", "invalid metric name in comment");
    // A part of a summary speaks for the summary.
    check(
        "# TYPE s summary\n# HELP s_sum h\ns_sum 1\n",
        "# HELP s h\n# TYPE s summary\ns_sum 1\ns_count 0\n",
    );
    refused(
        "# TYPE s summary\n# TYPE s_count counter\n",
        "second TYPE line",
    );
}

#[test]
fn summaries() {
    check(
        "# TYPE s summary\ns_count{a=\"1\"} 1.5\ns{a=\"1\",quantile=\"0.5\"} 2\ns_sum{a=\"1\"} -3\ns{quantile=\"1\",b=\"\",a=\"1\"} 4 7\ns{a=\"1\",b=\"\"} 0\ns{quantile=\"nan\"} 1\n",
        "# TYPE s summary\ns{a=\"1\",quantile=\"0.5\"} 2\ns_sum{a=\"1\"} -3\ns_count{a=\"1\"} 1\n\
         s{b=\"\",a=\"1\",quantile=\"1\"} 4 7\ns_sum{b=\"\",a=\"1\"} 0 7\ns_count{b=\"\",a=\"1\"} 0 7\ns_sum 0\ns_count 0\n",
    );
    check(
        "# TYPE s summary\ns_count -1\n",
        "# TYPE s summary\ns_sum 0\ns_count 1.8446744073709552e+19\n",
    );
    check(
        "# TYPE s summary\ns_bucket 1\n",
        "# TYPE s_bucket untyped\ns_bucket 1\n",
    );
    check(
        "# TYPE s summary\ns{le=\"x\",quantile=\"0\",quantile=\"1\"} 1\n",
        "# TYPE s summary\ns{le=\"x\",quantile=\"1\"} 1\ns_sum{le=\"x\"} 0\ns_count{le=\"x\"} 0\n",
    );
    refused(
        "# TYPE s summary\ns{quantile=\"x\"} 1\n",
        "line 2, family \"s\", label \"quantile\": expected float as value for 'quantile' label, got \"x\"",
    );
    refused(
        "# TYPE s summary\ns_sum{a=\"\",quantile=\"x\"} 1\n",
        "expected float",
    );
    refused("# TYPE s summary\ns{le=\"1\",le=\"1\"} 1\n", "duplicate");
}

#[test]
fn histograms() {
    check(
        "# TYPE h histogram\nh_count 3.5\nh_count 4\n",
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3.5\nh_sum 0\nh_count 3.5\n",
    );
    check(
        "# TYPE h histogram\nh_bucket{a=\"1\",le=\"1\"} 2\nh_bucket{le=\"0.5\",a=\"1\"} 3\nh_sum{a=\"1\"} 4\nh_count{a=\"1\"} 5\n",
        "# TYPE h histogram\nh_bucket{a=\"1\",le=\"1\"} 2\nh_bucket{a=\"1\",le=\"0.5\"} 3\nh_bucket{a=\"1\",le=\"+Inf\"} 5\nh_sum{a=\"1\"} 4\nh_count{a=\"1\"} 5\n",
    );
    check(
        "# TYPE h histogram\nh 3\n",
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n",
    );
    check(
        "# TYPE h gaugehistogram\nh{le=\"1\"} 3\n",
        "# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n",
    );
    check(
        "# TYPE h histogram\nh_bucket{le=\"1\"} 0.5\nh_count NaN\n",
        "# TYPE h histogram\nh_bucket{le=\"1\"} 0.5\nh_bucket{le=\"+Inf\"} NaN\nh_sum 0\nh_count NaN\n",
    );
    check(
        "h_count 1\n# TYPE h histogram\nh_count 2\n",
        "# TYPE h_count untyped\nh_count 1\nh_count 2\n",
    );
    check(
        "x 1\n# TYPE h histogram\nx 2\n{\"h_bucket\",le=\"1\",a=\"b\"} 1\n",
        "# TYPE x untyped\nx 1\nx 2\n# TYPE h histogram\nh_bucket{a=\"b\",le=\"1\"} 1\nh_bucket{a=\"b\",le=\"+Inf\"} 0\nh_sum{a=\"b\"} 0\nh_count{a=\"b\"} 0\n",
    );
    refused(
        "# TYPE h histogram\nh_count -1\n",
        "negative count for histogram \"h\"",
    );
    refused(
        "# TYPE h histogram\nh_bucket{le=\"1\"} -1\n",
        "negative bucket population for histogram \"h\"",
    );
    refused(
        "# TYPE h histogram\nh_bucket{le=\"x\"} 1\n",
        "label \"le\": expected float",
    );
}

#[test]
fn only_comments_may_be_other_than_utf8() {
    let check = |body: &[u8], expected| assert_eq!(outcome(body, NameRules::Utf8), expected);
    check(b"# \xff\n#\xff\nx 1\n", "# TYPE x untyped\nx 1\n");
    check(b"x{a=\"\xff\"} 1\n", "line 1: invalid UTF-8");
    check(b"\n# HELP x \xff\nx 1\n", "line 2: invalid UTF-8");
    check(b"\xc3\xa4 1\n\xff\n", "line 1: invalid metric name");
}

#[test]
fn limits_hold() {
    let limits = Limits {
        metrics: 3,
        labels: 2,
    };
    let read = |body: &str| read(body.as_bytes(), NameRules::Classic, &limits).map(drop);
    assert_eq!(read("x{a=\"\",b=\"\"} 1\nx 1\n"), Ok(()));
    let error = read("x{a=\"\",b=\"\",c=\"\"} 1\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1, family \"x\", label \"c\": more than 2 labels"
    );
    let error = read("x 1\nx 1\nx 1\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3: more samples and families than the limit allows"
    );
}
