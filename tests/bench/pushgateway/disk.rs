//! Bytes written to disk for each byte pushed, at a rate that leaves time to write.
//!
//! Ours has each push on disk before it answers. The real one writes all it holds each time it saves; it is told to save
//! every second, the least it loses in a crash, and does not check, or it could not take the rate.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Result;
use promontory_tests::gateway::{Gateway, Which};

use crate::held::{self, Size};
use crate::limit::Limit;
use crate::table::Row;
use crate::{measure, pace};

const PER_SECOND: u32 = 300;
/// Long enough that every group is pushed again and ours has its file to rewrite.
const SECONDS: u64 = 45;

/// Bytes written for a byte pushed.
pub(super) fn rows(size: Size, folder: &Path) -> Result<[Row; 1]> {
    eprintln!("bytes written …");
    let requests = size.pushes(4);
    let ours = with_file(Which::Ours, size, &[], folder)?;
    let mine = written(ours.address, ours.process.pid(), &requests)?;
    let limit = Limit::start("log", folder)?;
    let least = written(limit.address, limit.child.id(), &requests)?;
    let flags = [
        "--persistence.interval=1s",
        "--push.disable-consistency-check",
    ];
    let real = with_file(Which::Real, size, &flags, folder)?;
    let theirs = written(real.address, real.process.pid(), &requests)?;
    Ok([Row {
        measure: format!(
            "bytes written to disk per byte pushed, {PER_SECOND} pushes a second, {} series held",
            size.total()
        ),
        ours: mine,
        real: Some(theirs),
        limit: Some(least),
        digits: 2,
    }])
}

/// A gateway on the file it was filled with.
fn with_file(which: Which, size: Size, flags: &[&str], folder: &Path) -> Result<Gateway> {
    held::start(which, Some(&held::data(which, size, folder)), flags, folder)
}

fn written(address: SocketAddr, pid: u32, requests: &[Vec<u8>]) -> Result<f64> {
    let before = measure::written(pid)?;
    let pushes = pace::run(address, PER_SECOND, held::lasting(SECONDS), requests)?;
    let written = measure::written(pid)? - before;
    let pushed = requests.iter().cycle().take(pushes.answered());
    let pushed: usize = pushed.map(Vec::len).sum();
    Ok(written as f64 / pushed as f64)
}
