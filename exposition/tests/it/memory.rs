//! Memory: bounded by the size of the body whatever it says, and none per sample where none is needed.

use promontory_corpus::generate;
use promontory_exposition::format::{Limits, read};
use promontory_exposition::name::NameRules;
use promontory_exposition::{Format, openmetrics, text};

use crate::allocator::measure;

/// Bodies that ask for as much memory per byte as a format allows; each about 64 KiB long.
fn hostile() -> Vec<(Format, &'static str, Vec<u8>)> {
    let repeat = |piece: &[u8]| piece.repeat((64 << 10) / piece.len());
    let numbered =
        |line: fn(usize) -> String| (0..10_000).map(line).collect::<String>().into_bytes();
    let openmetrics = |mut body: Vec<u8>| {
        body.extend_from_slice(b"# EOF\n");
        body
    };
    let message = |head: &[u8], piece: &[u8]| {
        let mut message = head.to_vec();
        message.extend(repeat(piece));
        delimited(&message)
    };
    let in_histogram =
        |piece: &[u8]| nested(&[0x0a, 1, b'h', 0x18, 4], &[0x22, 0x3a], &repeat(piece));
    vec![
        (Format::Text, "one family", repeat(b"a 1\n")),
        (
            Format::Text,
            "many families",
            numbered(|number| format!("a{number} 1\n")),
        ),
        (
            Format::Text,
            "many types",
            numbered(|number| format!("# TYPE a{number} gauge\n")),
        ),
        (
            Format::Text,
            "many bare helps",
            numbered(|number| format!("# HELP a{number}\n")),
        ),
        (
            Format::Text,
            "empty labels",
            [
                b"a{".to_vec(),
                numbered(|number| format!("l{number}=\"\",")),
                b"} 1\n".to_vec(),
            ]
            .concat(),
        ),
        (
            Format::Text,
            "histograms",
            [
                b"# TYPE h histogram\n".to_vec(),
                numbered(|number| format!("h{{a=\"{number}\"}} 1\n")),
            ]
            .concat(),
        ),
        (
            Format::Text,
            "buckets",
            [
                b"# TYPE h histogram\n".to_vec(),
                repeat(b"h_bucket{le=\"1\"} 1\n"),
            ]
            .concat(),
        ),
        (
            Format::Text,
            "quantiles",
            [
                b"# TYPE s summary\n".to_vec(),
                repeat(b"s{quantile=\"1\"} 1\n"),
            ]
            .concat(),
        ),
        (
            Format::Text,
            "escapes",
            [b"a{b=\"".to_vec(), repeat(b"\\n"), b"\"} 1\n".to_vec()].concat(),
        ),
        (
            Format::Text,
            "open quote",
            [b"a{b=\"".to_vec(), repeat(b"x")].concat(),
        ),
        (Format::Text, "line feeds", repeat(b"\n")),
        (
            Format::OpenMetrics,
            "one family",
            openmetrics(numbered(|number| format!("a{{b=\"{number}\"}} 1\n"))),
        ),
        (
            Format::OpenMetrics,
            "many families",
            openmetrics(numbered(|number| format!("a{number} 1\n"))),
        ),
        (
            Format::OpenMetrics,
            "many types",
            openmetrics(numbered(|number| format!("# TYPE a{number} gauge\n"))),
        ),
        (Format::Protobuf, "empty families", repeat(b"\x03\x0a\x01a")),
        (
            Format::Protobuf,
            "empty metrics",
            message(b"\x0a\x01a\x18\x01", b"\x22\x00"),
        ),
        (
            Format::Protobuf,
            "empty gauges",
            message(b"\x0a\x01a\x18\x01", b"\x22\x02\x12\x00"),
        ),
        (
            Format::Protobuf,
            "empty summaries",
            message(b"\x0a\x01a\x18\x02", b"\x22\x02\x22\x00"),
        ),
        (
            Format::Protobuf,
            "empty histograms",
            message(b"\x0a\x01a\x18\x04", b"\x22\x02\x3a\x00"),
        ),
        (
            Format::Protobuf,
            "empty labels",
            nested(b"\x0a\x01a\x18\x01", &[0x22], &repeat(b"\x0a\x00")),
        ),
        (Format::Protobuf, "empty buckets", in_histogram(b"\x1a\x00")),
        (Format::Protobuf, "empty spans", in_histogram(b"\x4a\x00")),
        (
            Format::Protobuf,
            "empty exemplars",
            in_histogram(b"\x82\x01\x00"),
        ),
        (Format::Protobuf, "deltas", in_histogram(b"\x50\x00")),
        (
            Format::Protobuf,
            "packed deltas",
            in_histogram(&[&[0x52, 0x7f][..], &[0; 0x7f][..]].concat()),
        ),
        (
            Format::Protobuf,
            "unknown groups",
            message(b"\x0a\x01a\x18\x01", b"\xfb\x01"),
        ),
        (
            Format::Protobuf,
            "a claim of 64 GiB",
            b"\x80\x80\x80\x80\x80\x02".to_vec(),
        ),
    ]
}

fn varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn delimited(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(message.len(), &mut out);
    out.extend_from_slice(message);
    out
}

/// A message: `head`, then `inside` wrapped once for each tag, the last tag innermost.
fn nested(head: &[u8], tags: &[u8], inside: &[u8]) -> Vec<u8> {
    let inside = tags.iter().rev().fold(inside.to_vec(), |inside, tag| {
        [vec![*tag], delimited(&inside)].concat()
    });
    delimited(&[head, &inside].concat())
}

/// A metric takes some hundred bytes, and its line may take four; vectors double as they grow.
const BYTES_PER_BYTE: usize = 160;

#[test]
fn hostile_bodies_take_memory_in_proportion() {
    let mut worst = Vec::new();
    for (format, name, body) in hostile() {
        let (result, usage) =
            measure(|| read(format, &body, &Limits::default()).map(|families| families.len()));
        let ratio = usage.peak_bytes as f64 / body.len() as f64;
        worst.push(format!(
            "{format:?}, {name}: {ratio:.1} bytes a byte ({} bytes, {result:?})",
            body.len()
        ));
        let allowed = BYTES_PER_BYTE * body.len() + (4 << 10);
        assert!(usage.peak_bytes <= allowed, "{}", worst.join("\n"));
    }
    println!("{}", worst.join("\n"));
}

#[test]
fn limits_bound_memory() {
    let limits = Limits {
        metrics: 1000,
        labels: 50,
    };
    for (format, name, body) in hostile() {
        let (_, usage) = measure(|| read(format, &body, &limits).map(|families| families.len()));
        assert!(
            usage.peak_bytes <= 16 * body.len() + (512 << 10),
            "{format:?}, {name}: {} bytes",
            usage.peak_bytes
        );
    }
}

/// The line readers keep one buffer of labels, which grows to the largest line and is used again.
#[test]
fn lines_are_read_without_an_allocation_per_sample() {
    for page in [
        generate::node(20_000),
        generate::kube(20_000),
        generate::client(20_000),
    ] {
        let (lines, usage) = measure(|| text_lines(&page));
        assert!(lines >= 20_000, "{lines}");
        assert!(
            usage.allocations <= 8,
            "{} allocations for {lines} lines of text",
            usage.allocations
        );
        let openmetrics = [&page, &b"# EOF\n"[..]].concat();
        let (lines, usage) = measure(|| openmetrics_lines(&openmetrics));
        assert!(lines >= 20_000, "{lines}");
        assert!(
            usage.allocations <= 8,
            "{} allocations for {lines} lines of OpenMetrics",
            usage.allocations
        );
    }
}

fn text_lines(page: &[u8]) -> usize {
    let mut lines = text::Lines::new(page, NameRules::Utf8, &Limits::default());
    std::iter::from_fn(|| lines.next_line().unwrap().map(|_| ())).count()
}

fn openmetrics_lines(page: &[u8]) -> usize {
    let mut lines = openmetrics::lines::Lines::new(page, &Limits::default()).unwrap();
    std::iter::from_fn(|| lines.next_line().unwrap().map(|_| ())).count()
}

#[test]
fn pages_take_memory_in_proportion() {
    for page in [
        generate::node(20_000),
        generate::kube(20_000),
        generate::client(20_000),
    ] {
        let (families, usage) = measure(|| read(Format::Text, &page, &Limits::default()));
        assert!(families.is_ok());
        assert!(
            usage.peak_bytes <= 10 * page.len(),
            "{} bytes for {}",
            usage.peak_bytes,
            page.len()
        );
    }
}
