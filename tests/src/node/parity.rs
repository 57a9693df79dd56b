//! Ours and the real node exporter side by side: the same flags, the same tree, the same questions.
//!
//! `tests/fixtures/node/differences.txt` names each difference on purpose under its reason. [`check`] fails on a
//! difference that is not listed, and on a listed one that no longer occurs, so the list stays true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::Read;

use anyhow::{Context, Result, ensure};
use promontory_exposition::format::{Format, Limits, Target, read, write};
use promontory_exposition::name::Escaping;

use super::page::Scene;
use super::tree::Tree;
use super::{Exporter, Which};
use crate::http::Response;

/// How often a machine is read anew before a difference counts: devices and mounts of others come and go.
const READS_MAX: usize = 10;

/// Two programs and the questions they are asked.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Unique; the list of differences uses it.
    pub name: &'static str,
    /// The machine; none for the one the test runs on.
    pub tree: Option<fn() -> Result<Tree>>,
    /// Flags, with white space between them. `$TREE` is the tree.
    pub flags: &'static str,
    /// What follows `/metrics`, each with its answer compared; the first one in every format.
    pub queries: &'static [&'static str],
}

/// Accept headers that each get another format, or did once.
const ACCEPTS: [&str; 4] = [
    "",
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    "text/html,*/*;q=0.8",
];

/// Runs all cases, and compares what differs with the list.
///
/// # Errors
/// If a program fails to start, or the outcome is not as listed; the message shows each difference.
pub fn check(cases: &[Case]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for case in cases {
        let found = run(case).with_context(|| case.name.to_owned())?;
        seen.extend(found.into_iter().map(|line| format!("{}{line}", case.name)));
    }
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    ensure!(names.len() == cases.len(), "two cases of one name");
    report(&names, &seen)
}

/// Everything in which the two differ.
fn run(case: &Case) -> Result<Vec<String>> {
    let pair = Pair::start(case)?;
    let mut found = Vec::new();
    for query in case.queries {
        found.extend(pair.settled(|pair| pair.ask(query))?);
    }
    let first = case.queries.first().copied().unwrap_or_default();
    for accept in ACCEPTS {
        found.extend(pair.settled(|pair| pair.ask_for(first, accept))?);
    }
    found.extend(pair.settled(|pair| pair.growth(first))?);
    found.sort();
    found.dedup();
    Ok(found)
}

/// Ours and the real program with the same flags.
struct Pair {
    ours: Exporter,
    real: Exporter,
    scene: Scene,
    /// The path of the tree, which is another one each time.
    place: Option<String>,
    _tree: Option<Tree>,
    _folder: tempfile::TempDir,
}

impl Pair {
    fn start(case: &Case) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let tree = case.tree.map(|make| make()).transpose()?;
        let mut flags = tree.as_ref().map(Tree::flags).unwrap_or_default();
        let place = tree.as_ref().map(|tree| tree.path().display().to_string());
        let known = place.as_deref().unwrap_or_default();
        flags.extend(
            case.flags
                .split_whitespace()
                .map(|flag| flag.replace("$TREE", known)),
        );
        let scene = Scene {
            machine: tree.is_none(),
            netlink: !case.flags.contains("--no-collector.netdev.netlink"),
        };
        Ok(Self {
            ours: Exporter::start(Which::Ours, &flags, folder.path())?,
            real: Exporter::start(Which::Real, &flags, folder.path())?,
            scene,
            place,
            _tree: tree,
            _folder: folder,
        })
    }

    /// What still differs after some readings; a tree does not change, so one reading is enough there.
    fn settled(&self, ask: impl Fn(&Self) -> Result<Vec<String>>) -> Result<Vec<String>> {
        let mut found = ask(self)?;
        for _ in 1..READS_MAX {
            if found.is_empty() || !self.scene.machine && !self.scene.netlink {
                break;
            }
            found = ask(self)?;
        }
        Ok(found)
    }

    /// Compares the answers to one query, plain and compressed.
    fn ask(&self, query: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for encoding in ["", "gzip"] {
            let headers = [("Accept-Encoding", encoding)];
            let headers = if encoding.is_empty() {
                &[][..]
            } else {
                &headers
            };
            let path = format!("/metrics{query}");
            let (real, ours) = (self.real(&path, headers), self.ours.get(&path, headers)?);
            let lines = compare(&self.lines(&real)?, &self.lines(&ours)?);
            found.extend(lines.into_iter().map(|line| format!("{query} / {line}")));
        }
        Ok(found)
    }

    /// Compares the answers to one `Accept` header.
    fn ask_for(&self, query: &str, accept: &str) -> Result<Vec<String>> {
        let (path, headers) = (format!("/metrics{query}"), [("Accept", accept)]);
        let (real, ours) = (self.real(&path, &headers), self.ours.get(&path, &headers)?);
        let lines = compare(&self.lines(&real)?, &self.lines(&ours)?);
        Ok(lines
            .into_iter()
            .map(|line| format!("{query} / {line}"))
            .collect())
    }

    /// The real program's answer; status 0 if it died of the question.
    fn real(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.real.get(path, headers).unwrap_or(Response {
            status: 0,
            headers: Vec::new(),
            body: Vec::new(),
        })
    }

    /// What grows must lie between two readings of the real program.
    fn growth(&self, query: &str) -> Result<Vec<String>> {
        let path = format!("/metrics{query}");
        let before = self.real(&path, &[]).text();
        let ours = self.ours.get(&path, &[])?.text();
        let after = self.real(&path, &[]).text();
        let beyond = self.scene.beyond(&before, &ours, &after);
        Ok(beyond
            .into_iter()
            .map(|line| format!("{query} / ours {line}"))
            .collect())
    }

    /// Status and headers of an answer that make a difference to a scraper, and the lines of its page.
    fn lines(&self, response: &Response) -> Result<Vec<String>> {
        let mut lines = vec![format!("status {}", response.status)];
        for name in ["content-type", "content-encoding"] {
            let value = response.header(name).unwrap_or_default();
            lines.push(format!("{name} {value}"));
        }
        let page = text(response)?;
        let page = match &self.place {
            Some(place) => page.replace(place, "$TREE"),
            None => page,
        };
        lines.extend(self.scene.lines(&page));
        Ok(lines)
    }
}

/// The body of an answer as text, whatever its format and encoding.
#[expect(
    clippy::disallowed_methods,
    reason = "another reader of gzip than ours, on answers of programs that this test started"
)]
fn text(response: &Response) -> Result<String> {
    let mut body = response.body.clone();
    if response.header("content-encoding") == Some("gzip") {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(&*body).read_to_end(&mut plain)?;
        body = plain;
    }
    let format = response.header("content-type").unwrap_or_default();
    if format.starts_with("application/vnd.google.protobuf") {
        body = as_text(&body)?;
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Delimited protobuf in the words of the text format.
fn as_text(body: &[u8]) -> Result<Vec<u8>> {
    let limits = Limits {
        metrics: 1_000_000,
        labels: 1_000,
    };
    let target = Target {
        format: Format::Text,
        escaping: Escaping::AllowUtf8,
    };
    let families = match read(Format::Protobuf, body, &limits) {
        Ok(families) => families,
        // What cannot be read is the same in both, or a difference.
        Err(error) => return Ok(format!("{error}\n").into_bytes()),
    };
    let mut text = Vec::new();
    write(target, &families, &mut text)?;
    Ok(text)
}

/// The lines that only one of the two has, and whether those of both stand in another order; where the statuses
/// differ, only these.
pub fn compare(real: &[String], ours: &[String]) -> Vec<String> {
    if real == ours {
        return Vec::new();
    }
    let status = |lines: &[String]| lines.first().cloned().unwrap_or_default();
    if status(real) != status(ours) {
        return vec![
            format!("real {}", status(real)),
            format!("ours {}", status(ours)),
        ];
    }
    let (only_real, common) = subtract(real, ours);
    let (only_ours, same) = subtract(ours, real);
    let mut lines: Vec<String> = only_real
        .iter()
        .map(|line| format!("real {line}"))
        .collect();
    lines.extend(only_ours.iter().map(|line| format!("ours {line}")));
    if let Some((first, _)) = common.iter().zip(&same).find(|(a, b)| a != b) {
        lines.push(format!("another order from {first}"));
    }
    lines
}

/// The lines of `left` that `right` lacks, and those it has.
fn subtract<'l>(left: &'l [String], right: &[String]) -> (Vec<&'l String>, Vec<&'l String>) {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for line in right {
        *counts.entry(line).or_default() += 1;
    }
    left.iter().partition(|line| match counts.get_mut(line) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    })
}

/// Holds what was seen against the list: lines `CASE?QUERY / real LINE`. A listed line ends with `…` where only its beginning counts; its case may be
/// `*` for all.
fn report(cases: &BTreeSet<&str>, seen: &BTreeSet<String>) -> Result<()> {
    let path = crate::root().join("tests/fixtures/node/differences.txt");
    let text = std::fs::read_to_string(path)?;
    let of_these = |line: &&str| {
        let case = line.split(" / ").next().unwrap_or_default();
        let case = case.split('?').next().unwrap_or_default();
        case == "*" || cases.contains(case)
    };
    let listed: Vec<&str> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter(of_these)
        .collect();
    let fits = |row: &str, line: &str| {
        let line = match row.strip_prefix("* / ") {
            Some(_) => line.split_once(" / ").map_or("", |(_, line)| line),
            None => line,
        };
        let row = row.strip_prefix("* / ").unwrap_or(row);
        match row.strip_suffix('…') {
            Some(begin) => line.starts_with(begin),
            None => line == row,
        }
    };
    let mut message = String::new();
    for line in seen {
        if !listed.iter().any(|row| fits(row, line)) {
            writeln!(message, "not listed: {line}")?;
        }
    }
    for row in &listed {
        if !seen.iter().any(|line| fits(row, line)) {
            writeln!(message, "listed, but gone: {row}")?;
        }
    }
    eprintln!(
        "{} cases, {} differences, {} rows of the list.",
        cases.len(),
        seen.len(),
        listed.len()
    );
    ensure!(
        message.is_empty(),
        "the differences are not as tests/fixtures/node/differences.txt lists them\n{message}"
    );
    Ok(())
}
