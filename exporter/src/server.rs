//! The server: binds the addresses of one or more sites and serves their routers until told to stop.
//!
//! It knows connections, limits and draining, and nothing of what is served. `listen.rs` turns address
//! spellings into sockets, `web/` is the web config file (TLS, users, headers, rate limit). Inside, a connection
//! flows down: `accept` → `connection` → `service` → the router.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::limits::Limits;
use crate::listen::{self, ListenError};
use crate::shutdown::Shutdown;
use crate::web::{ConfigError, Gate};

mod accept;
mod activity;
mod body;
mod budget;
mod connection;
mod descriptors;
mod malformed;
mod seats;
mod service;
mod socket;

pub use body::{BodyError, read_body};

use budget::Budget;
use seats::Seats;

/// One router with the addresses it is served on. A program has one, or several (metrics and telemetry).
#[derive(Debug)]
pub struct Site {
    /// Names the site in logs: `metrics`, `telemetry`.
    pub name: &'static str,
    /// The flag the addresses come from, for error messages: `--web.listen-address`.
    pub flag: &'static str,
    /// Addresses as Go programs spell them: `:9091`, `[::1]:9100`, `localhost:0`.
    pub addresses: Vec<String>,
    /// Serve on the sockets systemd passed (`LISTEN_FDS`) instead of the addresses.
    pub systemd_socket: bool,
    /// The web config file, as `--web.config.file` gives it.
    pub web_config: Option<PathBuf>,
    /// What clients may use up.
    pub limits: Limits,
    /// What is served. Handlers find the [`Peer`] among the request's extensions.
    pub app: Router,
}

impl Site {
    /// A site with default limits and neither TLS nor users.
    pub fn new(name: &'static str, addresses: Vec<String>, app: Router) -> Self {
        Self {
            name,
            flag: "--web.listen-address",
            addresses,
            systemd_socket: false,
            web_config: None,
            limits: Limits::default(),
            app,
        }
    }
}

/// Who sent a request. Inserted as an extension into every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address of the other end of the connection.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
}

/// Why a server did not start. Every variant names the flag, address or file at fault.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address is not one, cannot be resolved or is in use; or systemd passed no sockets.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The web config file, or a file it names, cannot be used.
    #[error(transparent)]
    WebConfig(#[from] ConfigError),
}

/// Sites bound to their sockets: connections already wait in the backlog, none is answered before [`run`](Server::run).
#[derive(Debug)]
pub struct Server {
    sites: Vec<(Arc<SiteState>, Vec<TcpListener>)>,
}

/// What the connections of a site share.
#[derive(Debug)]
struct SiteState {
    name: &'static str,
    limits: Limits,
    gate: Option<Gate>,
    app: Router,
    /// One for each open connection.
    seats: Arc<Seats>,
    /// What the bodies of all connections may hold.
    bodies: Arc<Budget>,
}

impl Server {
    /// Reads the web config files and binds all addresses; the first error ends it and nothing stays bound.
    /// The process may have as many files open afterwards as its hard limit allows.
    pub async fn bind(sites: Vec<Site>) -> Result<Server, ServeError> {
        let mut bound = Vec::with_capacity(sites.len());
        let descriptors = descriptors::for_connections(descriptors::raise(), sites.len());
        for site in sites {
            let gate = match site.web_config {
                Some(file) => Some(Gate::open(file)?),
                None => None,
            };
            let listeners = listen::bind(site.flag, &site.addresses, site.systemd_socket).await?;
            let state = SiteState {
                name: site.name,
                gate,
                // Our own bound stands in front of every handler; axum's 2 MB would refuse honest pushes.
                app: site.app.layer(DefaultBodyLimit::disable()),
                seats: Seats::new(site.name, site.limits.connections_max.min(descriptors)),
                bodies: Budget::new(site.limits.bodies_bytes_max),
                limits: site.limits,
            };
            bound.push((Arc::new(state), listeners));
        }
        Ok(Server { sites: bound })
    }

    /// The bound addresses in the order of the sites and of their addresses, with the ports the kernel chose for port 0.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let listeners = self.sites.iter().flat_map(|(_, listeners)| listeners);
        listeners.filter_map(|l| l.local_addr().ok()).collect()
    }

    /// Serves until `shutdown` is triggered, then drains: nothing is accepted any more, requests in flight are
    /// finished up to [`Limits::drain_timeout`], then the rest is cut.
    pub async fn run(self, shutdown: Shutdown) {
        let mut accepting = JoinSet::new();
        for (site, listeners) in self.sites {
            for listener in listeners {
                announce(&site, &listener);
                let (site, shutdown) = (Arc::clone(&site), shutdown.clone());
                accepting.spawn(accept::serve(site, listener, shutdown));
            }
        }
        while accepting.join_next().await.is_some() {}
    }
}

/// Says where we listen, in the words operators know from the replaced programs.
fn announce(site: &SiteState, listener: &TcpListener) {
    let Ok(address) = listener.local_addr() else {
        return;
    };
    tracing::info!(site = site.name, %address, "Listening on");
    let gate = site.gate.as_ref().map(Gate::loaded);
    match gate.filter(|config| config.tls().is_some()) {
        Some(config) => tracing::info!(http2 = config.http2(), %address, "TLS is enabled."),
        None => tracing::info!(http2 = false, %address, "TLS is disabled."),
    }
}
