//! Content negotiation: the same `Content-Type` for the same `Accept`.

use promontory_corpus::mutate::Dice;
use promontory_exposition::Format;
use promontory_exposition::negotiate::{Offer, from_content_type, negotiate};

use super::{Go, times};

const WHOLE: &[&str] = &[
    "",
    "*/*",
    "text/plain",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
     text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
     application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=compact-text",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily",
    "application/vnd.google.protobuf;proto=other.Message;encoding=delimited",
    "APPLICATION/VND.GOOGLE.PROTOBUF;PROTO=io.prometheus.client.MetricFamily;ENCODING=delimited",
    "application/openmetrics-text",
    "application/openmetrics-text;version=2.0.0",
    "application/openmetrics-text; charset=utf-8; version=1.0.0",
];

const PIECES: &[&str] = &[
    "text/plain",
    "text/*",
    "*/*",
    "*",
    "application/openmetrics-text",
    "application/vnd.google.protobuf",
    "application/json",
    ";",
    ";",
    ";",
    ",",
    ",",
    " ",
    "version=0.0.4",
    "version=1.0.0",
    "version=0.0.1",
    "q=0.5",
    "q=1",
    "q=0",
    "q=0.9",
    "q=x",
    "q=2",
    "proto=io.prometheus.client.MetricFamily",
    "encoding=delimited",
    "encoding=text",
    "encoding=compact-text",
    "escaping=allow-utf-8",
    "escaping=values",
    "escaping=dots",
    "escaping=underscores",
    "escaping=other",
    "charset=utf-8",
    "=",
    "\"",
    "version=\"1.0.0\"",
];

fn headers() -> Vec<String> {
    let mut dice = Dice::new(31);
    let mut all: Vec<String> = WHOLE.iter().map(|text| text.to_string()).collect();
    for _ in 0..times(20_000) {
        // Half of them well-formed lists, half of them heaps.
        all.push(if dice.below(2) == 0 {
            let entries: Vec<String> = (0..1 + dice.below(3))
                .map(|_| {
                    let media = *dice.pick(&PIECES[..7]);
                    (0..dice.below(5)).fold(media.to_string(), |entry, _| {
                        entry + ";" + *dice.pick(&PIECES[13..])
                    })
                })
                .collect();
            entries.join(",")
        } else {
            (0..dice.below(9)).map(|_| *dice.pick(PIECES)).collect()
        });
    }
    all
}

#[test]
fn the_same_content_type_is_chosen() {
    let mut go = Go::start();
    let all = headers();
    for (mode, offer) in [
        ("negotiate", Offer::Classic),
        ("negotiate-om", Offer::WithOpenMetrics),
    ] {
        for (accept, theirs) in all
            .iter()
            .zip(go.ask(mode, all.join("\n").as_bytes()).lines())
        {
            assert_eq!(
                negotiate(Some(accept), offer).content_type,
                theirs,
                "{mode}: {accept:?}"
            );
        }
    }
}

#[test]
fn content_types_are_taken_apart_alike() {
    let mut go = Go::start();
    let all = headers();
    let answers = go.ask("content-type", all.join("\n").as_bytes()).lines();
    let mut known = 0;
    for (content_type, theirs) in all.iter().zip(answers) {
        // Go says the escaping of unknown formats, too; we have no use for that.
        let (number, escaping) = theirs.split_once(' ').unwrap();
        let theirs = (number != "0").then(|| format!("{number} {escaping}"));
        let ours = from_content_type(content_type).map(|target| {
            let number = match target.format {
                Format::Protobuf => 2,
                Format::ProtobufCompact => 1,
                Format::ProtobufText => 3,
                Format::Text => 4,
                Format::OpenMetrics => 5,
            };
            format!("{number} {}", target.escaping.as_str())
        });
        assert_eq!(ours, theirs, "{content_type:?}");
        known += usize::from(ours.is_some());
    }
    assert!(known > 100, "{known}");
}
