//! Writing: the same families give the same bytes, in every format under every escaping scheme.
//!
//! The families are what the corpus and its mutants read as; they reach Go as our delimited protobuf,
//! which is checked first.

use promontory_corpus::mutate::{Dice, mutate};
use promontory_exposition::format::{Limits, read, write};
use promontory_exposition::openmetrics::write::{Style, finish};
use promontory_exposition::{Escaping, Family, Format, Label, Target};

use super::{Answer, Go, dump, times};

/// Our formats, and how the Go program calls them.
const FORMATS: &[(Format, &str)] = &[
    (Format::Text, "text"),
    (Format::OpenMetrics, "openmetrics-1.0.0"),
    (Format::Protobuf, "delimited"),
    (Format::ProtobufText, "prototext"),
    (Format::ProtobufCompact, "compact"),
];

/// Calls `check` with many lists of families.
fn each_families(seed: u64, mut check: impl FnMut(&str, &[Family<'_>])) {
    let mut dice = Dice::new(seed);
    for (format, cases) in [
        (Format::Text, promontory_corpus::text()),
        (Format::Protobuf, promontory_corpus::protobuf()),
    ] {
        let mutants = (0..times(2_000)).map(|round| {
            let (one, other) = (dice.pick(&cases), dice.pick(&cases));
            (
                format!("mutant {round} of {:?}", one.name),
                mutate(&one.body, &other.body, &mut dice),
            )
        });
        for (name, body) in cases
            .iter()
            .map(|case| (case.name.clone(), case.body.clone()))
            .chain(mutants)
        {
            if let Ok(mut families) = read(format, &body, &Limits::default()) {
                // Go's text writers refuse a family without metrics; ours print its header, which any
                // reader takes, because a writer that streams cannot know what follows.
                families.retain(|family| !family.metrics.is_empty());
                check(&name, &families);
            }
        }
    }
}

fn ours(format: Format, escaping: Escaping, families: &[Family<'_>]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    write(Target { format, escaping }, families, &mut out)
        .ok()
        .map(|()| out)
}

#[test]
fn our_protobuf_says_what_we_mean() {
    let mut go = Go::start();
    each_families(51, |name, families| {
        if let Some(ours) = ours(Format::Protobuf, Escaping::AllowUtf8, families) {
            let theirs = String::from_utf8(go.ask("protobuf", &ours).fine()).unwrap();
            assert_eq!(dump::families(families), theirs, "{name}");
        }
    });
}

#[test]
fn families_are_written_alike() {
    let mut go = Go::start();
    let (mut count, mut colons, mut different) = (0, 0, Vec::new());
    each_families(52, |name, families| {
        let Some(question) = ours(Format::Protobuf, Escaping::AllowUtf8, families) else {
            return;
        };
        for (format, theirs) in FORMATS {
            for escaping in Escaping::ALL {
                count += 1;
                let ours = ours(*format, escaping, families);
                let theirs =
                    match go.ask(&format!("write {theirs} {}", escaping.as_str()), &question) {
                        Answer::Fine(bytes) => Some(bytes),
                        Answer::Error(_) | Answer::Panic(_) => None,
                    };
                let differ = normal(*format, &ours) != normal(*format, &theirs);
                if differ && labels(families).any(|label| label.name.contains(':')) {
                    // A colon in a label name: Go prints it bare, and Prometheus refuses the whole page.
                    colons += 1;
                } else if differ {
                    different.push(format!(
                        "{name}, {format:?}, {escaping:?}:\nours:\n{}\ntheirs:\n{}\n",
                        shown(&ours),
                        shown(&theirs)
                    ));
                }
            }
        }
    });
    assert!(
        colons > 0,
        "colons in label names no longer make a difference"
    );
    assert!(
        different.is_empty(),
        "{} of {count} differ; the first:\n{}",
        different.len(),
        different[..different.len().min(8)].join("\n")
    );
}

/// OpenMetrics with the lines and suffixes that a caller must ask for.
#[test]
fn options_of_openmetrics_are_written_alike() {
    let mut go = Go::start();
    each_families(53, |name, families| {
        if labels(families).any(|label| label.name.contains(':')) {
            return;
        }
        let Some(question) = ours(Format::Protobuf, Escaping::AllowUtf8, families) else {
            return;
        };
        for (created_lines, units, mode) in [
            (true, false, "created"),
            (false, true, "unit"),
            (true, true, "created unit"),
        ] {
            let style = Style {
                escaping: Escaping::AllowUtf8,
                created_lines,
                units,
                ..Style::default()
            };
            let mut page = Vec::new();
            let written = families.iter().try_for_each(|family| {
                style.begin(family.header(), &mut page);
                family.metrics.iter().try_for_each(|metric| {
                    style.metric(
                        family.header(),
                        &metric.labels,
                        &metric.value,
                        metric.timestamp_ms,
                        &mut page,
                    )
                })
            });
            finish(&mut page);
            let ours = written.ok().map(|()| page);
            let theirs = match go.ask(
                &format!("write openmetrics-1.0.0 allow-utf-8 {mode}"),
                &question,
            ) {
                Answer::Fine(bytes) => Some(bytes),
                Answer::Error(_) | Answer::Panic(_) => None,
            };
            assert!(
                ours == theirs,
                "{name}, {mode}:\nours:\n{}\ntheirs:\n{}",
                shown(&ours),
                shown(&theirs)
            );
        }
    });
}

/// Whatever was read, from text or from protobuf without a check of names: Prometheus takes the page.
#[test]
fn prometheus_takes_what_we_write() {
    let mut go = Go::start();
    each_families(54, |name, families| {
        // Its text lexer knows no times before the epoch.
        if timestamps(families).any(|timestamp_ms| timestamp_ms < 0) {
            return;
        }
        // Nor can its lexers pass over a NUL byte in a quoted name; the pushgateway must not let one in.
        let names = families.iter().map(|family| &family.name);
        if names
            .chain(labels(families).map(|label| &label.name))
            .any(|name| name.contains('\0'))
        {
            return;
        }
        for (format, mode) in [
            (Format::Text, "promtext"),
            (Format::OpenMetrics, "openmetrics"),
        ] {
            for escaping in Escaping::ALL {
                let Some(page) = ours(format, escaping, families) else {
                    continue;
                };
                let answer = go.ask(mode, &page);
                assert!(
                    matches!(answer, Answer::Fine(_)),
                    "{name}, {format:?}, {escaping:?}: {answer:?}\n{}",
                    String::from_utf8_lossy(&page)
                );
            }
        }
    });
}

fn timestamps(families: &[Family<'_>]) -> impl Iterator<Item = i64> {
    let metrics = families.iter().flat_map(|family| &family.metrics);
    metrics.filter_map(|metric| metric.timestamp_ms)
}

fn labels<'f, 'a>(families: &'f [Family<'a>]) -> impl Iterator<Item = &'f Label<'a>> {
    let metrics = families.iter().flat_map(|family| &family.metrics);
    metrics.flat_map(|metric| &metric.labels)
}

/// Go's prototext doubles blanks at random, so that nobody relies on its spelling.
fn normal(format: Format, bytes: &Option<Vec<u8>>) -> Option<Vec<u8>> {
    let bytes = bytes.clone()?;
    if !matches!(format, Format::ProtobufText | Format::ProtobufCompact) {
        return Some(bytes);
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    while text.contains("  ") {
        text = text.replace("  ", " ");
    }
    Some(text.into_bytes())
}

fn shown(bytes: &Option<Vec<u8>>) -> String {
    bytes.as_ref().map_or("refused".into(), |bytes| {
        String::from_utf8_lossy(bytes).into_owned()
    })
}
