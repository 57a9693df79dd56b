//! `make up`: a pushgateway and a real Prometheus on this machine, and the proof that they work together.
//!
//! It pushes with the official Python client, asks Prometheus, kills the pushgateway with SIGKILL, starts it again, and
//! asks once more. Then it stays until Ctrl-C and stops what it started; `--once` ends after the check with exit status
//! 0 or 1. Everything listens on 127.0.0.1 only; all data lies in `data/up`.

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::process::{self, until};
use promontory_tests::prometheus::{Prometheus, Protocol, Target};
use promontory_tests::{peers, python, root};
use tokio::signal::unix::{SignalKind, signal};

/// How many steps are announced.
const STEPS: usize = 7;
/// What the batch job sends: it records when it last worked, how much it did and how long it took.
const BATCH_JOB: &str = r#"
import sys
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, pushadd_to_gateway, push_to_gateway

gateway, now = sys.argv[1], float(sys.argv[2])
registry = CollectorRegistry()
Gauge("backup_last_success_unixtime", "When the backup last succeeded.", registry=registry).set(now)
Counter("backup_files", "Files saved.", ["kind"], registry=registry).labels("photos").inc(1234)
seconds = Histogram("backup_file_seconds", "Seconds for one file.", buckets=[0.1, 1, 10], registry=registry)
for value in (0.05, 0.4, 3):
    seconds.observe(value)
push_to_gateway(gateway, job="backup", grouping_key={"path": "/home/anna"}, registry=registry)
more = CollectorRegistry()
Gauge("backup_bytes", "Bytes saved.", registry=more).set(5.5e9)
pushadd_to_gateway(gateway, job="backup", grouping_key={"path": "/home/anna"}, registry=more)
"#;

fn main() -> ExitCode {
    let once = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--once") => true,
        Some(other) => {
            eprintln!(
                "up knows only --once, not {other}. Run it by `make up` or `make up ARGS=--once`."
            );
            return ExitCode::FAILURE;
        }
    };
    match stop_on_signal().and_then(|()| story(once)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nIt did not work: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The pids of what runs now, for the thread that waits for Ctrl-C.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn story(once: bool) -> Result<()> {
    let folder = root().join("data/up");
    std::fs::create_dir_all(&folder)?;

    step(
        1,
        "Getting the real Prometheus (built from its Go module the first time: some minutes)",
    );
    peers::program("prometheus")?;
    step(2, "Getting the official Python client");
    python::interpreter()?;

    let port = free_port_from(9091)?;
    let flags = vec![format!(
        "--persistence.file={}",
        folder.join("pushgateway.db").display()
    )];
    let command = format!(
        "pushgateway --web.listen-address=127.0.0.1:{port} {}",
        flags.join(" ")
    );
    step(3, &format!("Starting the pushgateway\n      {command}"));
    let start = || -> Result<Gateway> {
        started(
            || Gateway::start_on(Which::Ours, port, &flags, &folder),
            |gateway| gateway.process.pid(),
        )
    };
    let mut gateway = start()?;

    step(
        4,
        "Starting Prometheus, which scrapes the pushgateway every half second",
    );
    let targets = [Target {
        job: "pushgateway".to_owned(),
        address: gateway.address,
        protocol: Protocol::Protobuf,
    }];
    let prometheus = started(
        || Prometheus::start_on(free_port_from(9090)?, &folder, &targets),
        |prometheus| prometheus.process.pid(),
    )?;

    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    step(5, "Pushing from Python, as a backup job would at its end");
    python::script(BATCH_JOB, &[&gateway.address.to_string(), &now.to_string()])?;
    answers(&prometheus, now)?;

    step(
        6,
        &format!(
            "kill -9 {}, and start the pushgateway again",
            gateway.process.pid()
        ),
    );
    gateway.process.kill9()?;
    prometheus.expect("up{job=\"pushgateway\"}", 0.0)?;
    say("Prometheus sees it gone: up = 0");
    gateway = start()?;

    step(7, "Asking again: what was pushed is still there");
    answers(&prometheus, now)?;

    println!("\nIt works.");
    if once {
        return Ok(());
    }
    println!("\n  Pushgateway   http://{}/", gateway.address);
    println!(
        "  Prometheus    http://{}/api/v1/query?query=backup_bytes",
        prometheus.address
    );
    println!(
        "  Push yourself: echo 'my_metric 42' | curl --data-binary @- http://{}/metrics/job/mine",
        gateway.address
    );
    println!("  All data and logs: {}", folder.display());
    println!("\nCtrl-C stops both.");
    loop {
        std::thread::park();
    }
}

/// Asks Prometheus for what the batch job pushed, waiting for the next scrapes.
fn answers(prometheus: &Prometheus, now: u64) -> Result<()> {
    prometheus.expect_new_scrape("pushgateway")?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds since 1970 are far below 2^53"
    )]
    let now = now as f64;
    let questions = [
        (
            "backup_last_success_unixtime{job=\"backup\",path=\"/home/anna\"}",
            now,
        ),
        ("backup_files_total{kind=\"photos\"}", 1234.0),
        ("backup_bytes", 5.5e9),
        ("histogram_quantile(0.5, backup_file_seconds_bucket)", 0.55),
        ("up{job=\"pushgateway\"}", 1.0),
    ];
    for (promql, value) in questions {
        prometheus.expect(promql, value)?;
        say(&format!("{promql} = {value}"));
    }
    Ok(())
}

/// Starts something and notes its pid, with no room for a signal in between.
fn started<T>(start: impl FnOnce() -> Result<T>, pid: impl FnOnce(&T) -> u32) -> Result<T> {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let program = start()?;
    running.push(pid(&program));
    Ok(program)
}

/// On Ctrl-C or SIGTERM: ends what runs, waits until it is gone, and ends this program.
fn stop_on_signal() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let inside = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    drop(inside);
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        println!("\nStopping.");
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        for pid in running.iter().filter(|pid| alive(**pid)) {
            // It may end between the question and the signal, which is as good.
            let _ = process::signal(*pid, "TERM");
        }
        let gone = until("the programs to end", || {
            (!running.iter().any(|pid| alive(*pid))).then_some(())
        });
        std::process::exit(i32::from(gone.is_err()));
    });
    Ok(())
}

/// Whether a child of ours still runs: one that ended stays a zombie, because nobody waits for it.
fn alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| state != 'Z')
}

/// The first port from `port` on that nobody holds on 127.0.0.1.
fn free_port_from(port: u16) -> Result<u16> {
    (port..=u16::MAX)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .with_context(|| format!("no free port from {port} on"))
}

fn step(number: usize, what: &str) {
    println!("[{number}/{STEPS}] {what}");
}

fn say(what: &str) {
    println!("      {what}");
}
