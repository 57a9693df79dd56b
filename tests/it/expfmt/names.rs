//! Names: what is valid, and how each escaping scheme spells the rest.

use promontory_corpus::mutate::Dice;
use promontory_exposition::Escaping;
use promontory_exposition::name;

use super::dump::quote;
use super::{Go, times};

const PIECES: &[&str] = &[
    "a",
    "Z",
    "_",
    "__",
    ":",
    ".",
    "-",
    " ",
    "1",
    "ä",
    "€",
    "😀",
    "\u{10ffff}",
    "\u{7f}",
    "U__",
    "_dot_",
    "_2e_",
    "_E4_",
    "_20AC_",
    "_1F600_",
    "_0_",
    "_d800_",
    "_10FFFF_",
    "_FFFFF_",
    "_zz_",
    "\"",
    "\\",
    "\n",
    "http_requests",
    "total",
];

fn names(dice: &mut Dice, count: usize) -> Vec<String> {
    (0..count)
        .map(|_| (0..dice.below(7)).map(|_| *dice.pick(PIECES)).collect())
        .collect()
}

#[test]
fn the_same_names_are_valid() {
    let mut go = Go::start();
    let all = names(&mut Dice::new(21), times(20_000));
    for (name, theirs) in all
        .iter()
        .zip(go.ask("valid", all.join("\0").as_bytes()).lines())
    {
        let utf8 = !name.is_empty();
        let ours = format!(
            "{} {} {utf8} {utf8}",
            name::is_classic_metric_name(name),
            name::is_classic_label_name(name)
        );
        assert_eq!(ours, theirs, "{name:?}");
    }
}

#[test]
fn names_are_escaped_alike() {
    let mut go = Go::start();
    let all = names(&mut Dice::new(22), times(20_000));
    for escaping in Escaping::ALL {
        let answers = go
            .ask(
                &format!("escape {}", escaping.as_str()),
                all.join("\0").as_bytes(),
            )
            .lines();
        for (name, theirs) in all.iter().zip(answers) {
            assert_eq!(
                quote(&name::escape(name, escaping)),
                theirs,
                "{name:?} under {escaping:?}"
            );
        }
    }
}

#[test]
fn escaped_values_are_undone_alike() {
    let mut go = Go::start();
    let mut dice = Dice::new(23);
    let mut all = names(&mut dice, times(20_000));
    for name in &mut all {
        if dice.below(2) == 0 {
            name.insert_str(0, "U__");
        }
    }
    for (name, theirs) in all
        .iter()
        .zip(go.ask("unescape values", all.join("\0").as_bytes()).lines())
    {
        assert_eq!(quote(&name::unescape_values(name)), theirs, "{name:?}");
    }
}
