//! One way to say "stop" to a whole program, whoever says it: a signal, `PUT /-/quit`, a test.
//!
//! It only carries the word. Who stops how, and in which order, is decided by those who wait: the server
//! drains (`server.rs`), the program then closes its store.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// A cloneable switch that goes from "running" to "stopping" once and never back.
#[derive(Clone, Debug)]
pub struct Shutdown {
    stopping: Arc<watch::Sender<bool>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A switch in the state "running".
    pub fn new() -> Self {
        Self {
            stopping: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Says stop to every clone. Saying it again changes nothing.
    pub fn trigger(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether somebody said stop.
    pub fn is_triggered(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Returns as soon as somebody says stop, at once if that has happened before.
    pub async fn wait(&self) {
        // The sender lives in `self`, so the channel cannot close while we wait.
        let _ = self.stopping.subscribe().wait_for(|stop| *stop).await;
    }

    /// Makes SIGTERM and SIGINT say stop, from now until the runtime ends.
    ///
    /// Must be called inside a tokio runtime. The error is the one of installing the handler.
    pub fn on_signals(&self) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal = name, "Shutting down");
            shutdown.trigger();
        });
        Ok(())
    }
}
