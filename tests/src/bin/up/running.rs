//! What runs, and how it all ends.

use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use promontory_tests::process::{self, until};
use tokio::signal::unix::{SignalKind, signal};

/// What runs now, for the thread that waits for Ctrl-C: pids, and the signals that end them.
static RUNNING: Mutex<Vec<(u32, &str)>> = Mutex::new(Vec::new());

/// Starts something and notes its pid. What a signal meets in between ends with this program all the same, only less
/// gently: see `promontory_tests::lifeline`.
pub(crate) fn started<T>(
    start: impl FnOnce() -> Result<T>,
    pid: impl FnOnce(&T) -> u32,
) -> Result<T> {
    let program = start()?;
    note(pid(&program), "TERM");
    Ok(program)
}

/// Notes something that is to end with us, and how: nothing that it keeps must last. An API server that is asked to end
/// waits a minute for the store below it, which has ended.
pub(crate) fn note_throwaway(pid: u32) {
    note(pid, "KILL");
}

fn note(pid: u32, signal: &'static str) {
    RUNNING
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push((pid, signal));
}

/// On Ctrl-C or SIGTERM: ends what runs, waits until it is gone, and ends this program.
pub(crate) fn stop_on_signal() -> Result<()> {
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
        for (pid, signal) in running.iter().filter(|(pid, _)| alive(*pid)) {
            // It may end between the question and the signal, which is as good.
            let _ = process::signal(*pid, signal);
        }
        let gone = until("the programs to end", || {
            (!running.iter().any(|(pid, _)| alive(*pid))).then_some(())
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
pub(crate) fn free_port_from(port: u16) -> Result<u16> {
    (port..=u16::MAX)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .with_context(|| format!("no free port from {port} on"))
}
