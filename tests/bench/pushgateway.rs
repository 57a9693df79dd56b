//! The pushgateways: pushes, scrapes and memory at two sizes.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use promontory_tests::gateway::{Gateway, Which};

use crate::held::{self, Size};
use crate::limit::Limit;
use crate::table::Row;
use crate::{load, measure};

const SMALL: Size = Size {
    groups: 100,
    series: 10,
};
const LARGE: Size = Size {
    groups: 10_000,
    series: 10,
};
/// The real program needs 0.1 to 1 s for a push at the large size; this bounds what we wait for it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Every row about pushgateways.
pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for size in [SMALL, LARGE] {
        eprintln!("{} series held: filling both gateways …", size.total());
        let ours = held::filled(Which::Ours, size, folder)?;
        let real = held::filled(Which::Real, size, folder)?;
        rows.extend(pushes(size, folder, &real)?);
        if size.total() == LARGE.total() {
            rows.extend(scrapes(size, folder, &ours, &real)?);
            rows.extend(memory(size, &ours, &real)?);
        }
    }
    Ok(rows)
}

/// CPU a checked push, and checked pushes a second over 64 connections; both gateways in memory, so
/// that the disk says nothing here.
fn pushes(size: Size, folder: &Path, real: &Gateway) -> Result<Vec<Row>> {
    let requests = size.pushes(1);
    let ours = held::start(Which::Ours, None, &[], folder)?;
    load::run(ours.address, 64, requests.len() as u64, PATIENCE, &requests)?;
    let mine = cost(ours.address, ours.process.pid(), 40_000, &requests)?;
    let theirs = cost(real.address, real.process.pid(), 40_000, &requests)?;
    let limit = Limit::start("parse", folder)?;
    let parsed = cost(limit.address, limit.child.id(), 40_000, &requests)?;
    let limit = Limit::start("empty", folder)?;
    let empty = cost(limit.address, limit.child.id(), 40_000, &requests)?;
    let held = size.total();
    Ok(vec![
        Row {
            measure: format!("CPU a checked push, {held} series held, µs"),
            ours: mine.0,
            real: Some(theirs.0),
            limit: Some(parsed.0),
            digits: 1,
        },
        Row {
            measure: format!("checked pushes a second, 64 connections, {held} series held"),
            ours: mine.1,
            real: Some(theirs.1),
            limit: Some(empty.1),
            digits: 0,
        },
    ])
}

/// Microseconds of server CPU a push, and pushes a second, over 64 connections.
fn cost(address: SocketAddr, pid: u32, count: u64, requests: &[Vec<u8>]) -> Result<(f64, f64)> {
    let before = measure::cpu(pid)?;
    let run = load::run(address, 64, count, PATIENCE, requests)?;
    let spent = measure::cpu(pid)? - before;
    Ok((spent.as_secs_f64() * 1e6 / run.answered as f64, run.rate()))
}

/// Time of a scrape, plain and gzip; gzip also once nothing has changed since the last one.
fn scrapes(size: Size, folder: &Path, ours: &Gateway, real: &Gateway) -> Result<Vec<Row>> {
    let page = folder.join("page");
    let plain = std::process::Command::new("curl")
        .args(["-s", &format!("http://{}/metrics", ours.address)])
        .output()?
        .stdout;
    std::fs::write(&page, &plain)?;
    let limit = Limit::start("page", &page)?;
    let held = size.total();
    let row = |what: &str, ours: Duration, real: Duration, limit: Duration| Row {
        measure: format!("{what}, {held} series, ms"),
        ours: ours.as_secs_f64() * 1e3,
        real: Some(real.as_secs_f64() * 1e3),
        limit: Some(limit.as_secs_f64() * 1e3),
        digits: 1,
    };
    let touch = |gateway: &Gateway, round: usize| -> Result<()> {
        // The real one takes a second for each push here; one push makes its page as new as all would.
        let requests = size.pushes(round);
        let count = if gateway.process.pid() == ours.process.pid() {
            requests.len() as u64
        } else {
            1
        };
        load::run(
            gateway.address,
            if count == 1 { 1 } else { 64 },
            count,
            Duration::from_secs(60),
            &requests,
        )?;
        Ok(())
    };
    touch(ours, 10)?;
    touch(real, 10)?;
    let new = (
        load::scrape(ours.address, true)?,
        load::scrape(real.address, true)?,
    );
    let same = (
        load::scrape(ours.address, true)?,
        load::scrape(real.address, true)?,
    );
    let plain = (
        load::scrape(ours.address, false)?,
        load::scrape(real.address, false)?,
    );
    let best = load::scrape(limit.address, false)?;
    Ok(vec![
        row(
            "scrape, plain, last byte",
            plain.0.last,
            plain.1.last,
            best.last,
        ),
        row(
            "scrape, plain, first byte",
            plain.0.first,
            plain.1.first,
            best.first,
        ),
        row(
            "scrape, gzip, everything new",
            new.0.last,
            new.1.last,
            best.last,
        ),
        row(
            "scrape, gzip, nothing new",
            same.0.last,
            same.1.last,
            best.last,
        ),
        Row {
            measure: format!("page bytes, gzip, {held} series"),
            ours: new.0.bytes as f64,
            real: Some(new.1.bytes as f64),
            limit: None,
            digits: 0,
        },
    ])
}

fn memory(size: Size, ours: &Gateway, real: &Gateway) -> Result<Vec<Row>> {
    let (mine, my_peak) = measure::memory(ours.process.pid())?;
    let (theirs, their_peak) = measure::memory(real.process.pid())?;
    let row = |what: &str, ours: u64, real: u64| Row {
        measure: format!("{what} bytes a series, {} series held", size.total()),
        ours: ours as f64 / size.total() as f64,
        real: Some(real as f64 / size.total() as f64),
        limit: None,
        digits: 0,
    };
    Ok(vec![
        row("resident", mine, theirs),
        row("highest resident", my_peak, their_peak),
    ])
}
