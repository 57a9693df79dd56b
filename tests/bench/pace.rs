//! Pushes at a fixed rate, however long each takes, as many clients send them that know nothing of each other.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::load::Connection;

/// Connections that take turns, so that one slow answer does not hold up the next push.
const CONNECTIONS: u32 = 8;

/// How long each push took, from when it was due.
pub(crate) struct Latencies {
    /// Ascending.
    sorted: Vec<Duration>,
}

impl Latencies {
    /// Pushes that were answered.
    pub(crate) fn answered(&self) -> usize {
        self.sorted.len()
    }

    /// The time that such a share of the pushes took at most.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let last = self.sorted.len().saturating_sub(1);
        let at = (share * last as f64).round() as usize;
        self.sorted.get(at).copied().unwrap_or_default()
    }
}

/// Sends `per_second` pushes a second for a while. One that is late because the answer before it was late counts from
/// when it was due, or the worst times would hide themselves.
///
/// # Errors
/// As [`crate::load::run`].
pub(crate) fn run(
    address: SocketAddr,
    per_second: u32,
    lasting: Duration,
    requests: &[Vec<u8>],
) -> Result<Latencies> {
    let started = Instant::now();
    let mut sorted = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|first| {
                scope.spawn(move || turns(address, first, per_second, started, lasting, requests))
            })
            .collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.join().expect("a load thread does not panic")?);
        }
        anyhow::Ok(all)
    })?;
    sorted.sort_unstable();
    Ok(Latencies { sorted })
}

/// Every eighth push.
fn turns(
    address: SocketAddr,
    first: u32,
    per_second: u32,
    started: Instant,
    lasting: Duration,
    requests: &[Vec<u8>],
) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(address)?;
    let mut taken = Vec::new();
    for number in (first..).step_by(CONNECTIONS as usize) {
        let after = Duration::from_secs(1) * number / per_second;
        // A server that cannot keep up is not waited for until all are sent.
        if after >= lasting || started.elapsed() >= 2 * lasting {
            break;
        }
        let due = started + after;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let request = requests
            .get(number as usize % requests.len())
            .context("no requests")?;
        connection.send(request)?;
        connection.receive()?;
        taken.push(due.elapsed());
    }
    Ok(taken)
}
