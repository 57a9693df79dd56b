//! What the core costs without HTTP: a push, a scrape and memory, with few and with many series held.
//!
//! `cargo run --release -p pushgateway --example core_bench`

use std::time::{Duration, Instant, SystemTime};

use promontory_exposition::format::{Limits, read};
use promontory_exposition::{Format, Label};
use pushgateway::commit::{Gateway, Options, open};
use pushgateway::family::READY;
use pushgateway::group::GroupingKey;
use pushgateway::ingest::{Change, prepare};
use tokio::runtime::Runtime;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()?;
    println!(
        "{:>8} {:>6} {:>10} {:>10} {:>10} {:>10} {:>10} {:>8}",
        "groups", "series", "push us", "scrape ms", "gzip ms", "again ms", "page MB", "B/series"
    );
    for (groups, series) in [
        (1, 10),
        (100, 10),
        (10_000, 10),
        (100_000, 1),
        (1_000, 100),
        (10, 100_000),
    ] {
        let before = resident_bytes();
        let (gateway, committer) = open(&Options::default())?;
        for group in 0..groups {
            push(&runtime, &gateway, group, series)?;
        }
        let held = resident_bytes().saturating_sub(before) / (groups * (series + 2)).max(1);
        let repeats = 2_000_000 / (series * 1_000).max(1_000);
        let repeats = repeats.max(3);
        let per_push = timed(repeats, |i| push(&runtime, &gateway, i % groups, series))?;
        let scrape = timed(5, |_| {
            gateway.view().page(READY, &[])?;
            Ok(())
        })?;
        let gzip = timed(1, |_| {
            gateway.view().gzip_page(READY, &[])?;
            Ok(())
        })?;
        let again = timed(5, |_| {
            gateway.view().gzip_page(READY, &[])?;
            Ok(())
        })?;
        let bytes: usize = gateway
            .view()
            .page(READY, &[])?
            .iter()
            .map(|part| part.len())
            .sum();
        println!(
            "{groups:>8} {series:>6} {:>10.1} {:>10.2} {:>10.2} {:>10.2} {:>10.2} {held:>8}",
            per_push.as_secs_f64() * 1e6,
            scrape.as_secs_f64() * 1e3,
            gzip.as_secs_f64() * 1e3,
            again.as_secs_f64() * 1e3,
            bytes as f64 / 1e6,
        );
        committer.shutdown()?;
    }
    durable(&runtime)
}

/// Durable pushes a second, one after the other and 64 at a time.
fn durable(runtime: &Runtime) -> anyhow::Result<()> {
    for clients in [1, 64] {
        let folder = tempfile::tempdir()?;
        let options = Options {
            persistence_file: Some(folder.path().join("store")),
            ..Options::default()
        };
        let (gateway, committer) = open(&options)?;
        let started = Instant::now();
        let counts = runtime.block_on(async {
            let clients = (0..clients).map(|client| {
                let gateway = gateway.clone();
                tokio::spawn(async move {
                    let mut count = 0;
                    while started.elapsed() < Duration::from_secs(2) {
                        let push = body(client * 1_000 + count % 31, 10);
                        gateway
                            .push(prepared(client * 1_000 + count % 31, &push))
                            .await
                            .expect("the push is accepted");
                        count += 1;
                    }
                    count
                })
            });
            let mut total = 0;
            for client in clients.collect::<Vec<_>>() {
                total += client.await.expect("no client panics");
            }
            total
        });
        println!(
            "{clients} clients: {:.0} durable pushes a second",
            counts as f64 / started.elapsed().as_secs_f64()
        );
        let groups = gateway.view().group_count();
        committer.shutdown()?;
        let started = Instant::now();
        let (_, committer) = open(&options)?;
        println!(
            "{groups} groups loaded in {:.1} ms",
            started.elapsed().as_secs_f64() * 1e3
        );
        committer.shutdown()?;
    }
    Ok(())
}

fn timed(
    repeats: usize,
    mut work: impl FnMut(usize) -> anyhow::Result<()>,
) -> anyhow::Result<Duration> {
    let started = Instant::now();
    for i in 0..repeats {
        work(i)?;
    }
    Ok(started.elapsed() / u32::try_from(repeats)?)
}

fn push(runtime: &Runtime, gateway: &Gateway, group: usize, series: usize) -> anyhow::Result<()> {
    let body = body(group, series);
    Ok(runtime.block_on(gateway.push(prepared(group, &body)))?)
}

fn prepared(group: usize, body: &str) -> pushgateway::ingest::Push {
    let families =
        read(Format::Text, body.as_bytes(), &Limits::default()).expect("the body is valid");
    let labels = vec![
        Label::new("job", "batch"),
        Label::new("instance", format!("host-{group:06}")),
    ];
    prepare(
        GroupingKey::from_labels(labels),
        Change::Replace,
        families,
        SystemTime::now(),
    )
}

/// One family of so many series.
fn body(group: usize, series: usize) -> String {
    let mut body = String::from(
        "# HELP batch_items_processed_total Items that went through.\n# TYPE batch_items_processed_total counter\n",
    );
    for i in 0..series {
        body.push_str(&format!(
            "batch_items_processed_total{{stage=\"stage-{:06}\"}} {}\n",
            i,
            i * 7 + group
        ));
    }
    body
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    pages * 4096
}
