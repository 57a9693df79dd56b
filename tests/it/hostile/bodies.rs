//! Bodies that are deep, wide or long in one direction: each is answered, memory stays bounded, others are served.

use std::fmt::Write;

use promontory_tests::wire;

use super::{Hostile, PROTOBUF, bombs};

/// More than the largest of these bodies takes, on a gateway that holds it.
const MEMORY_BYTES_MAX: u64 = 512 << 20;

/// The same words many times, with a running number for `#`.
fn repeated(count: usize, part: &str) -> String {
    let mut text = String::new();
    for number in 0..count {
        text.push_str(&part.replace('#', &number.to_string()));
    }
    text
}

/// A name, a body of text, and the status.
fn texts() -> Vec<(&'static str, String, u16)> {
    let long = "a".repeat(1 << 20);
    let labels = repeated(100_000, "l#=\"v\",");
    vec![
        (
            "a hundred thousand labels",
            format!("x{{{labels}}} 1\n"),
            200,
        ),
        (
            "one label a hundred thousand times",
            format!("x{{{}}} 1\n", "l=\"v\",".repeat(100_000)),
            400,
        ),
        ("a million empty lines", "\n".repeat(1_000_000), 200),
        ("a million comments", "#\n".repeat(1_000_000), 200),
        ("a long name", format!("{long} 1\n"), 200),
        ("a long label name", format!("x{{{long}=\"v\"}} 1\n"), 200),
        ("a long help", format!("# HELP x {long}\nx 1\n"), 200),
        (
            "a long help of escapes",
            format!("# HELP x {}\nx 1\n", "\\n".repeat(1 << 19)),
            200,
        ),
        (
            "a long number",
            format!("x 0.{}1\n", "0".repeat(1 << 20)),
            200,
        ),
        ("a long word for a number", format!("x {long}\n"), 400),
        ("a long type", format!("# TYPE x {long}\nx 1\n"), 400),
        (
            "a million blanks",
            format!("x{}1\n", " ".repeat(1_000_000)),
            200,
        ),
        (
            "a million opening braces",
            format!("x{}\n", "{".repeat(1_000_000)),
            400,
        ),
        (
            "a million quotes",
            format!("x{{a={}\n", "\"".repeat(1_000_000)),
            400,
        ),
        (
            "one series twice, late",
            format!("{}x0 1\n", repeated(20_000, "x# 1\n")),
            400,
        ),
        (
            "a hundred thousand buckets",
            format!(
                "# TYPE h histogram\n{}",
                repeated(100_000, "h_bucket{le=\"#\"} 1\n")
            ),
            200,
        ),
        (
            "a hundred thousand quantiles",
            format!(
                "# TYPE s summary\n{}",
                repeated(100_000, "s{quantile=\"#\"} 1\n")
            ),
            200,
        ),
        (
            "fifty thousand families",
            repeated(50_000, "name_# 1\n"),
            200,
        ),
        (
            "as many types without samples",
            (0..50_000)
                .map(|number| format!("# TYPE name_{number} gauge\n"))
                .collect(),
            200,
        ),
    ]
}

/// What is tried here would be refused at once.
const NO_LIMITS: &[&str] = &[
    "--push.max-labels=0",
    "--push.max-label-name-bytes=0",
    "--push.max-label-value-bytes=0",
];

#[test]
fn text_long_in_one_direction() {
    let hostile = Hostile::start(NO_LIMITS);
    for (name, body, status) in texts() {
        let answer = hostile.put("/metrics/job/long", &[], body.as_bytes());
        assert_eq!(answer.status, status, "{name}: {:.300}", answer.text());
        // An error names the culprit, but does not send it back whole.
        assert!(
            answer.body.len() < 4096,
            "{name}: {} bytes",
            answer.body.len()
        );
        hostile.check_well();
        let gone = promontory_tests::http::Request::new("DELETE", "/metrics/job/long");
        assert_eq!(hostile.gateway.send(&gone).unwrap().status, 202, "{name}");
    }
    let peak = hostile.memory_peak();
    assert!(peak < MEMORY_BYTES_MAX, "{} MiB", peak >> 20);
}

/// A message in a message in a message, of a field that nobody knows.
fn nested(depth: usize) -> Vec<u8> {
    let mut message = Vec::new();
    for _ in 0..depth {
        let mut outer = vec![0x0a];
        let mut length = message.len();
        while length > 0x7f {
            outer.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        outer.push(length as u8);
        outer.extend(&message);
        message = outer;
    }
    message
}

/// A length in front.
fn delimited(message: &[u8]) -> Vec<u8> {
    let mut body = wire::message(&format!("1:{}", message.len()))
        .unwrap()
        .split_off(1);
    body.extend(message);
    body
}

#[test]
fn protobuf_long_in_one_direction() {
    let hostile = Hostile::start(&[]);
    let mut labels = String::new();
    for number in 0..50_000 {
        write!(labels, "1:{{1:\"l{number}\" 2:\"v\"}}").unwrap();
    }
    let notation = |notation: &str| wire::delimited(notation).unwrap();
    let mut groups = vec![0x53; 100_000];
    groups.extend(vec![0x54; 100_000]);
    let spans = "12:{1:0 2:4294967295} 12:{1:4294967295 2:4294967295}";
    let bodies = [
        ("messages in messages", delimited(&nested(3000))),
        ("groups in groups", delimited(&groups)),
        ("groups that never end", delimited(&groups[..100_000])),
        ("a million empty messages", vec![0; 1_000_000]),
        (
            "spans of four milliards of buckets",
            notation(&format!(
                "1:\"n\" 3:4 4:{{7:{{1:1 2:1.0 5:0 {spans} 13:2}}}}"
            )),
        ),
        (
            "a count of all bits",
            notation("1:\"n\" 3:4 4:{7:{1:18446744073709551615 2:1.0 5:0 12:{1:0 2:1} 13:2}}"),
        ),
        (
            "fifty thousand labels",
            notation(&format!("1:\"x\" 3:1 4:{{{labels} 2:{{1:1.0}}}}")),
        ),
    ];
    for (name, body) in bodies {
        let answer = hostile.put("/metrics/job/long", &[("Content-Type", PROTOBUF)], &body);
        assert_eq!(answer.status, 400, "{name}: {:.300}", answer.text());
        assert!(
            answer.body.len() < 4096,
            "{name}: {} bytes",
            answer.body.len()
        );
        hostile.check_well();
    }
    let peak = hostile.memory_peak();
    assert!(peak < MEMORY_BYTES_MAX, "{} MiB", peak >> 20);
}

#[test]
fn paths_and_headers_that_are_too_long() {
    let hostile = Hostile::start(NO_LIMITS);
    let path = format!("/metrics/job/a{}", repeated(5_000, "/l#/v"));
    hostile.check(&path, &[], b"x 1\n", 200);
    let path = format!("/metrics/job/{}", "a".repeat(200 << 10));
    let answer = hostile.put(&path, &[], b"x 1\n");
    assert!(matches!(answer.status, 414 | 431), "{}", answer.status);
    let header = "a".repeat(200 << 10);
    hostile.check("/metrics/job/a", &[("X", &header)], b"x 1\n", 431);
    let many: Vec<(String, String)> = (0..2000)
        .map(|number| (format!("X-{number}"), String::new()))
        .collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = hostile.put("/metrics/job/a", &many, b"x 1\n");
    assert!(matches!(answer.status, 200 | 431), "{}", answer.status);
    hostile.check_well();
}

/// What is held, what is read and what is sent are a few times the body; the bound is generous, but it is one.
#[test]
fn one_label_of_64_mib() {
    let hostile = Hostile::start(&[]);
    let body = bombs::gzip(&bombs::long_label(64 << 20));
    let answer = hostile.put("/metrics/job/a", &[("Content-Encoding", "gzip")], &body);
    assert!(
        matches!(answer.status, 200 | 400 | 413),
        "{}",
        answer.status
    );
    hostile.check_well();
    let peak = hostile.memory_peak();
    assert!(peak < 12 * (64 << 20), "{} MiB", peak >> 20);
}
