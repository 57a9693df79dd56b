use promontory_exposition::format::{Format, Target};
use promontory_exposition::name::Escaping;

use super::*;

/// The page that files with these texts make, and whether anything was wrong.
fn page(texts: &[&str]) -> (String, bool) {
    let contents: Vec<Content> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| Content {
            path: format!("/{at}.prom"),
            mtime: 1,
            bytes: text.as_bytes().to_vec(),
        })
        .collect();
    let mut merged = Merged::default();
    for content in &contents {
        merged.add(content, &|name| name == "node_load1");
    }
    let mut batch = Batch::default();
    merged.write(&mut batch);
    let target = Target {
        format: Format::Text,
        escaping: Escaping::Underscores,
    };
    let mut out = Vec::new();
    batch
        .write(target, &mut out)
        .expect("what is merged is valid");
    (String::from_utf8(out).unwrap(), merged.errored())
}

#[track_caller]
fn check(texts: &[&str], samples: &[&str], errored: bool) {
    let (page, found) = page(texts);
    let lines: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!((lines, found), (samples.to_vec(), errored), "{page}");
}

#[test]
fn a_bad_file_costs_itself() {
    check(&["a 1\n", "b x\n", "c 3\n"], &["a 1", "c 3"], true);
    check(&["a 1 1000\nb 2\n", "c 3\n"], &["c 3"], true);
    check(&["node_load1 1\nb 2\n"], &["b 2"], true);
}

#[test]
fn helps() {
    let (page, errored) = page(&["a{x=\"1\"} 1\n", "a{x=\"2\"} 2\n"]);
    assert!(
        page.starts_with("# HELP a Metric read from /0.prom, /1.prom\n# TYPE a untyped\n"),
        "{page}"
    );
    assert!(!errored);
    let same = ["# HELP a A.\na{x=\"1\"} 1\n", "# HELP a A.\na{x=\"2\"} 2\n"];
    check(&same, &["a{x=\"1\"} 1", "a{x=\"2\"} 2"], false);
    let other = [
        "# HELP a A.\na{x=\"1\"} 1\n",
        "# HELP a B.\na{x=\"2\"} 2\n",
        same[1],
    ];
    check(&other, &["a{x=\"1\"} 1"], true);
}

#[test]
fn series_twice_and_types_twice() {
    check(
        &["a 1\nb 1\n", "a 2\nb{x=\"\"} 2\n"],
        &["a 1", "b 1", "b{x=\"\"} 2"],
        false,
    );
    check(
        &[
            "# TYPE a gauge\na{x=\"1\"} 1\n",
            "# TYPE a counter\na{x=\"2\"} 2\n",
        ],
        &["a{x=\"1\"} 1"],
        false,
    );
}

#[test]
fn members_get_the_labels_of_all() {
    check(
        &["a{x=\"1\"} 1\na{y=\"2\"} 2\n"],
        &["a{x=\"\",y=\"2\"} 2", "a{x=\"1\",y=\"\"} 1"],
        false,
    );
    check(&["a{__x=\"1\"} 1\nb 2\n"], &["b 2"], false);
}

#[test]
fn buckets_are_put_in_order() {
    let text =
        "# TYPE h histogram\nh_bucket{le=\"2\"} 3\nh_bucket{le=\"1\"} 1\nh_sum 4\nh_count 5\n";
    let samples = [
        "h_bucket{le=\"1\"} 1",
        "h_bucket{le=\"2\"} 3",
        "h_bucket{le=\"+Inf\"} 5",
        "h_sum 4",
        "h_count 5",
    ];
    check(&[text], &samples, false);
    check(&[text, "h_count 9\n"], &samples, false);
}
