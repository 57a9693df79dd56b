//! Any bytes are read or refused, with a place in the error where the format has places.

use promontory_corpus::mutate::{Dice, mutate};
use promontory_corpus::{Case, openmetrics, protobuf, text};
use promontory_exposition::Format;
use promontory_exposition::format::{Limits, read};
use proptest::prelude::*;

const READERS: [Format; 3] = [Format::Text, Format::OpenMetrics, Format::Protobuf];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in READERS {
            let _ = read(format, &bytes, &Limits::default());
        }
    }

    #[test]
    fn any_lines_are_read_or_refused(lines in "([a-z#_]{0,3}[ {}=\",\\\\\n0-9]{0,3}){0,30}") {
        for format in READERS {
            let _ = read(format, lines.as_bytes(), &Limits::default());
        }
    }
}

/// Every body is put to every reader, and broken a few hundred times besides.
#[test]
fn the_corpus_is_read_or_refused_by_every_reader() {
    let cases: Vec<Case> = [text(), openmetrics(), protobuf()].concat();
    let mut dice = Dice::new(5);
    for _ in 0..20 {
        for case in &cases {
            let mutant = mutate(&case.body, &dice.pick(&cases).body.clone(), &mut dice);
            for body in [&case.body, &mutant] {
                for format in READERS {
                    if let Err(error) = read(format, body, &Limits::default()) {
                        assert!(
                            !error.message.is_empty(),
                            "{}: an error without words",
                            case.name
                        );
                        assert!(
                            format == Format::Protobuf || error.line.is_some(),
                            "{}, {format:?}: no line in {error}",
                            case.name
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn limits_are_kept() {
    let check = |format, body: &[u8], limits: Limits| {
        let error = read(format, body, &limits).expect_err("a limit is passed");
        assert!(read(format, body, &Limits::default()).is_ok(), "{error}");
    };
    let two = Limits {
        metrics: 2,
        ..Limits::default()
    };
    check(
        Format::Text,
        b"x{a=\"1\"} 1\nx{a=\"2\"} 1\nx{a=\"3\"} 1\n",
        two,
    );
    check(
        Format::OpenMetrics,
        b"x{a=\"1\"} 1\nx{a=\"2\"} 1\nx{a=\"3\"} 1\n# EOF\n",
        two,
    );
    let one = Limits {
        labels: 1,
        ..Limits::default()
    };
    check(Format::Text, b"x{a=\"1\",b=\"2\"} 1\n", one);
    check(Format::OpenMetrics, b"x{a=\"1\",b=\"2\"} 1\n# EOF\n", one);
    let buckets: &[u8] =
        b"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"3\"} 1\n";
    check(Format::Text, buckets, two);
    let protobuf = protobuf();
    let body = |name: &str| {
        protobuf
            .iter()
            .find(|case| case.name == name)
            .unwrap()
            .body
            .clone()
    };
    check(Format::Protobuf, &body("values odd"), two);
    check(Format::Protobuf, &body("duplicate label"), one);
}
