//! What hostile pushes do to those who read: Prometheus and a browser.

use promontory_tests::http::Request;
use promontory_tests::prometheus::{Prometheus, Protocol, Target};
use promontory_tests::wire;

use super::{Hostile, PROTOBUF};

/// Defects 7 to 11 take the Prometheus target down or empty it; here it stays up and has what others pushed.
#[test]
fn a_prometheus_target_stays_up_after_all_of_them() {
    let hostile = Hostile::start(&[]);
    let kind = [("Content-Type", PROTOBUF)];
    for family in [
        "3:1 4:{2:{1:1.0}}",
        "1:\"x\" 3:17 4:{2:{1:1.0}}",
        "1:\"x\" 2:\"\\xff\" 3:1 4:{2:{1:1.0}}",
        "1:\"h\" 3:4 4:{1:{1:\"le\" 2:\"5\"} 7:{1:3 2:4.5 3:{1:1 2:1.0}}}",
    ] {
        hostile.put("/metrics/job/p", &kind, &wire::delimited(family).unwrap());
    }
    let text = b"x{a=\"\"} 1\nx 1\n";
    hostile.put("/metrics/job/a", &[], text);
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

#[test]
fn the_page_shows_markup_as_text() {
    let hostile = Hostile::start(&[]);
    let path = "/metrics/job/%3Cscript%3Ealert(1)%3C%2Fscript%3E/x/%22onmouseover=%22";
    let path = path.replace("%2F", "&#47;").replace('#', "%23");
    hostile.check(&path, &[], b"# HELP x <img src=x>\nx{l=\"<b>\"} 1\n", 200);
    let page = hostile.gateway.send(&Request::new("GET", "/")).unwrap();
    assert_eq!(page.status, 200);
    for bad in ["<script>alert", "<img src=x>", "<b>", "\"onmouseover"] {
        assert!(!page.text().contains(bad), "{bad}");
    }
}
