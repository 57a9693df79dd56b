//! A persistence file of the real pushgateway is taken over: nothing it shows is missing or different here.

use std::path::Path;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::Request;
use promontory_tests::process::signal;
use serde_json::Value;

/// Text bodies of every type text can carry, in groups with all kinds of labels.
const TEXTS: &[(&str, &str)] = &[
    (
        "/metrics/job/a",
        "# HELP c A counter.\n# TYPE c counter\nc{l=\"1\"} 1e300\nc{l=\"é\\n\\\"\"} +Inf\n",
    ),
    (
        "/metrics/job/a/instance/i",
        "# TYPE g gauge\ng -0\ng{x=\"2\"} NaN\ng{x=\"1\"} -Inf\n",
    ),
    (
        "/metrics/job/b/empty@base64/=",
        "untyped_without_help{a=\"b\"} 12.5\n",
    ),
    (
        "/metrics/job@base64/L3NsYXNoLw/path@base64/w7w",
        "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.9\"} 2\ns_sum 3\ns_count 4\n",
    ),
    (
        "/metrics/job/h",
        "# TYPE h histogram\nh_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 1.5\nh_count 3\n",
    ),
    ("/metrics/job/nothing", ""),
];

/// A family in protobuf: a native histogram with exemplars, both kinds of buckets and created times. Field by field:
/// `client_model/io/prometheus/client/metrics.proto`.
fn native() -> Vec<u8> {
    let double = |field: u8, value: f64| {
        let mut bytes = vec![field << 3 | 1];
        bytes.extend(value.to_le_bytes());
        bytes
    };
    let varint = |field: u32, value: u64| {
        let mut bytes = Vec::new();
        write_varint(u64::from(field << 3), &mut bytes);
        write_varint(value, &mut bytes);
        bytes
    };
    let message = |field: u32, parts: &[Vec<u8>]| {
        let content = parts.concat();
        let mut bytes = Vec::new();
        write_varint(u64::from(field << 3 | 2), &mut bytes);
        write_varint(content.len() as u64, &mut bytes);
        bytes.extend(content);
        bytes
    };
    let text = |field: u32, text: &str| message(field, &[text.as_bytes().to_vec()]);
    let label = |name: &str, value: &str| message(1, &[text(1, name), text(2, value)]);
    let time = |field: u32| message(field, &[varint(1, 1_700_000_000), varint(2, 5)]);
    let exemplar = |field: u32| message(field, &[label("trace_id", "t"), double(2, 0.3), time(3)]);
    // Spans begin at bucket 0; zigzag deltas 1 and 0: one observation in each of two buckets.
    let span = |field: u32| message(field, &[varint(1, 0), varint(2, 2)]);
    let histogram = message(
        7,
        &[
            varint(1, 7),
            double(2, 2.5),
            message(3, &[varint(1, 3), double(2, 0.5), exemplar(3)]),
            varint(5, 3 << 1),
            double(6, 0.001),
            varint(7, 3),
            span(9),
            varint(10, 2),
            varint(10, 0),
            span(12),
            varint(13, 2),
            varint(13, 0),
            time(15),
            exemplar(16),
        ],
    );
    let family = [
        text(1, "native_seconds"),
        text(2, "Native and classic at once."),
        varint(3, 4),
        message(4, &[label("l", "v"), histogram]),
    ];
    let counter = [
        text(1, "with_exemplar_total"),
        varint(3, 0),
        message(4, &[message(3, &[double(1, 5.0), exemplar(2), time(3)])]),
    ];
    let gauge_histogram = [
        text(1, "gauge_histogram"),
        varint(3, 5),
        message(
            4,
            &[message(
                7,
                &[
                    double(4, 1.5),
                    double(2, -2.5),
                    message(3, &[double(4, 0.5), double(2, 1.0)]),
                ],
            )],
        ),
    ];
    let mut body = Vec::new();
    for family in [&family[..], &counter[..], &gauge_histogram[..]] {
        let content = family.concat();
        write_varint(content.len() as u64, &mut body);
        body.extend(content);
    }
    body
}

fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

fn flags(file: &Path) -> Vec<String> {
    vec![
        format!("--persistence.file={}", file.display()),
        "--push.enable-utf8-names".to_owned(),
    ]
}

/// What a gateway shows of what was pushed: each line of the page, and the JSON API with its groups in order.
fn shown(gateway: &Gateway) -> (Vec<String>, Vec<Value>) {
    let page = gateway.scrape().unwrap();
    let pushed = |line: &&str| {
        let name = line
            .trim_start_matches("# HELP ")
            .trim_start_matches("# TYPE ");
        !["go_", "process_", "pushgateway_"]
            .iter()
            .any(|own| name.starts_with(own))
    };
    let lines = page.lines().filter(pushed).map(str::to_owned).collect();
    let api = gateway
        .send(&Request::new("GET", "/api/v1/metrics"))
        .unwrap();
    let mut api: Value = serde_json::from_str(&api.text()).unwrap();
    let mut groups = api["data"].as_array_mut().unwrap().clone();
    for group in &mut groups {
        for family in group.as_object_mut().unwrap().values_mut() {
            // The same moment, in the zone of the one and to the second of both.
            if let Some(Value::String(time)) = family.get_mut("time_stamp") {
                let seconds = time.get(16..19).map(str::to_owned);
                *time = seconds.unwrap_or_default();
            }
        }
    }
    groups.sort_by_key(|group| group["labels"].to_string());
    (lines, groups)
}

/// Fills a real gateway, stops it so that it saves, and gives what it showed.
fn fill(file: &Path, folder: &Path) -> (Vec<String>, Vec<Value>) {
    let mut real = Gateway::start(Which::Real, &flags(file), folder).unwrap();
    for (path, body) in TEXTS {
        assert_eq!(real.push("PUT", path, body).unwrap(), 200, "{path}");
    }
    let push = Request::new("POST", "/metrics/job/a/U__dots_2e_in/x")
        .header("content-type", PROTOBUF)
        .body(native());
    let answer = real.send(&push).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    // A push that fails sets the time of the last failure.
    assert_eq!(
        real.push("POST", "/metrics/job/h", "# TYPE c gauge\nc 1\n")
            .unwrap(),
        400
    );
    let shown = shown(&real);
    signal(real.process.pid(), "TERM").unwrap();
    real.process.wait().unwrap();
    shown
}

#[test]
fn a_file_of_the_real_program_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held");
    let before = fill(&file, folder.path());
    assert!(
        before
            .0
            .iter()
            .any(|line| line.starts_with("native_seconds_bucket")),
        "{before:?}"
    );
    let gob = std::fs::read(&file).unwrap();
    for start in ["first", "second"] {
        let mut ours = Gateway::start(Which::Ours, &flags(&file), folder.path()).unwrap();
        let after = shown(&ours);
        assert_eq!(after.0, before.0, "{start} start");
        assert_eq!(after.1, before.1, "{start} start");
        assert_eq!(
            ours.process.log().contains("Took over"),
            start == "first",
            "{start}"
        );
        signal(ours.process.pid(), "TERM").unwrap();
        ours.process.wait().unwrap();
    }
    let kept: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.display().to_string().contains("held.gob-"))
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(
        std::fs::read(&kept[0]).unwrap(),
        gob,
        "the old file is kept as it was"
    );
}

/// Even without a single group the file says what it is.
#[test]
fn an_empty_file_of_the_real_program_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held");
    let mut real = Gateway::start(Which::Real, &flags(&file), folder.path()).unwrap();
    assert_eq!(real.push("PUT", "/metrics/job/a", "x 1\n").unwrap(), 200);
    assert_eq!(real.push("DELETE", "/metrics/job/a", "").unwrap(), 202);
    signal(real.process.pid(), "TERM").unwrap();
    real.process.wait().unwrap();
    let ours = Gateway::start(Which::Ours, &flags(&file), folder.path()).unwrap();
    assert_eq!(shown(&ours).1, Vec::<Value>::new());
}

/// To the real program the name that says here when a group expires is one like any other: it must not delete the group.
#[test]
fn a_family_named_like_the_time_a_group_expires_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held");
    let mut real = Gateway::start(Which::Real, &flags(&file), folder.path()).unwrap();
    let body = "# TYPE push_expiry_time_seconds gauge\npush_expiry_time_seconds 5\nx 1\n";
    assert_eq!(real.push("PUT", "/metrics/job/a", body).unwrap(), 200);
    signal(real.process.pid(), "TERM").unwrap();
    real.process.wait().unwrap();
    let ours = Gateway::start(Which::Ours, &flags(&file), folder.path()).unwrap();
    let page = ours.scrape().unwrap();
    assert!(page.contains("\nx{instance=\"\",job=\"a\"} 1\n"), "{page}");
    assert!(!page.contains("push_expiry_time_seconds"), "{page}");
    let log = ours.process.log();
    assert!(log.contains("push_expiry_time_seconds"), "{log}");
}

/// A file cut off or spoiled is refused and left as it is, or read as something else than it was; never a crash.
#[test]
fn a_broken_file_of_the_real_program_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held");
    fill(&file, folder.path());
    let whole = std::fs::read(&file).unwrap();
    for length in [whole.len() - 1, whole.len() / 2, 200, 10] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let output = std::process::Command::new(Which::Ours.program().unwrap())
            .args(flags(&file))
            .arg("--web.listen-address=127.0.0.1:0")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{length} bytes");
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(log.contains("left as it is"), "{length} bytes: {log}");
        assert_eq!(std::fs::read(&file).unwrap(), &whole[..length]);
    }
}
