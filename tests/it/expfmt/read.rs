//! Reading: the same bodies are refused, and the others give the same values.

use promontory_corpus::mutate::{Dice, mutate};
use promontory_corpus::{Case, generate};
use promontory_exposition::format::{Limits, read};
use promontory_exposition::name::NameRules;
use promontory_exposition::{Family, Format, ReadError, text};

use super::differences::{Disagreement, Judge};
use super::{Answer, Go, dump, times};

/// One reader of ours and its judge.
struct Reader {
    format: &'static str,
    /// The mode of the Go program.
    mode: &'static str,
    ours: fn(&[u8]) -> Result<String, ReadError>,
}

const TEXT: Reader = Reader {
    format: "text",
    mode: "text utf8",
    ours: |body| read_as(Format::Text, body).map(by_name),
};
const CLASSIC: Reader = Reader {
    format: "text",
    mode: "text legacy",
    ours: |body| text::read(body, NameRules::Classic, &Limits::default()).map(by_name),
};
const PROTOBUF: Reader = Reader {
    format: "protobuf",
    mode: "protobuf",
    ours: |body| read_as(Format::Protobuf, body).map(|families| dump::families(&families)),
};

fn read_as(format: Format, body: &[u8]) -> Result<Vec<Family<'_>>, ReadError> {
    if format == Format::Protobuf {
        return promontory_exposition::protobuf::read_delimited(body, &Limits::default());
    }
    read(format, body, &Limits::default())
}

/// Go's parser gives a map, so the order of text families is ours alone.
fn by_name(mut families: Vec<Family<'_>>) -> String {
    families.sort_by(|a, b| a.name.cmp(&b.name));
    dump::families(&families)
}

impl Reader {
    fn compare(&self, go: &mut Go, judge: &mut Judge, case: &str, body: &[u8]) {
        let ours = (self.ours)(body).map_err(|error| error.to_string());
        let theirs = match go.ask(self.mode, body) {
            Answer::Fine(dump) => Ok(String::from_utf8(dump).unwrap()),
            // Where Go crashes, an error is the answer a caller can use.
            Answer::Error(error) | Answer::Panic(error) => Err(error),
        };
        let agree = match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            (ours, theirs) => ours.is_err() && theirs.is_err(),
        };
        if !agree {
            judge.hear(&Disagreement {
                format: self.format,
                case,
                body,
                ours: &ours,
                theirs: &theirs,
            });
        }
    }

    fn compare_all(&self, cases: &[Case]) {
        let (mut go, mut judge) = (Go::start(), Judge::default());
        for Case { name, body } in cases {
            self.compare(&mut go, &mut judge, name, body);
        }
        judge.unexplained();
        judge.stale(self.format);
    }

    fn compare_mutants(&self, cases: &[Case], seed: u64) {
        let (mut go, mut judge, mut dice) = (Go::start(), Judge::default(), Dice::new(seed));
        for round in 0..times(10_000) {
            let (one, other) = (dice.pick(cases), dice.pick(cases));
            let mutant = mutate(&one.body, &other.body, &mut dice);
            self.compare(
                &mut go,
                &mut judge,
                &format!("mutant {round} of {:?}", one.name),
                &mutant,
            );
        }
        judge.unexplained();
    }
}

#[test]
fn text_is_read_alike() {
    TEXT.compare_all(&promontory_corpus::text());
}

#[test]
fn broken_text_is_read_alike() {
    TEXT.compare_mutants(&promontory_corpus::text(), 41);
}

#[test]
fn text_with_classic_names_is_read_alike() {
    CLASSIC.compare_all(&promontory_corpus::text());
    CLASSIC.compare_mutants(&promontory_corpus::text(), 43);
}

#[test]
fn pages_of_programs_are_read_alike() {
    let pages = [
        ("node", generate::node(2000)),
        ("kube", generate::kube(2000)),
        ("client", generate::client(2000)),
    ];
    let (mut go, mut judge) = (Go::start(), Judge::default());
    for (name, page) in &pages {
        TEXT.compare(&mut go, &mut judge, name, page);
    }
    judge.unexplained();
}

#[test]
fn protobuf_is_read_alike() {
    PROTOBUF.compare_all(&promontory_corpus::protobuf());
}

#[test]
fn broken_protobuf_is_read_alike() {
    PROTOBUF.compare_mutants(&promontory_corpus::protobuf(), 42);
}
