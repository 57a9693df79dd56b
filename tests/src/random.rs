//! Random sequences of pushes and deletes, the same for ours and the real pushgateway.
//!
//! Few groups, names and labels, so that everything collides with everything: types, suffixes, series, spellings of a
//! group, formats, encodings, broken bodies. A step is text in the notation of [`crate::case`], so that a sequence that
//! shows a difference can be printed, cut down and kept as a case.

use std::path::PathBuf;

use anyhow::Result;

use crate::case::File;
use crate::parity::Pair;

/// Paths of groups: some are the same group spelled twice, some are refused.
const PATHS: [&str; 12] = [
    "/metrics/job/a",
    "/metrics/job/a",
    "/metrics/job/b",
    "/metrics/job@base64/YQ",
    "/metrics/job/a/zone/1",
    "/metrics/job@base64/YQ/zone@base64/MQ",
    "/metrics/job/a/zone/2/instance/i",
    "/metrics/job/a/instance/i/zone/2",
    "/metrics/job/b/instance/i",
    "/metrics/job/b/l/1",
    "/metrics/job/a/b",
    "/metrics/job/a/__b/c",
];
const NAMES: [&str; 8] = [
    "x",
    "x",
    "x_count",
    "x_sum",
    "x_bucket",
    "y",
    "y_total",
    "push_time",
];
const LABELS: [&str; 6] = [
    "",
    "",
    "{l=\"1\"}",
    "{l=\"2\"}",
    "{l=\"1\",instance=\"i\"}",
    "{zone=\"1\"}",
];
const VALUES: [&str; 6] = ["0", "1", "-2.5", "1e21", "NaN", "+Inf"];

/// After so many steps the whole states are compared.
const STATE_EVERY: usize = 40;

/// A small generator of numbers (xorshift64*): the same seed gives the same sequence everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// A generator that starts from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let sides = u64::try_from(sides).unwrap_or(u64::MAX).max(1);
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides)
            .unwrap_or_default()
    }

    /// One of these.
    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

/// A sequence of steps in the notation of cases.
#[must_use]
pub fn sequence(seed: u64, steps: usize) -> Vec<String> {
    let mut dice = Dice::new(seed);
    (0..steps).map(|_| step(&mut dice)).collect()
}

fn step(dice: &mut Dice) -> String {
    let path = dice.pick(&PATHS);
    match dice.roll(20) {
        0..=3 => format!("DELETE {path}\n"),
        4 => "GET /metrics\n".to_owned(),
        5..=11 => format!("PUT {path}\n{}", body(dice)),
        _ => format!("POST {path}\n{}", body(dice)),
    }
}

fn body(dice: &mut Dice) -> String {
    let families = dice.roll(4);
    let protobuf = dice.roll(3) == 0;
    let mut body = String::new();
    let mut used = Vec::new();
    for _ in 0..families {
        let name = dice.pick(&NAMES);
        // A name twice refuses the whole text: worth a try, but not every other push.
        if used.contains(&name) && dice.roll(8) > 0 {
            continue;
        }
        used.push(name);
        body += &if protobuf {
            protobuf_family(dice, name)
        } else {
            text_family(dice, name)
        };
    }
    match dice.roll(24) {
        0 => body += "  | broken {\n",
        1 => body += "  hex 05 0a\n",
        2 | 3 => body += "  encode gzip\n",
        4 => body += "  encode snappy\n",
        _ => {}
    }
    body
}

fn text_family(dice: &mut Dice, name: &str) -> String {
    // Help is always the same: between two groups that differ in it, the real program picks at random.
    let mut lines = vec![format!("# HELP {name} help")];
    let labels = dice.pick(&LABELS);
    match dice.roll(6) {
        0 => {
            lines.push(format!("# TYPE {name} histogram"));
            lines.push(format!(
                "{name}_bucket{} {}",
                with_label(labels, "le=\"1\""),
                dice.roll(3)
            ));
            lines.push(format!("{name}_count{labels} {}", dice.roll(5)));
        }
        1 => {
            lines.push(format!("# TYPE {name} summary"));
            lines.push(format!(
                "{name}{} 1.5",
                with_label(labels, "quantile=\"0.5\"")
            ));
            lines.push(format!("{name}_sum{labels} {}", dice.pick(&VALUES)));
        }
        kind => {
            if kind < 5 {
                lines.push(format!(
                    "# TYPE {name} {}",
                    ["gauge", "gauge", "counter"][kind - 2]
                ));
            }
            let time = if dice.roll(15) == 0 { " 1234" } else { "" };
            for _ in 0..=dice.roll(2) {
                lines.push(format!(
                    "{name}{} {}{time}",
                    dice.pick(&LABELS),
                    dice.pick(&VALUES)
                ));
            }
        }
    }
    lines.iter().map(|line| format!("  | {line}\n")).collect()
}

fn with_label(labels: &str, label: &str) -> String {
    match labels.strip_suffix('}') {
        Some(labels) => format!("{labels},{label}}}"),
        None => format!("{{{label}}}"),
    }
}

fn protobuf_family(dice: &mut Dice, name: &str) -> String {
    let label = dice.pick(&["", "1:{1:\"l\" 2:\"1\"}", "1:{1:\"zone\" 2:\"2\"}"]);
    let (kind, value) = match dice.roll(5) {
        0 => (0, "3:{1:2.0}"),
        1 | 2 => (1, "2:{1:1.5}"),
        3 => (2, "4:{1:3 2:4.5 3:{1:0.5 2:1.0}}"),
        _ => (4, "7:{1:3 2:4.5 3:{1:1 2:1.0}}"),
    };
    let time = if dice.roll(15) == 0 { " 6:5" } else { "" };
    format!("  proto 1:\"{name}\" 2:\"help\" 3:{kind} 4:{{{label} {value}{time}}}\n")
}

/// Runs a sequence on both programs; the text of the difference, if there is one.
///
/// # Errors
/// If a program stops answering.
pub fn difference(pair: &Pair, steps: &[String]) -> Result<Option<String>> {
    // A broken body may leave the notation itself broken (junk in front of an encode is fine, the parser is lenient).
    let text = format!("== random\n{}", steps.concat());
    let file = File::parse("random", PathBuf::new(), &text)?;
    for case in &file.cases {
        let outcome = pair.run(case)?;
        if !outcome.differences.is_empty() {
            return Ok(Some(outcome.differences.join("\n")));
        }
    }
    Ok(None)
}

/// Runs the sequence of a seed; on a difference, cuts it down and says how to replay it.
///
/// # Errors
/// If there is a difference; the message holds the shortest sequence found, as a case.
pub fn check(pair: &Pair, seed: u64, steps: usize) -> Result<()> {
    let mut sequence = sequence(seed, steps);
    // The whole state is compared after each prefix: what a later step mends would else stay unseen.
    let mut found = None;
    for end in (STATE_EVERY..=steps).step_by(STATE_EVERY) {
        found = difference(pair, &sequence[..end])?;
        if found.is_some() {
            sequence.truncate(end);
            break;
        }
    }
    let Some(mut found) = found else {
        return Ok(());
    };
    let mut index = 0;
    while index < sequence.len() {
        let mut shorter = sequence.clone();
        shorter.remove(index);
        match difference(pair, &shorter)? {
            Some(difference) => (sequence, found) = (shorter, difference),
            None => index += 1,
        }
    }
    anyhow::bail!(
        "seed {seed} shows a difference:\n{found}\n\n== seed {seed}\n{}",
        sequence.concat()
    )
}
