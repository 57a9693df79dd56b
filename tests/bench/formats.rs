//! Reading and writing pages: ours, Go's libraries, and the limit, which is one pass over the same
//! bytes (looking for line feeds when reading text, else copying). One core, no sockets.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use promontory_corpus::generate;
use promontory_exposition::format::{Limits, read, write};
use promontory_exposition::name::NameRules;
use promontory_exposition::{Escaping, Family, Format, Target, openmetrics, text};
use promontory_tests::peers;

use crate::measure;
use crate::table::Row;

/// How much CPU each row is given.
const EACH: Duration = Duration::from_millis(500);

/// A row for each format and direction: MB of the format at hand for a second of CPU.
pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    // A third each of what node exporters, kube-state exporters and clients show.
    let page = [
        generate::node(20_000),
        generate::kube(20_000),
        generate::client(20_000),
    ]
    .concat();
    let go = go(&page, folder)?;
    let families = read(Format::Text, &page, &Limits::default())?;
    let openmetrics = written(Format::OpenMetrics, &families)?;
    let protobuf = written(Format::Protobuf, &families)?;
    let row = |measure: &str, real: &str, ours: f64, limit: f64| Row {
        measure: format!("{measure}, MB a CPU second"),
        ours,
        real: go
            .iter()
            .find(|(name, _)| name == real)
            .map(|(_, rate)| *rate),
        limit: Some(limit),
        digits: 0,
    };
    let mut rows = vec![
        row(
            "reading text, line by line",
            "read text lines",
            rate(|| text_lines(&page))?,
            passes(&page)?,
        ),
        row(
            "reading text into families",
            "read text families",
            rate(|| whole(Format::Text, &page))?,
            passes(&page)?,
        ),
        row(
            "reading OpenMetrics, line by line",
            "read openmetrics lines",
            rate(|| openmetrics_lines(&openmetrics))?,
            passes(&openmetrics)?,
        ),
        row(
            "reading protobuf",
            "read protobuf",
            rate(|| whole(Format::Protobuf, &protobuf))?,
            copies(&protobuf)?,
        ),
    ];
    for (format, measure, real) in [
        (Format::Text, "writing text", "write text"),
        (
            Format::OpenMetrics,
            "writing OpenMetrics",
            "write openmetrics",
        ),
        (Format::Protobuf, "writing protobuf", "write protobuf"),
    ] {
        let bytes = written(format, &families)?;
        rows.push(row(
            measure,
            real,
            rate(|| Ok(written(format, &families)?.len()))?,
            copies(&bytes)?,
        ));
    }
    Ok(rows)
}

/// What the Go program measures over the same page: names of rows and MB a second of CPU.
fn go(page: &[u8], folder: &Path) -> Result<Vec<(String, f64)>> {
    let file = folder.join("page.txt");
    fs::write(&file, page)?;
    let output = Command::new(peers::program("expfmt")?)
        .env("GOMAXPROCS", "1")
        .arg("bench")
        .arg(&file)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout)?;
    lines
        .lines()
        .map(|line| {
            let (name, rate) = line
                .split_once('\t')
                .context("a line of the Go bench has two columns")?;
            Ok((name.to_owned(), rate.parse()?))
        })
        .collect()
}

/// MB for a second of CPU, over many passes; `pass` says how many bytes it went through. CPU rather
/// than time: other work on the machine then disturbs less, and Go's collector is counted.
fn rate(pass: impl Fn() -> Result<usize>) -> Result<f64> {
    let started = measure::cpu(std::process::id())?;
    let mut bytes = 0;
    loop {
        bytes += pass()?;
        let spent = measure::cpu(std::process::id())?.saturating_sub(started);
        if spent >= EACH {
            return Ok(bytes as f64 / 1e6 / spent.as_secs_f64());
        }
    }
}

fn text_lines(page: &[u8]) -> Result<usize> {
    let mut lines = text::Lines::new(page, NameRules::Utf8, &Limits::default());
    while let Some(line) = lines.next_line()? {
        black_box(&line);
    }
    Ok(page.len())
}

fn openmetrics_lines(page: &[u8]) -> Result<usize> {
    let mut lines = openmetrics::lines::Lines::new(page, &Limits::default())?;
    while let Some(line) = lines.next_line()? {
        black_box(&line);
    }
    Ok(page.len())
}

fn whole(format: Format, page: &[u8]) -> Result<usize> {
    black_box(read(format, page, &Limits::default())?);
    Ok(page.len())
}

fn written(format: Format, families: &[Family<'_>]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    write(
        Target {
            format,
            escaping: Escaping::Underscores,
        },
        families,
        &mut out,
    )?;
    Ok(out)
}

/// One copy of the bytes, for formats and directions without lines to look for.
fn copies(bytes: &[u8]) -> Result<f64> {
    rate(|| Ok(black_box(bytes.to_vec()).len()))
}

/// One pass over the bytes that stops at every line feed: less no line-based reader can do.
fn passes(page: &[u8]) -> Result<f64> {
    rate(|| {
        memchr::memchr_iter(b'\n', page).for_each(|at| {
            black_box(at);
        });
        Ok(page.len())
    })
}
