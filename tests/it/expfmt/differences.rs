//! Where we differ from Go on purpose. One row a difference: what it is about, when it applies, why.
//!
//! A disagreement that no row explains fails the test; so does a row that explains no case of the corpus.

use std::collections::HashSet;

/// A body on which we and Go disagree.
pub(crate) struct Disagreement<'d> {
    pub(crate) format: &'static str,
    pub(crate) case: &'d str,
    pub(crate) body: &'d [u8],
    /// The dump of what we read, or our error.
    pub(crate) ours: &'d Result<String, String>,
    /// The dump of what Go read, or its error.
    pub(crate) theirs: &'d Result<String, String>,
}

struct Row {
    format: &'static str,
    reason: &'static str,
    applies: fn(&Disagreement<'_>) -> bool,
}

const ROWS: &[Row] = &[
    Row {
        format: "text",
        reason: "a HELP text that is not UTF-8: Go lets it in, and Prometheus then refuses the whole page",
        applies: |d| refused_with(d, "invalid UTF-8"),
    },
    Row {
        format: "text",
        reason: "a sample without a name: Go changes the metric of the line before and shows it twice",
        applies: |d| refused_with(d, "invalid metric name") && starts_with_brace(d),
    },
    Row {
        format: "text",
        reason: "le or quantile before the name, in braces: Go judges them by the family of the line before, and may lose them",
        applies: |d| match (d.ours, d.theirs) {
            (Ok(ours), Ok(theirs)) => {
                without_bounds(ours) == without_bounds(theirs) && has_braced(d.body)
            }
            (Ok(_), Err(error)) => {
                error.contains("for 'le' label") || error.contains("for 'quantile' label")
            }
            _ => false,
        },
    },
    Row {
        format: "openmetrics",
        reason: "text that is not UTF-8: the specification forbids it; textparse looks at some places only",
        applies: |d| refused_with(d, "invalid UTF-8"),
    },
    Row {
        format: "openmetrics",
        reason: "one label name twice: Prometheus refuses the scrape later",
        applies: |d| refused_with(d, "the label stands twice"),
    },
    Row {
        format: "openmetrics",
        reason: "a label called __name__: a second name for the series",
        applies: |d| refused_with(d, "the name stands before the braces"),
    },
    Row {
        format: "openmetrics",
        reason: "an empty name: Prometheus refuses the scrape later",
        applies: |d| refused_with(d, "expected a") && contains(d.body, b"\"\""),
    },
    Row {
        format: "openmetrics",
        reason: "a line feed within a quoted name: the specification wants it escaped",
        applies: |d| {
            refused_with(d, "a quoted name does not end")
                || refused_with(d, "expected a metric name, got \"\\\"")
        },
    },
    Row {
        format: "openmetrics",
        reason: "a NUL byte: textparse's lexer takes it for the end, or passes over it",
        applies: |d| d.body.contains(&0),
    },
    Row {
        format: "openmetrics",
        reason: "escapes in the labels of an exemplar, or in a name behind TYPE: textparse leaves them as they are",
        applies: |d| match (d.ours, d.theirs) {
            (Ok(ours), Ok(theirs)) => unescaped(ours) == unescaped(theirs),
            _ => false,
        },
    },
    Row {
        format: "openmetrics",
        reason: "a time beyond what a float of milliseconds holds: Go's sample times turn negative, its exemplar times lose digits",
        applies: |d| match (d.ours, d.theirs) {
            (Ok(ours), Ok(theirs)) => without_long_times(ours) == without_long_times(theirs),
            _ => false,
        },
    },
    Row {
        format: "protobuf",
        reason: "a family without a name: Go lets it in, and every scrape of the real pushgateway is empty from then on",
        applies: |d| refused_with(d, "has no name"),
    },
    Row {
        format: "protobuf",
        reason: "an unknown type: Go lets it in, and Prometheus then refuses the whole page",
        applies: |d| refused_with(d, "unknown metric type"),
    },
    Row {
        format: "protobuf",
        reason: "text that is not UTF-8: Go does not look, and Prometheus then refuses the whole page",
        applies: |d| refused_with(d, "not valid UTF-8"),
    },
    Row {
        format: "protobuf",
        reason: "a value of another kind than the family's: Go finds out later, in the registry; our model cannot hold it",
        applies: |d| refused_with(d, "a metric of the family is not a"),
    },
    Row {
        format: "protobuf",
        reason: "a value of another kind beside the right one: Go keeps both and its writers print the right one; we keep that",
        applies: |d| match (d.ours, d.theirs) {
            (Ok(ours), Ok(theirs)) => is_part_of(ours, theirs),
            _ => false,
        },
    },
];

fn refused_with(disagreement: &Disagreement<'_>, essence: &str) -> bool {
    disagreement.theirs.is_ok()
        && matches!(disagreement.ours, Err(error) if error.contains(essence))
}

/// Whether some line starts with a brace.
fn has_braced(body: &[u8]) -> bool {
    let mut lines = body.split(|&byte| byte == b'\n');
    lines.any(|line| line.trim_ascii_start().starts_with(b"{"))
}

/// Whether the line that our error names starts with a brace.
fn starts_with_brace(disagreement: &Disagreement<'_>) -> bool {
    let lines = disagreement.body.split(|&byte| byte == b'\n');
    let braced = lines
        .enumerate()
        .filter(|(_, line)| line.trim_ascii_start().starts_with(b"{"))
        .map(|(at, _)| format!("line {}: ", at + 1));
    let error = disagreement.ours.as_ref().err();
    error.is_some_and(|error| braced.into_iter().any(|place| error.starts_with(&place)))
}

/// A dump without its bounds, be they labels, buckets or quantiles.
fn without_bounds(dump: &str) -> Vec<&str> {
    let is_bound = |line: &&str| line.starts_with("   bucket ") || line.starts_with("   quantile ");
    let label = |word: &&str| word.starts_with("\"le\"=") || word.starts_with("\"quantile\"=");
    let lines = dump.split_inclusive('\n').filter(|line| !is_bound(line));
    let words = lines.flat_map(|line| line.split_inclusive(char::is_whitespace));
    words.filter(|word| !label(word)).map(str::trim).collect()
}

fn contains(body: &[u8], piece: &[u8]) -> bool {
    body.windows(piece.len()).any(|window| window == piece)
}

fn unescaped(dump: &str) -> String {
    dump.replace(r"\x5cn", r"\x0a")
        .replace(r"\x5c\x22", r"\x22")
        .replace(r"\x5c\x5c", r"\x5c")
}

/// A dump without the times that have sixteen digits or more.
fn without_long_times(dump: &str) -> Vec<&str> {
    dump.split_whitespace()
        .filter(|word| !word.starts_with('@') || word.len() <= 16)
        .collect()
}

/// Whether every line of `part` stands in `whole`, in that order.
fn is_part_of(part: &str, whole: &str) -> bool {
    let mut whole = whole.lines();
    part.lines()
        .all(|line| whole.any(|candidate| candidate == line))
}

/// Collects disagreements; drop nothing, report all at the end.
#[derive(Default)]
pub(crate) struct Judge {
    used: HashSet<&'static str>,
    unexplained: Vec<String>,
}

impl Judge {
    pub(crate) fn hear(&mut self, disagreement: &Disagreement<'_>) {
        let row = ROWS
            .iter()
            .find(|row| row.format == disagreement.format && (row.applies)(disagreement));
        if let Some(row) = row {
            self.used.insert(row.reason);
            return;
        }
        let Disagreement {
            format,
            case,
            body,
            ours,
            theirs,
        } = disagreement;
        let body = String::from_utf8_lossy(body);
        self.unexplained.push(format!(
            "{format}, {case}:\n{body:?}\nours:\n{}\ntheirs:\n{}\n",
            shown(ours),
            shown(theirs)
        ));
    }

    /// Fails on what no row explains.
    pub(crate) fn unexplained(&self) {
        let count = self.unexplained.len();
        let first = self
            .unexplained
            .iter()
            .take(12)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            count == 0,
            "{count} disagreements without a reason; the first:\n{first}"
        );
    }

    /// Fails on rows of a format that explained nothing.
    pub(crate) fn stale(&self, format: &str) {
        let stale: Vec<_> = ROWS
            .iter()
            .filter(|row| row.format == format && !self.used.contains(row.reason))
            .map(|row| row.reason)
            .collect();
        assert!(
            stale.is_empty(),
            "these differences no longer occur in the corpus: {stale:#?}"
        );
    }
}

fn shown(result: &Result<String, String>) -> String {
    match result {
        Ok(dump) => dump.clone(),
        Err(error) => format!("error: {error}"),
    }
}
