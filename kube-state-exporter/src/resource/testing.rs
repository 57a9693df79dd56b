//! For the resources' tests: an object's samples as lines of a page.

use promontory_exposition::line::Format;

use super::Row;
use crate::lines::Lines;
use crate::samples::{Allow, Rendering, Selection};

/// The lines of one object in the order of the page: all families, also those shown only on demand, all labels and
/// annotations, no headers.
pub(super) fn lines(row: &Row, json: &str) -> String {
    let (_, lines) = page(row, json.as_bytes());
    lines
}

/// Headers and lines of a page that has one object.
fn page(row: &Row, json: &[u8]) -> (String, String) {
    let families = (row.families)();
    let all = || Allow::new(&["*".to_owned()]).0;
    let selection = Selection {
        families: (0..families.len()).collect(),
        labels: all(),
        annotations: all(),
    };
    let mut rendering = Rendering::default();
    (row.render)(json, &selection, &mut rendering).unwrap();
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
    text.split_inclusive('\n')
        .partition(|line| line.starts_with('#'))
}

/// Holds each case of a file beside what we make of its object: the headers of the real program, then, for each case,
/// `== what`, the object, and the lines that the real program's generators make of it. Within a family the order is free:
/// theirs is that of Go's maps.
pub(super) fn check(resource: &str, cases: &str) {
    let row = super::find(resource).unwrap();
    let (head, cases) = cases.split_once("\n== ").unwrap();
    let mut headers = String::new();
    for case in cases.split("\n== ") {
        let (what, rest) = case.split_once('\n').unwrap();
        let (json, expected) = rest.split_at(rest.find("\nkube_").unwrap() + 1);
        let found;
        (headers, found) = page(row, json.as_bytes());
        assert_eq!(sorted(&found), sorted(expected), "{resource}: {what}");
    }
    let is_header = |line: &&str| line.starts_with("# HELP") || line.starts_with("# TYPE");
    let expected: Vec<_> = head.lines().filter(is_header).collect();
    assert_eq!(headers.lines().collect::<Vec<_>>(), expected, "{resource}");
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
