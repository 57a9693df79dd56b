//! Whatever can be read can be kept as protobuf without loss, and what we write as text we read again.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use promontory_exposition::format::{Limits, read, write};
use promontory_exposition::{Escaping, Family, Format, Target};

fuzz_target!(|bytes: &[u8]| {
    for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
        if let Ok(families) = read(format, bytes, &Limits::default()) {
            kept_as_protobuf(&families);
            if format == Format::Text && !collide(&families) {
                written_as_text(&families);
            }
        }
    }
});

fn written(format: Format, families: &[Family<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    write(
        Target {
            format,
            escaping: Escaping::AllowUtf8,
        },
        families,
        &mut out,
    )
    .expect("what was read can be written");
    out
}

fn kept_as_protobuf(families: &[Family<'_>]) {
    let once = written(Format::Protobuf, families);
    let again =
        read(Format::Protobuf, &once, &Limits::default()).expect("our protobuf can be read");
    // Bytes rather than values: NaN is not equal to itself.
    assert_eq!(once, written(Format::Protobuf, &again));
}

fn written_as_text(families: &[Family<'_>]) {
    let once = written(Format::Text, families);
    read(Format::Text, &once, &Limits::default()).expect("our text can be read");
}

/// Whether a family has the name of another's sample: then the lines of one read as the other's.
fn collide(families: &[Family<'_>]) -> bool {
    let names: HashSet<&str> = families.iter().map(|family| &*family.name).collect();
    names.iter().any(|name| {
        ["_bucket", "_count", "_sum"]
            .iter()
            .any(|suffix| names.contains(format!("{name}{suffix}").as_str()))
    })
}
