//! For the resources' tests: an object's samples as lines of a page.

use promontory_exposition::line::Format;

use super::Row;
use crate::lines::Lines;
use crate::samples::{Allow, Rendering, Selection};

/// The lines of one object in the order of the page: all families, also those shown only on demand, all labels and
/// annotations, no headers.
pub(super) fn lines(row: &Row, json: &str) -> String {
    let families = (row.families)();
    let all = || Allow::new(&["*".to_owned()]).0;
    let selection = Selection {
        families: (0..families.len()).collect(),
        labels: all(),
        annotations: all(),
    };
    let mut rendering = Rendering::default();
    (row.render)(json.as_bytes(), &selection, &mut rendering).unwrap();
    let lines = Lines::new(families, 1);
    lines.begin_list(0);
    lines.put(0, &rendering);
    lines.end_list(0);
    let mut text = Vec::new();
    lines.page().unwrap().text(Format::Text, |piece| {
        text.append(piece);
        true
    });
    let text = String::from_utf8(text).unwrap();
    let samples = text.split_inclusive('\n');
    samples.filter(|line| !line.starts_with('#')).collect()
}

/// Holds each case of a file beside what we make of its object: `== what`, the object, then the lines that the real
/// program's generators make of it. Within a family the order is free: theirs is that of Go's maps.
pub(super) fn check(resource: &str, cases: &str) {
    let row = super::find(resource).unwrap();
    let cases: Vec<_> = cases.split("\n== ").skip(1).collect();
    assert!(!cases.is_empty(), "no cases");
    for case in cases {
        let (what, rest) = case.split_once('\n').unwrap();
        let (json, expected) = rest.split_at(rest.find("\nkube_").unwrap() + 1);
        let found = lines(row, json);
        assert_eq!(sorted(&found), sorted(expected), "{resource}: {what}");
    }
}

/// The lines, sorted within each family.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    let family = |line: &str| line.split(['{', ' ']).next().map(str::to_owned);
    for lines in lines.chunk_by_mut(|a, b| family(a) == family(b)) {
        lines.sort_unstable();
    }
    lines
}
