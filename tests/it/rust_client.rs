//! The push client of `promontory_exporter` against both gateways: groups of every spelling arrive, are changed, and go.

use std::path::Path;

use promontory_exporter::push::{Body, PushError, Pusher};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;
use promontory_tests::gateway::{Gateway, Which};

/// Grouping values that paths make hard.
const VALUES: &[&str] = &[
    "plain",
    "",
    "/",
    "..",
    "a b+c%2F?#",
    "é\u{1F300}",
    "x@base64",
];

#[test]
fn groups_arrive_as_meant_at_both_gateways() {
    let shown = [Which::Ours, Which::Real].map(|which| {
        let folder = tempfile::tempdir().unwrap();
        groups(which, folder.path())
    });
    assert_eq!(shown[0], shown[1]);
}

/// What a gateway shows after the client has pushed, added to and deleted groups.
fn groups(which: Which, folder: &Path) -> Vec<String> {
    let gateway = Gateway::start(which, &[], folder).unwrap();
    let of = |value: &str| {
        let pusher = Pusher::new(&gateway.address.to_string(), "the/job").unwrap();
        pusher.grouping("value", value).unwrap()
    };
    let mut batch = Batch::default();
    for (kind, value) in [("a", 1.0), ("b", f64::NAN)] {
        let mut family = batch.family(Header::gauge("backup", "Backups."));
        family.sample(&[("kind", kind)], value);
    }
    let body = Body::batch(&batch).unwrap();
    for value in VALUES {
        of(value).put(&body).unwrap();
        of(value).add(&Body::text("more 1\n")).unwrap();
    }
    of("plain").delete().unwrap();
    of("nobody").delete().unwrap();
    let error = of("").put(&Body::text("x{\n")).unwrap_err();
    assert!(
        matches!(error, PushError::Refused { status: 400, .. }),
        "{error}"
    );

    let page = gateway.scrape().unwrap();
    let pushed = page
        .lines()
        .filter(|line| line.starts_with("backup{") || line.starts_with("more{"));
    let pushed: Vec<String> = pushed.map(str::to_owned).collect();
    assert_eq!(pushed.len(), 3 * (VALUES.len() - 1), "{page}");
    pushed
}
