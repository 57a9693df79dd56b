//! From an address as Go programs spell it to a listening socket, and the sockets systemd hands over.
//!
//! It never picks another address than the one asked for. `server.rs` accepts on what is bound here.
//! The rules are those of Go's `net.Listen("tcp", address)`: an empty host and both unspecified addresses
//! (`0.0.0.0`, `[::]`) mean every address of both families, a host name means its first address (IPv4 before
//! IPv6), an empty port means one the kernel chooses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use listenfd::ListenFd;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// What we ask the kernel to queue before we accept; it cuts this to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// Why an address could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Neither an address nor a systemd socket was asked for.
    #[error("{flag}: no address to listen on")]
    NoAddress {
        /// The flag that gives the addresses.
        flag: &'static str,
    },
    /// The text is not an address, or its host or port is not known here.
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
    #[error("{flag}={address}: cannot listen")]
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

/// Binds every address, or takes the sockets systemd passed. The first failure releases all of them.
pub(crate) async fn bind(
    flag: &'static str,
    addresses: &[String],
    systemd: bool,
) -> Result<Vec<TcpListener>, ListenError> {
    if systemd {
        return from_systemd(ListenFd::from_env());
    }
    if addresses.is_empty() {
        return Err(ListenError::NoAddress { flag });
    }
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let wrong = |reason| ListenError::Address {
            flag,
            address: address.clone(),
            reason,
        };
        let place = resolve(address).await.map_err(wrong)?;
        let listener = open(place).map_err(|source| ListenError::Bind {
            flag,
            address: address.clone(),
            source,
        })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Every address of both families.
    Everywhere { port: u16 },
    /// One address.
    At(SocketAddr),
}

async fn resolve(address: &str) -> Result<Place, String> {
    if address.starts_with("vsock://") {
        return Err("vsock sockets are not supported".to_owned());
    }
    let (host, port) = split(address)?;
    let port = port_number(port)?;
    let ip = match host {
        "" => return Ok(Place::Everywhere { port }),
        literal => literal.parse::<IpAddr>().ok(),
    };
    match ip {
        Some(ip) if ip.is_unspecified() => Ok(Place::Everywhere { port }),
        Some(ip) => Ok(Place::At(SocketAddr::new(ip, port))),
        None => look_up(host, port).await.map(Place::At),
    }
}

/// Host and port, with the brackets taken off: Go's `net.SplitHostPort`.
fn split(address: &str) -> Result<(&str, &str), String> {
    let missing = || "missing port in address (\":9091\" means every address)".to_owned();
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("missing ']' in address")?;
            match after.strip_prefix(':') {
                Some(port) => (host, port),
                None if after.is_empty() => return Err(missing()),
                None => return Err(format!("unexpected {after:?} after ']'")),
            }
        }
        None => {
            let (host, port) = address.rsplit_once(':').ok_or_else(missing)?;
            if host.contains(':') {
                return Err("too many colons in address (write [::1]:9091)".to_owned());
            }
            (host, port)
        }
    };
    if host.contains(['[', ']']) || port.contains(['[', ']', ':']) {
        return Err("unexpected bracket or colon in address".to_owned());
    }
    Ok((host, port))
}

fn port_number(port: &str) -> Result<u16, String> {
    if port.is_empty() {
        return Ok(0);
    }
    if port.bytes().all(|b| b.is_ascii_digit()) {
        return port.parse().map_err(|_| format!("invalid port {port}"));
    }
    service_port(port).ok_or_else(|| format!("unknown port {port}"))
}

/// The TCP port of a service name, from the host's own list.
fn service_port(name: &str) -> Option<u16> {
    let services = std::fs::read_to_string("/etc/services").ok()?;
    services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let (service, entry) = (words.next()?, words.next()?);
        let port = entry.strip_suffix("/tcp")?;
        let named = service == name || words.any(|alias| alias == name);
        named.then(|| port.parse().ok())?
    })
}

async fn look_up(host: &str, port: u16) -> Result<SocketAddr, String> {
    let found = tokio::net::lookup_host((host, port)).await;
    let found: Vec<SocketAddr> = found
        .map_err(|error| format!("cannot resolve {host}: {error}"))?
        .collect();
    let v4 = found.iter().find(|address| address.is_ipv4());
    v4.or(found.first())
        .copied()
        .ok_or_else(|| format!("{host} has no address"))
}

fn open(place: Place) -> io::Result<TcpListener> {
    match place {
        Place::At(address) => open_one(address, false),
        Place::Everywhere { port } => {
            let both = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port);
            match open_one(both, true) {
                Err(error) if lacks_v6(&error) => {
                    open_one(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port), false)
                }
                opened => opened,
            }
        }
    }
}

/// A host booted without IPv6 says so when the socket is made or bound.
fn lacks_v6(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97;
    error.raw_os_error() == Some(EAFNOSUPPORT) || error.kind() == io::ErrorKind::AddrNotAvailable
}

fn open_one(address: SocketAddr, dual_stack: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if dual_stack {
        // The system's default may be "IPv6 only" (net.ipv6.bindv6only).
        socket.set_only_v6(false)?;
    }
    // As Go does: a restart must not wait for the old connections to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn from_systemd(mut passed: ListenFd) -> Result<Vec<TcpListener>, ListenError> {
    let wrong = |error: io::Error| ListenError::Systemd(error.to_string());
    let mut listeners = Vec::with_capacity(passed.len());
    for index in 0..passed.len() {
        let Some(listener) = passed.take_tcp_listener(index).map_err(wrong)? else {
            continue;
        };
        listener.set_nonblocking(true).map_err(wrong)?;
        listeners.push(TcpListener::from_std(listener).map_err(wrong)?);
    }
    if listeners.is_empty() {
        let reason = "none were passed (LISTEN_FDS, LISTEN_PID)".to_owned();
        return Err(ListenError::Systemd(reason));
    }
    Ok(listeners)
}

#[cfg(test)]
mod tests;
