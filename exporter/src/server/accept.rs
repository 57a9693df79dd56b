//! The accept loop of one listener, and the drain of the connections it made.
//!
//! No error of the kernel ends the loop: running out of descriptors passes, and a server that stopped accepting
//! then would have to be restarted by hand.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{SiteState, connection};
use crate::shutdown::Shutdown;

/// The pause after the first failed accept; it doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(5);
/// The longest pause between two tries to accept.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Accepts until `shutdown`, then closes the listener and waits for the connections.
pub(super) async fn serve(site: Arc<SiteState>, listener: TcpListener, shutdown: Shutdown) {
    let mut connections = JoinSet::new();
    tokio::select! {
        () = shutdown.wait() => {}
        () = accept_all(&site, &listener, &mut connections, &shutdown) => {}
    }
    drop(listener);
    let drained = timeout(site.limits.drain_timeout, async {
        while connections.join_next().await.is_some() {}
    });
    if drained.await.is_err() {
        let cut = connections.len();
        tracing::warn!(
            site = site.name,
            connections = cut,
            "Cut connections that did not drain in time"
        );
        connections.shutdown().await;
    }
}

async fn accept_all(
    site: &Arc<SiteState>,
    listener: &TcpListener,
    connections: &mut JoinSet<()>,
    shutdown: &Shutdown,
) {
    let mut pause = PAUSE;
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                pause = PAUSE;
                // Without a seat nothing more is accepted: further clients wait in the kernel's backlog.
                let seat = site.seats.take().await;
                let site = Arc::clone(site);
                let serving = connection::serve(site, stream, address, seat, shutdown.clone());
                connections.spawn(serving);
            }
            // The client gave up while it waited; the next one may not.
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                tracing::warn!(site = site.name, %error, retry_in = ?pause, "Cannot accept");
                // The most likely reason is that no descriptor is left; an idle connection has one.
                site.seats.make_room();
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
        // Forget the connections that ended.
        while connections.try_join_next().is_some() {}
    }
}

fn is_of_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
