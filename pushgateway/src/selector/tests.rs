//! Which series selectors take, and which texts are none.

use promontory_exposition::Label;

use super::*;

/// Whether a selector takes a series, written `NAME LABEL=VALUE …`; asked in every way.
#[track_caller]
fn check(selector: &str, series: &str, expected: bool) {
    let selectors = Selectors::parse([selector]).unwrap();
    let mut words = series.split(' ');
    let name = words.next().unwrap();
    let labels: Vec<Label<'_>> = words
        .map(|word| word.split_once('=').unwrap())
        .map(|(name, value)| Label::new(name, value))
        .collect();
    let open = selectors.open().in_family(name);
    assert_eq!(open.takes(&labels), expected, "{selector} {series}");
    // The first label as that of a group, which the series have as well.
    for known in labels.iter().take(1) {
        let key = Label::new(known.name.to_string(), known.value.to_string());
        let key = GroupingKey::from_labels(vec![key]);
        let open = selectors.in_group(&key).in_family(name);
        assert_eq!(open.takes(&labels), expected, "{selector} {series}");
        assert!(!open.takes_all() || expected, "{selector} {series}");
        assert!(!open.is_empty() || !expected, "{selector} {series}");
    }
}

#[test]
fn what_selectors_take() {
    for (selector, series, expected) in [
        ("x", "x a=1", true),
        ("x", "y a=1", false),
        (" a:b ", "a:b", true),
        ("x{}", "x", true),
        ("x{a=\"1\"}", "x a=1", true),
        ("x{a=\"1\"}", "x a=2", false),
        ("x{a=\"1\"}", "x", false),
        ("x{a=\"\"}", "x b=1", true),
        ("x{a!=\"1\"}", "x b=1", true),
        ("x{a!=\"1\"}", "x a=1", false),
        ("x{ a = '1' , b != '2' , }", "x a=1 b=3", true),
        ("{a=~\"1|2\"}", "x a=2", true),
        ("{a=~\"1|2\"}", "x a=12", false),
        ("{a=~\"1.2\"}", "x a=1\n2", true),
        ("{a=~\"(?i)AB\"}", "x a=ab", true),
        ("{a=~\".+\",b!~\"1.*\"}", "x a=1 b=2", true),
        ("{a=~\".+\",b!~\"1.*\"}", "x a=1 b=12", false),
        ("{a=~\".+\",b!~\"1.*\"}", "x a=1", true),
        ("{__name__=~\"x.*\",__name__!=\"xy\"}", "xz", true),
        ("{__name__=~\"x.*\",__name__!=\"xy\"}", "xy", false),
        ("{\"a.b\"}", "a.b", true),
        ("x{__name__!=\"y\"}", "x", true),
        ("x{\"y\"}", "x", false),
        ("{'a.b',\"c.d\"=`e`}", "a.b c.d=e", true),
        ("{\"a.b\"=\"e\"}", "x a.b=e", true),
        ("on{by=\"1\"}", "on by=1", true),
    ] {
        check(selector, series, expected);
    }
}

#[test]
fn escapes() {
    for (quoted, value) in [
        (
            r#""\"\\\n\t\a\b\f\r\v'`""#,
            "\"\\\n\t\u{7}\u{8}\u{c}\r\u{b}'`",
        ),
        (r#"'\'"'"#, "'\""),
        (r"`\n'`", "\\n'"),
        ("`a\nb`", "a\nb"),
        (r#""\x41\101\u00e9\U0001F600""#, "AAé😀"),
        (r#""\xc3\251""#, "é"),
    ] {
        let selectors = Selectors::parse([&*format!("{{a={quoted}}}")]).unwrap();
        let found = selectors.open().takes(&[Label::new("a", value)]);
        assert!(found, "{quoted}: {selectors:?}");
    }
}

#[test]
fn what_is_no_selector() {
    for (text, expected) in [
        ("", "character 1: a metric name or { is missing"),
        ("  1x", "character 3: a metric name or { is missing"),
        ("x y", "character 3: 'y' does not belong here"),
        ("x[5m]", "character 2: '[' does not belong here"),
        ("é", "character 1: a metric name or { is missing"),
        ("{", "character 2: a label name is missing"),
        ("{,}", "character 2: a label name is missing"),
        ("{a:b=\"\"}", "character 3: =, !=, =~ or !~ is missing"),
        ("{a}", "character 3: =, !=, =~ or !~ is missing"),
        ("{a==\"b\"}", "character 4: a quoted value is missing"),
        ("{a=b}", "character 4: a quoted value is missing"),
        ("{a=\"b\"", "character 7: a comma or } is missing"),
        ("{a=\"b\" c=\"d\"}", "character 8: a comma or } is missing"),
        ("{a=\"b\"}}", "character 8: '}' does not belong here"),
        ("{a=\"b}", "character 7: the quoted text does not end"),
        (
            "{a=\"\n\"}",
            "character 5: a line ends within the quoted text",
        ),
        (r#"{a="\'"}"#, "character 6: \\' is no escape"),
        (r#"{a="\q"}"#, "character 6: \\q is no escape"),
        (r#"{a="\xf"}"#, "character 8: an escape lacks a digit"),
        (
            r#"{a="\400"}"#,
            "character 8: an octal escape is larger than \\377",
        ),
        (
            r#"{a="\ud800"}"#,
            "character 10: an escape names no character",
        ),
        (r#"{a="\xff"}"#, "character 9: the quoted text is not UTF-8"),
        ("{a=~\"(\"}", "not a regular expression"),
        ("{a=~\"b)|(c\"}", "not a regular expression"),
        ("{a=~\"(.{1000}){1000}\"}", "not a regular expression"),
        ("{}", "it must have a matcher"),
        ("{a=\"\"}", "it must have a matcher"),
        ("{a=~\".*\",b!=\"c\"}", "it must have a matcher"),
    ] {
        let error = Selectors::parse(["x", text]).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(error.contains(&format!("{text:?}")), "{text}: {error}");
    }
}

#[test]
fn bounds() {
    let long = format!("{{a=\"{}\"}}", "b".repeat(BYTES_MAX));
    let error = Selectors::parse([&*long]).unwrap_err();
    assert_eq!(error, SelectorError::TooLong { bytes: long.len() });
    let many = vec!["x"; MATCHERS_MAX];
    assert!(Selectors::parse(many.iter().copied()).is_ok());
    let one_more = Selectors::parse(many.into_iter().chain(["x"]));
    assert_eq!(one_more.unwrap_err(), SelectorError::TooMany);
    let many = format!("{{{}}}", "a=\"b\",".repeat(MATCHERS_MAX + 1));
    assert_eq!(
        Selectors::parse([&*many]).unwrap_err(),
        SelectorError::TooMany
    );
}

#[test]
fn groups_are_taken_by_their_labels() {
    let key = |job: &str| GroupingKey::from_labels(vec![Label::new("job", job.to_owned())]);
    let selectors = Selectors::parse(["{job=\"a\"}", "{job=~\"b.*\",instance=\"\"}"]).unwrap();
    assert!(!selectors.ask_for_name());
    let taken = ["a", "b1", "c"].map(|job| selectors.take_group(&key(job)));
    assert_eq!(taken, [true, true, false]);
    let named = Selectors::parse(["{__name__!=\"x\",job=\"a\"}"]).unwrap();
    assert!(named.ask_for_name());
}
