//! A restart: how long until a gateway is ready and until Prometheus has everything back.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use promontory_tests::gateway::Which;

use crate::held::{self, Size};
use crate::load;
use crate::table::Row;

/// From the start of the process to `/-/ready`, and to the end of the first scrape.
pub(super) fn rows(size: Size, folder: &Path) -> Result<[Row; 2]> {
    eprintln!("restarts …");
    // The real one's file was written when it was filled.
    held::filled(Which::Ours, size, folder)?
        .process
        .terminate()?;
    let ours = restart(Which::Ours, size, folder)?;
    let real = restart(Which::Real, size, folder)?;
    let row = |what: &str, [ours, real]: [Duration; 2]| Row {
        measure: format!("restart: {what}, ms, {} series held", size.total()),
        ours: ours.as_secs_f64() * 1e3,
        real: Some(real.as_secs_f64() * 1e3),
        limit: None,
        digits: 0,
    };
    Ok([
        row("ready", [ours.0, real.0]),
        row("first scrape whole", [ours.1, real.1]),
    ])
}

/// Starts a gateway on its file. Whether it is ready is asked every 5 ms.
fn restart(which: Which, size: Size, folder: &Path) -> Result<(Duration, Duration)> {
    let data = held::data(which, size, folder);
    let started = Instant::now();
    let gateway = held::start(which, Some(&data), &[], folder)?;
    let ready = started.elapsed();
    load::scrape(gateway.address, "")?;
    Ok((ready, started.elapsed()))
}
