//! What pages shrink to, beside what level 2 of zlib makes of the same parts. Sizes are the same on every machine.

use std::fmt::Write as _;

use flate2::{Compress, Compression, FlushCompress};
use promontory_corpus::generate;

use super::super::Block;

/// Lines in a part: some eight kilobytes, as the pushgateway cuts its pages.
const LINES: usize = 100;

fn zlib(part: &[u8]) -> usize {
    let mut out = Vec::with_capacity(2 * part.len() + 64);
    Compress::new(Compression::new(2), false)
        .compress_vec(part, &mut out, FlushCompress::Sync)
        .unwrap();
    out.len()
}

/// Compares the sizes of all parts; ours may have so many percent of zlib's.
#[track_caller]
fn check(page: &str, lines: usize, percent: usize) {
    let lines_all: Vec<_> = page.split_inclusive('\n').collect();
    let (mut ours, mut theirs) = (0, 0);
    for part in lines_all.chunks(lines) {
        let part = part.concat();
        ours += Block::compress(part.as_bytes()).bytes.len();
        theirs += zlib(part.as_bytes());
    }
    assert!(
        ours * 100 <= theirs * percent,
        "{ours} bytes, {:.1} % of {theirs}",
        ours as f64 * 100.0 / theirs as f64
    );
}

/// Numbers without an order, the same on every run.
fn dice() -> impl FnMut(u64) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

/// One gauge of 10,000 groups.
fn gauges(labels: usize, mut value: impl FnMut() -> String) -> String {
    let mut dice = dice();
    let mut page = String::from("# HELP depth How many wait.\n# TYPE depth gauge\n");
    for group in 0..10_000 {
        let host = group % 97;
        let _ = write!(
            page,
            "depth{{instance=\"host-{host}:9091\",job=\"batch{group:05}\""
        );
        for label in 2..labels {
            let _ = write!(page, ",label_{label}=\"value-{}\"", dice(12));
        }
        let _ = writeln!(page, "}} {}", value());
    }
    page
}

fn histogram() -> String {
    let bounds = [
        "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf",
    ];
    let mut dice = dice();
    let mut page = String::from(
        "# HELP request_seconds How long it took.\n# TYPE request_seconds histogram\n",
    );
    for group in 0..1000 {
        let mut count = 0;
        for bound in bounds {
            count += dice(100);
            let _ = writeln!(
                page,
                "request_seconds_bucket{{job=\"a{group:05}\",le=\"{bound}\"}} {count}"
            );
        }
        let sum = dice(1_000_000) as f64 / 997.0;
        let _ = writeln!(page, "request_seconds_sum{{job=\"a{group:05}\"}} {sum}");
        let _ = writeln!(page, "request_seconds_count{{job=\"a{group:05}\"}} {count}");
    }
    page
}

/// Families of a line or two under much text, as a program's own metrics are.
fn own() -> String {
    let mut dice = dice();
    let mut page = String::new();
    let what = [
        "allocated and still in use",
        "obtained from system",
        "released to the OS",
        "waiting to be freed",
    ];
    for (number, kind) in [
        "alloc",
        "sys",
        "heap_idle",
        "heap_inuse",
        "mspan",
        "mcache",
        "stack",
        "gc",
        "buck_hash",
        "other",
    ]
    .iter()
    .enumerate()
    {
        for unit in ["bytes", "objects", "seconds_total"] {
            let name = format!("go_memstats_{kind}_{unit}");
            let kind = if unit == "seconds_total" {
                "counter"
            } else {
                "gauge"
            };
            let _ = writeln!(
                page,
                "# HELP {name} Number of {unit} {}. Equals to /memory/classes/{number}:{unit}.",
                what[number % 4]
            );
            let _ = writeln!(page, "# TYPE {name} {kind}\n{name} {}", dice(1 << 30));
        }
    }
    for quantile in ["0", "0.25", "0.5", "0.75", "1"] {
        let _ = writeln!(
            page,
            "go_gc_duration_seconds{{quantile=\"{quantile}\"}} 0.000{}",
            dice(99_999)
        );
    }
    page
}

#[test]
fn gauges_of_many_groups() {
    let mut numbers = dice();
    check(&gauges(2, || numbers(100).to_string()), LINES, 95);
    check(&gauges(5, || numbers(100).to_string()), LINES, 90);
    check(
        &gauges(3, || (numbers(1 << 53) as f64 / 1e16).to_string()),
        LINES,
        94,
    );
    check(&gauges(3, || "1".into()), LINES, 95);
}

#[test]
fn histograms_of_many_groups() {
    check(&histogram(), LINES, 95);
}

#[test]
fn families_of_few_lines() {
    // There is no line before that is alike: the one kind of page that takes more.
    check(&own(), usize::MAX, 106);
    check(&own(), 10, 106);
    // Less than any code would take.
    check("up 1\n", 1, 100);
}

#[test]
fn pages_of_all_kinds() {
    for (page, percent) in [
        (generate::node(8000), 102),
        (generate::kube(8000), 101),
        (generate::client(8000), 97),
    ] {
        let page = String::from_utf8(page).unwrap();
        check(&page, LINES, percent);
        check(&page, usize::MAX, percent);
    }
}
