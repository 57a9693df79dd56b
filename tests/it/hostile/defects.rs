//! The defects of the real pushgateway 1.11 that a request can reach, by the numbers of the README's table.
//!
//! The cases of `tests/cases` show both programs side by side; here is what ours must do. The defects of its persistence
//! file, 13 to 16, are in `kill`, `damage` and `life`.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use promontory_tests::http::{Connection, Request};
use promontory_tests::wire;

use super::{Hostile, MEMORY_BYTES_MAX, PROTOBUF, bombs};

/// The start of every refusal of what was read, but must not be held.
const INVALID: &str = "pushed metrics are invalid or inconsistent";
const GAUGE: &str = "1:\"fine\" 3:1 4:{2:{1:1.0}}";

/// The README lists sixteen, and each has its test.
#[test]
fn every_defect_of_the_readme_has_a_test() {
    let root = promontory_tests::root();
    let readme = std::fs::read_to_string(root.join("pushgateway/README.md")).unwrap();
    let listed = readme.lines().filter_map(|line| {
        let (number, _) = line.strip_prefix("| ")?.split_once(" |")?;
        number.parse().ok()
    });
    let tests = [
        "hostile/defects.rs",
        "kill.rs",
        "damage.rs",
        "life/starts.rs",
    ]
    .map(|file| {
        let path = root.join("tests/it").join(file);
        std::fs::read_to_string(path).unwrap()
    });
    let mut tested: Vec<u32> = tests
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| {
            line.strip_prefix("fn defect_")?
                .split('_')
                .next()?
                .parse()
                .ok()
        })
        .collect();
    tested.sort_unstable();
    assert_eq!(listed.collect::<Vec<u32>>(), (1..=16).collect::<Vec<_>>());
    assert_eq!(tested, (1..=16).collect::<Vec<_>>());
}

/// How many groups there are, those that only failed among them; `check_well` makes one of them.
fn groups(hostile: &Hostile) -> usize {
    let api = Request::new("GET", "/api/v1/metrics");
    let answer = hostile.gateway.send(&api).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    answer["data"].as_array().unwrap().len()
}

/// A push of a good family and then this one, so that an error has to say which.
#[track_caller]
fn check_family(hostile: &Hostile, path: &str, family: &str, words: &[&str]) {
    let mut body = wire::delimited(GAUGE).unwrap();
    body.extend(wire::delimited(family).unwrap());
    hostile.check_refused(path, &[("Content-Type", PROTOBUF)], &body, words);
}

#[test]
fn defect_1_a_length_of_gigabytes_in_six_bytes() {
    let hostile = Hostile::start(&[]);
    let kind = [("Content-Type", PROTOBUF)];
    let lengths: [(&[u8], &str); 3] = [
        (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x02], "68719476736 bytes"),
        (&[0x80, 0x80, 0x80, 0x80, 0x08], "2147483648 bytes"),
        (&[0xff; 10], "varint"),
    ];
    for _ in 0..20 {
        for (body, said) in lengths {
            hostile.check_refused("/metrics/job/a", &kind, body, &["message 1", said]);
        }
    }
    assert!(hostile.memory_peak() < MEMORY_BYTES_MAX);
}

#[test]
fn defect_2_a_small_body_that_unpacks_to_much() {
    let hostile = Hostile::start(&["--push.max-decoded-bytes=4194304", "--push.max-ratio=0"]);
    for (encoding, pack) in bombs::ENCODINGS {
        let body = pack(&bombs::long_label(64 << 20));
        let response = hostile.put("/metrics/job/a", &[("Content-Encoding", encoding)], &body);
        assert_eq!(response.status, 413, "{encoding}");
        let said = response.text();
        assert!(
            said.contains("4194304") && said.contains("--push.max-decoded-bytes"),
            "{said}"
        );
        hostile.check_well();
    }
    hostile.check("/metrics/job/a", &[], &vec![b'\n'; 5 << 20], 413);
    assert_eq!(hostile.held(), Vec::<String>::new());
    assert!(hostile.memory_peak() < MEMORY_BYTES_MAX);
}

#[test]
fn defect_3_a_sample_without_a_name() {
    let hostile = Hostile::start(&[]);
    let said = ["line 2", "metric name"];
    hostile.check_refused("/metrics/job/a", &[], b"y 1\n{} 1\n", &said);
    let typed = b"# TYPE x counter\n{a=\"b\"} 2\n";
    hostile.check_refused("/metrics/job/a", &[], typed, &said);
}

#[test]
fn defect_4_a_group_that_only_adds_an_empty_instance() {
    let hostile = Hostile::start(&[]);
    hostile.check("/metrics/job/a", &[], b"x 1\n", 200);
    let said = [INVALID, "push_failure_time_seconds", "{job=\"a\"}"];
    hostile.check_refused("/metrics/job/a/instance/", &[], b"y 1\n", &said);
    assert_eq!(groups(&hostile), 2, "the group that failed is not kept");
    hostile.check("/metrics/job/a", &[], b"x 2\n", 200);
}

#[test]
fn defect_5_a_grouping_value_that_is_not_utf8() {
    let hostile = Hostile::start(&["--push.enable-utf8-names"]);
    let refused = [
        ("/metrics/job/%ff", "\"job\" is not UTF-8"),
        ("/metrics/job@base64/_w", "\"job\" is not UTF-8"),
        ("/metrics/job/a/l/%ff", "\"l\" is not UTF-8"),
        ("/metrics/job/a/l@base64/_w", "\"l\" is not UTF-8"),
        ("/metrics/job/a/U______a/v", "label name \"U______a\""),
    ];
    for (path, said) in refused {
        hostile.check_refused(path, &[], b"x 1\n", &[said]);
    }
    assert_eq!(groups(&hostile), 1, "none of these groups is kept");
}

/// The first push after the start: later ones the real program refuses, too.
#[test]
fn defect_6_an_own_name_before_its_first_use() {
    for (name, kind) in [
        ("pushgateway_http_push_size_bytes", "summary"),
        ("pushgateway_http_push_duration_seconds", "summary"),
        ("pushgateway_http_requests_total", "counter"),
    ] {
        let hostile = Hostile::start(&[]);
        let push = format!("{name} 1\n");
        let response = hostile.put("/metrics/job/a", &[], push.as_bytes());
        assert_eq!(response.status, 400);
        let said = response.text();
        assert!(said.contains(name) && said.contains(kind), "{said}");
        hostile.check_well();
    }
}

#[test]
fn defect_7_a_family_without_a_name() {
    let hostile = Hostile::start(&[]);
    for family in ["3:1 4:{2:{1:1.0}}", "1:\"\" 3:1 4:{2:{1:1.0}}"] {
        let said = [INVALID, "message 2", "no name"];
        check_family(&hostile, "/metrics/job/a", family, &said);
    }
}

#[test]
fn defect_8_a_family_of_unknown_type() {
    let hostile = Hostile::start(&[]);
    let said = [INVALID, "message 2", "type 17"];
    check_family(
        &hostile,
        "/metrics/job/a",
        "1:\"x\" 3:17 4:{2:{1:1.0}}",
        &said,
    );
}

#[test]
fn defect_9_a_name_or_help_that_is_not_utf8() {
    let hostile = Hostile::start(&[]);
    let said = [INVALID, "message 2", "help text is not valid UTF-8"];
    let family = "1:\"x\" 2:\"\\xff\" 3:1 4:{2:{1:1.0}}";
    check_family(&hostile, "/metrics/job/a", family, &said);
    let said = [INVALID, "message 2", "name is not valid UTF-8"];
    check_family(
        &hostile,
        "/metrics/job/a",
        "1:\"x\\xff\" 3:1 4:{2:{1:1.0}}",
        &said,
    );
}

#[test]
fn defect_10_le_beside_the_le_of_a_histogram() {
    let hostile = Hostile::start(&[]);
    let said = [INVALID, "family \"h\"", "label \"le\""];
    let text = b"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 1\n";
    hostile.check_refused("/metrics/job/a/le/1", &[], text, &said);
    let family = "1:\"h\" 3:4 4:{7:{1:3 2:4.5 3:{1:1 2:1.0}}}";
    check_family(&hostile, "/metrics/job/a/le/1", family, &said);
    let family = "1:\"h\" 3:4 4:{1:{1:\"le\" 2:\"5\"} 7:{1:3 2:4.5 3:{1:1 2:1.0}}}";
    check_family(&hostile, "/metrics/job/a", family, &said);
}

#[test]
fn defect_11_one_series_under_two_spellings() {
    let hostile = Hostile::start(&[]);
    let said = [INVALID, "family \"x\"", "{a=\"\",instance=\"\",job=\"a\"}"];
    hostile.check_refused("/metrics/job/a", &[], b"x{a=\"\"} 1\nx 1\n", &said);
    let mut body = wire::delimited("1:\"a.b\" 3:1 4:{2:{1:1.0}}").unwrap();
    body.extend(wire::delimited("1:\"a_b\" 3:1 4:{2:{1:1.0}}").unwrap());
    let kind = [("Content-Type", PROTOBUF)];
    let said = [INVALID, "family \"a_b\"", "{instance=\"\",job=\"a\"}"];
    hostile.check_refused("/metrics/job/a", &kind, &body, &said);
}

/// The real program holds such a connection for as long as the client likes.
#[test]
fn defect_12_unfinished_headers_are_not_held_open() {
    let hostile = Hostile::start(&[]);
    let mut slow = Connection::open(hostile.gateway.address).unwrap();
    slow.write_raw(b"GET /metrics HTTP/1.1\r\nHost: local")
        .unwrap();
    let mut silent = TcpStream::connect(hostile.gateway.address).unwrap();
    silent
        .set_read_timeout(Some(Duration::from_secs(300)))
        .unwrap();
    hostile.check_well();
    let mut rest = Vec::new();
    // The server ends both; our own timeout would be an error here.
    silent.read_to_end(&mut rest).unwrap();
    let answer = slow.read_response("GET");
    assert!(
        answer.as_ref().map_or(true, |answer| answer.status == 408),
        "{answer:?}"
    );
    hostile.check_well();
}
