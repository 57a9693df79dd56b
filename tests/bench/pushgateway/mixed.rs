//! Pushes beside scrapes: what each costs the other while somebody scrapes all the time.
//!
//! The real one is measured without its check, which alone would take seconds for each push.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Result;
use promontory_tests::gateway::Which;

use crate::held::{self, Size};
use crate::table::Row;
use crate::{load, pace};

/// Pushes a second: a tenth and less of what either can take.
const PER_SECOND: u32 = 300;
/// How long each load lasts.
const SECONDS: u64 = 10;
/// Connections that push as fast as they are answered.
const CONNECTIONS: usize = 8;

/// What was seen of one gateway: times in milliseconds, in the order of [`MEASURES`].
type Seen = [f64; 5];

const MEASURES: [&str; 5] = [
    "beside 300 pushes a second: scrape, gzip, ms",
    "beside scrapes: push, median, ms",
    "beside scrapes: push, 99 of 100, ms",
    "beside scrapes: push, longest, ms",
    "beside scrapes: pushes a second lost, 8 connections, %",
];

/// Scrape and push times beside each other, and how much slower pushes get.
pub(super) fn rows(size: Size, folder: &Path) -> Result<Vec<Row>> {
    eprintln!("pushes beside scrapes …");
    let requests = size.pushes(3);
    let ours = held::in_memory(size, folder)?;
    let ours = see(ours.address, &requests)?;
    let data = held::data(Which::Real, size, folder);
    let unchecked = ["--push.disable-consistency-check"];
    let real = held::start(Which::Real, Some(&data), &unchecked, folder)?;
    let real = see(real.address, &requests)?;
    let row = |((measure, ours), real)| Row {
        measure: format!("{measure}, {} series held", size.total()),
        ours,
        real: Some(real),
        limit: None,
        digits: 1,
    };
    Ok(MEASURES.into_iter().zip(ours).zip(real).map(row).collect())
}

fn see(address: SocketAddr, requests: &[Vec<u8>]) -> Result<Seen> {
    let lasting = held::lasting(SECONDS);
    let fast = || load::run(address, CONNECTIONS, u64::MAX, lasting, requests);
    let alone = fast()?.rate();
    let (disturbed, _) = beside_scrapes(address, fast)?;
    let (pushes, scrapes) = beside_scrapes(address, || {
        pace::run(address, PER_SECOND, lasting, requests)
    })?;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    Ok([
        milliseconds(scrapes.get(scrapes.len() / 2).copied().unwrap_or_default()),
        milliseconds(pushes.quantile(0.5)),
        milliseconds(pushes.quantile(0.99)),
        milliseconds(pushes.quantile(1.0)),
        (1.0 - disturbed.rate() / alone) * 100.0,
    ])
}

/// Does `work` while one client scrapes again and again; how long its scrapes took, ascending. The last one is finished.
fn beside_scrapes<T>(
    address: SocketAddr,
    work: impl FnOnce() -> Result<T>,
) -> Result<(T, Vec<Duration>)> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let scraper = scope.spawn(|| {
            let mut times = Vec::new();
            while !done.load(Relaxed) {
                times.push(load::scrape(address, load::GZIP)?.last);
            }
            times.sort_unstable();
            anyhow::Ok(times)
        });
        let worked = work();
        done.store(true, Relaxed);
        let times = scraper.join().expect("the scraper does not panic")?;
        Ok((worked?, times))
    })
}
