//! Runs cases on ours and the real pushgateway side by side and holds every difference against one list.
//!
//! `tests/cases/differences.txt` names each difference on purpose under its reason. [`check`] fails on a difference that
//! is not listed, and on a listed one that no longer occurs, so the list stays true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::{Context, Result};

use crate::case::{Case, File};
use crate::gateway::{Gateway, Which};
use crate::http::{Request, Response};
use crate::state;

/// How often two states are read before they count as different: without the consistency check both programs apply
/// pushes after answering them.
const READS_MAX: usize = 200;

/// Runs `tests/cases/NAME.case` on both programs.
///
/// # Errors
/// If a program fails to start or the outcome is not as listed; the message shows each difference.
pub fn check(name: &str) -> Result<()> {
    let file = File::read(name)?;
    let pair = Pair::start(&file.flags)?;
    let mut seen = BTreeSet::new();
    let mut statuses = Vec::new();
    for case in &file.cases {
        let outcome = pair
            .run(case)
            .with_context(|| format!("{name} / {}", case.name))?;
        statuses.extend(
            case.steps
                .iter()
                .map(|step| step.line)
                .zip(outcome.real_statuses),
        );
        seen.extend(
            outcome
                .differences
                .into_iter()
                .map(|line| format!("{name} / {}: {line}", case.name)),
        );
    }
    if std::env::var_os("PROMONTORY_BLESS").is_some() {
        File::bless(&file.path, &statuses)?;
    } else {
        let expected = file.cases.iter().flat_map(|case| &case.steps);
        for (step, (line, status)) in expected.zip(&statuses) {
            if step.status != Some(*status) {
                seen.insert(format!(
                    "{name}.case line {}: the real program answers {status}",
                    line + 1
                ));
            }
        }
    }
    report(name, file.cases.len(), &seen)
}

/// Ours and the real program with the same flags.
#[derive(Debug)]
pub struct Pair {
    /// Ours, on a durable store.
    pub ours: Gateway,
    /// The real one, in memory.
    pub real: Gateway,
    /// Whether a push is answered only after it is applied.
    checked: bool,
    /// Whether `PUT /api/v1/admin/wipe` works.
    wipes: bool,
    _folder: tempfile::TempDir,
}

/// What a case showed.
#[derive(Debug)]
pub struct Outcome {
    /// Statuses of the real program, a step each.
    pub real_statuses: Vec<u16>,
    /// One line for each difference.
    pub differences: Vec<String>,
}

impl Pair {
    /// Starts both with these flags.
    ///
    /// # Errors
    /// If one does not start.
    pub fn start(flags: &[String]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut durable = flags.to_vec();
        if !flags.iter().any(|flag| flag.starts_with("--persistence")) {
            durable.push(format!(
                "--persistence.file={}",
                folder.path().join("ours.db").display()
            ));
        }
        Ok(Self {
            ours: Gateway::start(Which::Ours, &durable, folder.path())?,
            real: Gateway::start(Which::Real, flags, folder.path())?,
            checked: !flags
                .iter()
                .any(|flag| flag == "--push.disable-consistency-check"),
            wipes: flags.iter().any(|flag| flag == "--web.enable-admin-api"),
            _folder: folder,
        })
    }

    /// Empties both, runs the steps and compares answers and states.
    ///
    /// # Errors
    /// If a program stops answering.
    pub fn run(&self, case: &Case) -> Result<Outcome> {
        self.wipe()?;
        let mut outcome = Outcome {
            real_statuses: Vec::new(),
            differences: Vec::new(),
        };
        let mut deleted = false;
        for (index, step) in case.steps.iter().enumerate() {
            if deleted && step.request.method == "GET" {
                self.settle()?;
            }
            deleted = step.request.method == "DELETE" || step.request.path.ends_with(b"/wipe");
            let answer =
                |gateway| state::answer(&send(gateway, &step.request), step.keep.as_deref());
            let (mut ours, mut real) = (answer(&self.ours), answer(&self.real));
            for _ in 0..READS_MAX {
                if ours == real || self.checked || step.request.method != "GET" {
                    break;
                }
                (ours, real) = (answer(&self.ours), answer(&self.real));
            }
            outcome
                .real_statuses
                .push(real[0].trim_start_matches("status ").parse()?);
            outcome
                .differences
                .extend(compare(&format!("step {}", index + 1), &real, &ours));
        }
        let states = self.compare_states()?;
        // Answered differently, a push leaves other states behind: that follows and needs no list of its own.
        if outcome
            .differences
            .iter()
            .any(|line| line.contains(": real status "))
            && !states.is_empty()
        {
            outcome.differences.push("state".to_owned());
        } else {
            outcome.differences.extend(states);
        }
        Ok(outcome)
    }

    /// The differences between the two whole states.
    ///
    /// # Errors
    /// If a program stops answering.
    pub fn compare_states(&self) -> Result<Vec<String>> {
        self.settle()?;
        let mut differences = Vec::new();
        for _ in 0..READS_MAX {
            differences = compare(
                "state",
                &state::whole(&self.real)?,
                &state::whole(&self.ours)?,
            );
            if differences.is_empty() || self.checked {
                break;
            }
        }
        Ok(differences)
    }

    /// Empties both, where the flags allow it.
    ///
    /// # Errors
    /// If a program stops answering.
    pub fn wipe(&self) -> Result<()> {
        if self.wipes {
            for gateway in [&self.ours, &self.real] {
                gateway.push("PUT", "/api/v1/admin/wipe", "")?;
            }
            self.settle()?;
        }
        Ok(())
    }

    fn settle(&self) -> Result<()> {
        state::settle(&self.ours)?;
        state::settle(&self.real)
    }
}

/// Sends a request; a dropped connection counts as status 0.
fn send(gateway: &Gateway, request: &Request) -> Response {
    gateway.send(request).unwrap_or(Response {
        status: 0,
        headers: Vec::new(),
        body: Vec::new(),
    })
}

/// The lines that only one of the two has, as sentences; where the first lines (the statuses) differ, only these.
fn compare(what: &str, real: &[String], ours: &[String]) -> Vec<String> {
    if real == ours {
        return Vec::new();
    }
    if real.first() != ours.first() {
        let first = |lines: &[String]| lines.first().cloned().unwrap_or_default();
        return vec![format!(
            "{what}: real {}, ours {}",
            first(real),
            first(ours)
        )];
    }
    let mut counts: BTreeMap<&String, i64> = BTreeMap::new();
    for line in real {
        *counts.entry(line).or_default() += 1;
    }
    for line in ours {
        *counts.entry(line).or_default() -= 1;
    }
    let only = |side: &str, wanted: fn(i64) -> bool| -> Vec<String> {
        counts
            .iter()
            .filter(|(_, count)| wanted(**count))
            .map(|(line, _)| format!("{what}: {side} {line}"))
            .collect()
    };
    let mut lines = only("real", |count| count > 0);
    lines.extend(only("ours", |count| count < 0));
    if lines.is_empty() && shapes(real) != shapes(ours) {
        lines.push(format!("{what}: another order of lines"));
    }
    lines
}

/// Lines without label names and values. Series are in order of their label values; where two have the same values
/// under other names, their order is random in the real program.
fn shapes(lines: &[String]) -> Vec<String> {
    let shape = |line: &String| match line.rsplit_once("} ") {
        Some((series, _)) => {
            let quoted: Vec<&str> = series.split('"').skip(1).step_by(2).collect();
            let name = series.split('{').next().unwrap_or_default();
            format!("{name} {}", quoted.join("|"))
        }
        None => line.clone(),
    };
    lines.iter().map(shape).collect()
}

/// The listed differences of one file of cases.
fn listed(name: &str) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(crate::root().join("tests/cases/differences.txt"))?;
    let prefix = format!("{name} / ");
    Ok(text
        .lines()
        .filter(|line| line.starts_with(&prefix))
        .map(str::to_owned)
        .collect())
}

fn report(name: &str, cases: usize, seen: &BTreeSet<String>) -> Result<()> {
    let listed = listed(name)?;
    let mut message = String::new();
    for line in seen.difference(&listed) {
        writeln!(message, "not listed: {line}")?;
    }
    for line in listed.difference(seen) {
        writeln!(message, "listed, but gone: {line}")?;
    }
    eprintln!(
        "{name}: {cases} cases, {} differences, {} of them listed.",
        seen.len(),
        listed.len()
    );
    anyhow::ensure!(
        message.is_empty(),
        "{name}: the differences are not as tests/cases/differences.txt lists them\n{message}"
    );
    Ok(())
}
