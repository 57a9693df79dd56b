//! Checked pushes: what one costs the server, and how many it answers.

use std::net::SocketAddr;

use anyhow::Result;
use promontory_tests::gateway::Gateway;

use super::{Pair, SMALL};
use crate::held;
use crate::limit::Limit;
use crate::table::Row;
use crate::{load, measure};

/// Connections that push at once; the last is the one whose CPU is shown.
const CONNECTIONS: [usize; 3] = [1, 8, 64];
/// How long each load lasts; a round of requests is finished even so.
const SECONDS: u64 = 3;
/// The longest that one round may take: the real one answers one push after the other.
const ROUND_SECONDS_MAX: f64 = 45.0;

/// What pushes cost a server.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// CPU time of one.
    microseconds: f64,
    per_second: f64,
}

/// CPU a push, and pushes a second over one, eight and 64 connections.
pub(super) fn rows(pair: &Pair<'_>) -> Result<Vec<Row>> {
    let requests = pair.size.pushes(1);
    let ours = over_each(&pair.ours, &requests)?;
    let real = over_each(&pair.real, &requests)?;
    let parse = Limit::start("parse", pair.folder)?;
    let [.., most] = CONNECTIONS;
    let parse = cost(parse.address, parse.child.id(), most, &requests)?;
    let empty = Limit::start("empty", pair.folder)?;
    let last = |costs: &[Option<Cost>]| costs.iter().rev().find_map(|cost| *cost);
    let mut rows = vec![Row {
        measure: pair.measure(&format!(
            "CPU a checked push of {} series, µs",
            pair.size.series
        )),
        ours: last(&ours).map_or(f64::NAN, |cost| cost.microseconds),
        // What the real one does for a push does not depend on who else waits.
        real: last(&real).map(|cost| cost.microseconds),
        limit: Some(parse.microseconds),
        digits: 1,
    }];
    for ((connections, ours), real) in CONNECTIONS.into_iter().zip(ours).zip(real) {
        let limit = cost(empty.address, empty.child.id(), connections, &requests)?;
        rows.push(Row {
            measure: pair.measure(&format!(
                "checked pushes a second, {connections} connection(s)"
            )),
            ours: ours.map_or(f64::NAN, |cost| cost.per_second),
            real: real.map(|cost| cost.per_second),
            limit: Some(limit.per_second),
            digits: if real.is_some_and(|cost| cost.per_second < 10.0) {
                2
            } else {
                0
            },
        });
    }
    Ok(rows)
}

/// The cost over each number of [`CONNECTIONS`]; `None` where a round would take too long by what came before.
fn over_each(gateway: &Gateway, requests: &[Vec<u8>]) -> Result<[Option<Cost>; 3]> {
    let mut known: Option<Cost> = None;
    let mut costs = [None; 3];
    for (connections, found) in CONNECTIONS.into_iter().zip(&mut costs) {
        if let Some(before) = known
            && connections as f64 / before.per_second > ROUND_SECONDS_MAX
        {
            eprintln!(
                "{connections} connections are left out: a round of pushes would take too long"
            );
            continue;
        }
        known = Some(cost(
            gateway.address,
            gateway.process.pid(),
            connections,
            requests,
        )?);
        *found = known;
    }
    Ok(costs)
}

/// CPU a push as the Go client makes it.
pub(super) fn from_go(pair: &Pair<'_>) -> Result<Row> {
    let requests = pair.size.pushes_of_go(1);
    load::once(pair.ours.address, 64, &requests)?;
    let [.., most] = CONNECTIONS;
    let ours = cost(pair.ours.address, pair.ours.process.pid(), most, &requests)?;
    let real = cost(pair.real.address, pair.real.process.pid(), 1, &requests)?;
    Ok(Row {
        measure: pair.measure(&format!(
            "CPU a checked push of {} counters from a Go client, µs",
            pair.size.series
        )),
        ours: ours.microseconds,
        real: Some(real.microseconds),
        limit: None,
        digits: 1,
    })
}

/// What a push of ten series costs both: the same push, whatever is held.
pub(super) fn of_ten_series(pair: &Pair<'_>) -> Result<[Cost; 2]> {
    let requests = SMALL.pushes_of("few", 1);
    // Ours has their groups when it counts. The real one does not care: what it holds is what it pays for.
    load::once(pair.ours.address, 64, &requests)?;
    let [.., most] = CONNECTIONS;
    let ours = cost(pair.ours.address, pair.ours.process.pid(), most, &requests)?;
    let real = cost(pair.real.address, pair.real.process.pid(), 1, &requests)?;
    Ok([ours, real])
}

/// How many times dearer a push of ten series is than it was when less was held.
pub(super) fn growth(pair: &Pair<'_>, before: &[Cost; 2]) -> Result<Row> {
    let now = of_ten_series(pair)?;
    let times = |which: usize| now[which].microseconds / before[which].microseconds;
    Ok(Row {
        measure: format!(
            "CPU a checked push of 10 series, {} series held : {} held",
            pair.size.total(),
            SMALL.asked_for().total()
        ),
        ours: times(0),
        real: Some(times(1)),
        limit: Some(1.0),
        digits: 2,
    })
}

fn cost(address: SocketAddr, pid: u32, connections: usize, requests: &[Vec<u8>]) -> Result<Cost> {
    let before = measure::cpu(pid)?;
    let run = load::run(
        address,
        connections,
        u64::MAX,
        held::lasting(SECONDS),
        requests,
    )?;
    let spent = measure::cpu(pid)? - before;
    Ok(Cost {
        microseconds: spent.as_secs_f64() * 1e6 / run.answered as f64,
        per_second: run.rate(),
    })
}
