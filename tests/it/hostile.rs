//! What takes the real program down, poisons it or takes its Prometheus target down does nothing to ours.
//!
//! The defects are those of the real pushgateway 1.11; each test names what it sends. After each the gateway must still
//! take a push of someone else and answer a scrape that Prometheus accepts.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::{Connection, Request};
use promontory_tests::prometheus::{Prometheus, Protocol, Target};
use promontory_tests::wire;

const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
/// More than a quiet gateway needs, far less than any of the bombs would take.
const MEMORY_BYTES_MAX: u64 = 256 << 20;

struct Hostile {
    gateway: Gateway,
    folder: tempfile::TempDir,
}

impl Hostile {
    fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut given: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        given.push(format!(
            "--persistence.file={}",
            folder.path().join("held.db").display()
        ));
        let gateway = Gateway::start(Which::Ours, &given, folder.path()).unwrap();
        Self { gateway, folder }
    }

    /// Sends a body and expects the status.
    #[track_caller]
    fn check(&self, path: &str, headers: &[(&str, &str)], body: &[u8], expected: u16) {
        let mut request = Request::new("PUT", path).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.gateway.send(&request).unwrap();
        assert_eq!(response.status, expected, "{}", response.text());
        self.check_well();
    }

    /// Someone else can push, and a scrape has what they pushed.
    #[track_caller]
    fn check_well(&self) {
        assert_eq!(
            self.gateway
                .push("PUT", "/metrics/job/other", "well 1\n")
                .unwrap(),
            200
        );
        assert!(
            self.gateway
                .scrape()
                .unwrap()
                .contains("well{instance=\"\",job=\"other\"} 1\n")
        );
    }

    /// The most memory the process ever had, in bytes.
    fn memory_peak(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.gateway.process.pid())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            << 10
    }
}

#[test]
fn defect_1_a_length_of_gigabytes_in_six_bytes() {
    let hostile = Hostile::start(&[]);
    let kind = [("Content-Type", PROTOBUF)];
    for _ in 0..20 {
        hostile.check(
            "/metrics/job/a",
            &kind,
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
            400,
        );
        hostile.check(
            "/metrics/job/a",
            &kind,
            &[0x80, 0x80, 0x80, 0x80, 0x08],
            400,
        );
        hostile.check("/metrics/job/a", &kind, &[0xff; 10], 400);
    }
    assert!(hostile.memory_peak() < MEMORY_BYTES_MAX);
}

#[test]
fn defect_2_a_small_body_that_unpacks_to_much() {
    let hostile = Hostile::start(&["--push.max-decoded-bytes=4194304"]);
    let mut text = b"x{a=\"".to_vec();
    text.resize(64 << 20, b'a');
    text.extend(b"\"} 1\n");
    for encoding in ["gzip", "snappy", "zstd", "deflate"] {
        let body = promontory_tests::case::encode(encoding, &text).unwrap();
        hostile.check(
            "/metrics/job/a",
            &[("Content-Encoding", encoding)],
            &body,
            413,
        );
    }
    let plain = vec![b'\n'; 5 << 20];
    hostile.check("/metrics/job/a", &[], &plain, 413);
    assert!(hostile.memory_peak() < MEMORY_BYTES_MAX);
}

#[test]
fn a_body_beyond_the_limit_hears_the_flag_and_zero_is_no_limit() {
    let hostile = Hostile::start(&["--push.max-body-bytes=7", "--push.max-decoded-bytes=0"]);
    hostile.check("/metrics/job/a", &[], b"well 1\n", 200);
    let push = Request::new("PUT", "/metrics/job/a").body("well 10\n");
    let answer = hostile.gateway.send(&push).unwrap();
    let text = "the request body is larger than 7 bytes (--push.max-body-bytes)\n";
    assert_eq!((answer.status, &*answer.text()), (413, text));
    hostile.check_well();
}

/// Whatever is pushed, and refused as well, no more is held than is allowed.
#[test]
fn a_flood_of_groups_ends_at_the_limit() {
    let hostile = Hostile::start(&["--store.max-groups=50", "--store.max-series=200"]);
    hostile.check_well();
    let mut statuses = std::collections::BTreeMap::new();
    for number in 0..200 {
        let body = match number % 2 {
            0 => "x 1\n",
            // Without room, not even a group that says it failed.
            _ => "x 1 1000\n",
        };
        let path = format!("/metrics/job/flood{number}");
        let status = hostile.gateway.push("PUT", &path, body).unwrap();
        *statuses.entry(status).or_insert(0) += 1;
    }
    // One group is the other's.
    assert_eq!(statuses[&200] + statuses[&400], 49, "{statuses:?}");
    assert_eq!(statuses[&429], 151, "{statuses:?}");
    hostile.check_well();
    let page = hostile.gateway.scrape().unwrap();
    let groups = page
        .lines()
        .filter(|line| line.starts_with("push_time_seconds{"));
    assert_eq!(groups.count(), 50);
}

#[test]
fn defect_3_a_sample_without_a_name() {
    let hostile = Hostile::start(&[]);
    hostile.check("/metrics/job/a", &[], b"{} 1\n", 400);
    hostile.check(
        "/metrics/job/a",
        &[],
        b"# TYPE x counter\n{a=\"b\"} 2\n",
        400,
    );
}

#[test]
fn defects_4_and_5_groups_that_cannot_stand_beside_others() {
    let hostile = Hostile::start(&["--push.enable-utf8-names"]);
    hostile.check("/metrics/job/a", &[], b"x 1\n", 200);
    hostile.check("/metrics/job/a/instance/", &[], b"y 1\n", 400);
    hostile.check("/metrics/job/%ff", &[], b"x 1\n", 400);
    hostile.check("/metrics/job/a/l@base64/_w", &[], b"x 1\n", 400);
    hostile.check("/metrics/job/a/U______a/v", &[], b"x 1\n", 400);
}

#[test]
fn defect_6_an_own_name_before_its_first_use() {
    for body in [
        "pushgateway_http_push_size_bytes 1\n",
        "pushgateway_http_requests_total 1\n",
    ] {
        let hostile = Hostile::start(&[]);
        let first = Request::new("PUT", "/metrics/job/a").body(body);
        assert_eq!(hostile.gateway.send(&first).unwrap().status, 400);
        hostile.check_well();
    }
}

/// Defects 7 to 11 take the Prometheus target down or empty it; here it stays up and has what others pushed.
#[test]
fn defects_7_to_11_leave_the_prometheus_target_up() {
    let hostile = Hostile::start(&[]);
    let text = [
        (
            "/metrics/job/a/le/1",
            "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 1\n",
        ),
        ("/metrics/job/a", "x{a=\"\"} 1\nx 1\n"),
    ];
    for (path, body) in text {
        hostile.gateway.push("PUT", path, body).unwrap();
    }
    let protobuf = [
        "3:1 4:{2:{1:1.0}}",
        "1:\"\" 3:1 4:{2:{1:1.0}}",
        "1:\"x\" 3:17 4:{2:{1:1.0}}",
        "1:\"x\" 2:\"\\xff\" 3:1 4:{2:{1:1.0}}",
        "1:\"x\\xff\" 3:1 4:{2:{1:1.0}}",
        "1:\"h\" 3:4 4:{1:{1:\"le\" 2:\"5\"} 7:{1:3 2:4.5 3:{1:1 2:1.0}}}",
    ];
    for (number, family) in protobuf.iter().enumerate() {
        let push = Request::new("PUT", format!("/metrics/job/p/number/{number}"))
            .header("Content-Type", PROTOBUF)
            .body(wire::delimited(family).unwrap());
        assert_eq!(hostile.gateway.send(&push).unwrap().status, 400, "{family}");
    }
    hostile.check_well();
    let target = |job: &str, protocol| Target {
        job: job.to_owned(),
        address: hostile.gateway.address,
        protocol,
    };
    let targets = [
        target("text", Protocol::Text),
        target("protobuf", Protocol::Protobuf),
    ];
    let prometheus = Prometheus::start(hostile.folder.path(), &targets).unwrap();
    for job in ["text", "protobuf"] {
        prometheus.expect_new_scrape(job).unwrap();
    }
    prometheus.expect("well{job=\"other\"}", 1.0).unwrap();
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

#[test]
fn the_page_shows_markup_as_text() {
    let hostile = Hostile::start(&[]);
    let path = "/metrics/job/%3Cscript%3Ealert(1)%3C%2Fscript%3E/x/%22onmouseover=%22";
    let path = path.replace("%2F", "&#47;").replace('#', "%23");
    hostile.check(&path, &[], b"# HELP x <img src=x>\nx{l=\"<b>\"} 1\n", 200);
    let page = |path: &str| {
        let page = hostile.gateway.send(&Request::new("GET", path)).unwrap();
        assert_eq!(page.status, 200, "{path}");
        for bad in ["<script>alert", "<img src=x>", "<b>", "\"onmouseover"] {
            assert!(!page.text().contains(bad), "{bad} on {path}");
        }
        page.text()
    };
    let list = page("/");
    let (_, id) = list.split_once("ui/group?id=").unwrap();
    let (id, _) = id.split_once('"').unwrap();
    let group = page(&format!("/ui/group?id={id}"));
    assert!(group.contains("&#60;img src=x&#62;"), "{group}");
    page(&format!("/ui/delete?group={id}"));
    page("/?q=%3Cscript%3Ealert(1)&job=%22onmouseover=%22%3Cb%3E&sort=%3Cb%3E");
}
