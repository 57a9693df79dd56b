//! A push that was acknowledged is there after a `kill -9`, whole, at whatever moment the kill came.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::{Connection, Request};
use promontory_tests::process::until;
use promontory_tests::random::Dice;

/// How often the gateway is killed; `PROMONTORY_KILLS` asks for more.
const KILLS: usize = 100;
/// Connections that push at the same time.
const CONNECTIONS: usize = 4;
/// Groups each connection pushes to in turn.
const GROUPS: usize = 8;
/// Families in each push; all carry the same number, so a torn group shows.
const FAMILIES: usize = 20;

/// What is known about one group.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// The number of the last acknowledged push; 0 if the last acknowledged step was a delete.
    acknowledged: u64,
    /// The number of the last push that was sent, acknowledged or not; a delete counts as 0.
    sent: u64,
}

type Ledger = Mutex<HashMap<String, Known>>;

#[test]
fn defect_13_a_kill_loses_nothing_acknowledged_and_tears_nothing() {
    let kills = std::env::var("PROMONTORY_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(KILLS);
    let folder = tempfile::tempdir().unwrap();
    let flags = vec![format!(
        "--persistence.file={}",
        folder.path().join("held.db").display()
    )];
    let ledger = Ledger::default();
    let mut dice = Dice::new(u64::from(std::process::id()));
    let mut acknowledged = 0;
    let start = Instant::now();
    for kill in 0..kills {
        let mut gateway = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
        verify(&gateway, &ledger, kill);
        acknowledged += load_until_kill(&mut gateway, &ledger, 1 + dice.roll(60));
    }
    let gateway = Gateway::start(Which::Ours, &flags, folder.path()).unwrap();
    verify(&gateway, &ledger, kills);
    eprintln!(
        "{kills} kills, {acknowledged} acknowledged steps, {:.0} s",
        start.elapsed().as_secs_f64()
    );
}

/// Pushes from all connections and kills once `target` steps are acknowledged; returns how many were.
fn load_until_kill(gateway: &mut Gateway, ledger: &Ledger, target: usize) -> usize {
    let count = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let address = gateway.address;
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let (count, stop) = (&count, &stop);
            scope.spawn(move || push_until(address, connection, ledger, count, stop));
        }
        let reached = until("enough acknowledged pushes", || {
            (count.load(Ordering::SeqCst) >= target).then_some(())
        });
        gateway.process.kill9().unwrap();
        stop.store(true, Ordering::SeqCst);
        reached.unwrap();
    });
    count.into_inner()
}

fn push_until(
    address: SocketAddr,
    connection: usize,
    ledger: &Ledger,
    count: &AtomicUsize,
    stop: &AtomicBool,
) {
    let Ok(mut socket) = Connection::open(address) else {
        return;
    };
    for step in 0.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let path = format!(
            "/metrics/job/j/connection/{connection}/group/{}",
            step % GROUPS
        );
        let known = ledger
            .lock()
            .unwrap()
            .get(&path)
            .copied()
            .unwrap_or_default();
        let (request, number) = if step % 7 == 6 {
            (Request::new("DELETE", &path), 0)
        } else {
            // Numbers of a group never repeat: what is found after a restart names one push.
            let number = ticket();
            let body: String = (0..FAMILIES)
                .map(|family| format!("f{family} {number}\n"))
                .collect();
            (
                Request::new(if step % 2 == 0 { "PUT" } else { "POST" }, &path).body(body),
                number,
            )
        };
        ledger.lock().unwrap().insert(
            path.clone(),
            Known {
                sent: number,
                ..known
            },
        );
        let Ok(response) = socket.send(&request) else {
            return;
        };
        assert!(
            matches!(response.status, 200 | 202),
            "{} {}",
            response.status,
            response.text()
        );
        ledger.lock().unwrap().insert(
            path,
            Known {
                acknowledged: number,
                sent: number,
            },
        );
        count.fetch_add(1, Ordering::SeqCst);
    }
}

fn ticket() -> u64 {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::SeqCst) as u64
}

/// Every group holds its last acknowledged step, or the one that was under way when the kill came.
fn verify(gateway: &Gateway, ledger: &Ledger, kill: usize) {
    let mut held: HashMap<String, Vec<u64>> = HashMap::new();
    for line in gateway.scrape().unwrap().lines() {
        let Some((series, value)) = line.rsplit_once(' ').filter(|_| line.starts_with('f')) else {
            continue;
        };
        let label = |name: &str| {
            series
                .split(&format!("{name}=\""))
                .nth(1)?
                .split('"')
                .next()
        };
        let (Some(connection), Some(group)) = (label("connection"), label("group")) else {
            continue;
        };
        let path = format!("/metrics/job/j/connection/{connection}/group/{group}");
        held.entry(path)
            .or_default()
            .push(value.parse::<f64>().unwrap() as u64);
    }
    let mut ledger = ledger.lock().unwrap();
    for (path, known) in ledger.iter_mut() {
        let values = held.remove(path).unwrap_or_default();
        let value = values.first().copied().unwrap_or_default();
        let whole = values.is_empty()
            || values.len() == FAMILIES && values.iter().all(|other| *other == value);
        assert!(whole, "after kill {kill}, {path} is torn: {values:?}");
        assert!(
            value == known.acknowledged || value == known.sent,
            "after kill {kill}, {path} holds {value}, but {known:?}"
        );
        *known = Known {
            acknowledged: value,
            sent: value,
        };
    }
    assert!(held.is_empty(), "after kill {kill}, nobody pushed {held:?}");
}
