//! Durable pushes: each is on disk before it is answered. The real program does not offer it; the limit is a bare server
//! that appends what it reads to a log and syncs once for all who wait.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use promontory_tests::gateway::Which;

use crate::held::{self, Size};
use crate::limit::Limit;
use crate::table::Row;
use crate::{load, measure};

/// 100 and 10,000 groups of ten series, and 10,000 of a hundred.
const SIZES: &[Size] = &[
    Size {
        groups: 100,
        series: 10,
    },
    Size {
        groups: 10_000,
        series: 10,
    },
    Size {
        groups: 10_000,
        series: 100,
    },
];
/// Connections, and pushes over each: with one, long enough for the file to be rewritten.
const LOADS: &[(usize, u64)] = &[(1, 25_000), (64, 600)];
const PATIENCE: Duration = Duration::from_secs(30);

/// Every row about durable pushes.
pub(crate) fn rows(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for size in SIZES {
        eprintln!("{} series held: filling a durable gateway …", size.total());
        let ours = held::filled(Which::Ours, *size, folder)?;
        let requests = size.pushes(2);
        for (connections, each) in LOADS {
            let limit = Limit::start("log", folder)?;
            let count = *connections as u64 * each;
            let best = run(
                limit.address,
                limit.child.id(),
                *connections,
                count,
                &requests,
            )?;
            let mine = run(
                ours.address,
                ours.process.pid(),
                *connections,
                count,
                &requests,
            )?;
            let what = format!("{connections} connection(s), {} series held", size.total());
            let row = |measure: &str, (mine, best), digits| Row {
                measure: format!("{measure}, {what}"),
                ours: mine,
                real: None,
                limit: Some(best),
                digits,
            };
            rows.push(row("durable checked pushes a second", (mine.0, best.0), 0));
            let written = "bytes written to disk per byte pushed";
            rows.push(row(written, (mine.1, best.1), 2));
        }
    }
    Ok(rows)
}

/// Pushes a second, and bytes written by a process for each byte pushed.
fn run(
    address: SocketAddr,
    pid: u32,
    connections: usize,
    count: u64,
    requests: &[Vec<u8>],
) -> Result<(f64, f64)> {
    let before = measure::written(pid)?;
    let run = load::run(address, connections, count, PATIENCE, requests)?;
    let written = measure::written(pid)? - before;
    let bytes = requests.iter().map(Vec::len).sum::<usize>() as f64 / requests.len() as f64;
    Ok((run.rate(), written as f64 / (bytes * run.answered as f64)))
}
