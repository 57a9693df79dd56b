//! A TCP proxy on loopback that can lose connections: the network between a program and its server, when it fails.
//!
//! It copies bytes and understands none, so TLS goes through untouched. [`Proxy::cut`] drops every connection there is,
//! [`Proxy::refuse`] does so and lets no new one through until [`Proxy::accept`]; [`Proxy::break_within`] ends each new
//! connection after some bytes of its server. Two blocking threads a connection, and
//! a bound on the connections: tests use a handful.

use std::collections::HashMap;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;

use crate::random::Dice;

/// The most connections at a time; more are closed at once.
const CONNECTIONS_MAX: usize = 256;
/// How long the server may take to accept.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A running proxy; it closes everything when it goes.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    server: SocketAddr,
    refusing: bool,
    ended: bool,
    /// How many bytes of the server a new connection lives for, at most, and what chooses.
    fragile: Option<(usize, Dice)>,
    /// How many connections have come to that end.
    broken: usize,
    /// Both ends of each connection, by a number that is never used twice.
    open: HashMap<u64, [TcpStream; 2]>,
    next: u64,
}

impl Proxy {
    /// Starts a proxy in front of `server`.
    ///
    /// # Errors
    /// If no port of 127.0.0.1 is free.
    pub fn start(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            server,
            refusing: false,
            ended: false,
            fragile: None,
            broken: 0,
            open: HashMap::new(),
            next: 0,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if locked(&shared).ended {
                    break;
                }
                // A client that cannot be served sees its connection closed, which is what a proxy has to say.
                let _ = connect(&shared, client);
            }
        });
        Ok(Self { address, state })
    }

    /// Drops all connections; new ones go through.
    pub fn cut(&self) {
        locked(&self.state).cut();
    }

    /// Drops all connections and closes new ones at once, until [`Proxy::accept`].
    pub fn refuse(&self) {
        let mut state = locked(&self.state);
        state.refusing = true;
        state.cut();
    }

    /// Lets new connections through again, and unharmed.
    pub fn accept(&self) {
        let mut state = locked(&self.state);
        state.refusing = false;
        state.fragile = None;
    }

    /// Drops each new connection after less than `bytes_max` bytes of its server, until [`Proxy::accept`]; the same
    /// seed gives the same lengths.
    pub fn break_within(&self, bytes_max: usize, seed: u64) {
        locked(&self.state).fragile = Some((bytes_max, Dice::new(seed)));
    }

    /// How many connections were dropped by [`Proxy::break_within`].
    #[must_use]
    pub fn broken(&self) -> usize {
        locked(&self.state).broken
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        locked(&self.state).open.len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = locked(&self.state);
        state.ended = true;
        state.cut();
        drop(state);
        // Wakes the thread that waits for connections, so that it sees the end.
        let _ = TcpStream::connect_timeout(&self.address, CONNECT_TIMEOUT);
    }
}

impl State {
    fn cut(&mut self) {
        for stream in self.open.drain().flat_map(|(_, streams)| streams) {
            // One that is already closed is cut enough.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Connects a client to the server and starts the two threads that copy.
fn connect(state: &Arc<Mutex<State>>, client: TcpStream) -> io::Result<()> {
    let server = {
        let state = locked(state);
        if state.refusing || state.open.len() >= CONNECTIONS_MAX {
            return Ok(());
        }
        state.server
    };
    let server = TcpStream::connect_timeout(&server, CONNECT_TIMEOUT)?;
    let ends = [client.try_clone()?, server.try_clone()?];
    let ways = [(client.try_clone()?, server.try_clone()?), (server, client)];
    let (number, bytes) = {
        let mut state = locked(state);
        // Refusing may have begun while we connected.
        if state.refusing {
            return Ok(());
        }
        state.next += 1;
        let number = state.next;
        state.open.insert(number, ends);
        let fragile = state.fragile.as_mut();
        (number, fragile.map(|(max, dice)| dice.roll(*max)))
    };
    for ((from, to), bytes) in ways.into_iter().zip([None, bytes]) {
        let state = Arc::clone(state);
        std::thread::spawn(move || copy(&state, number, from, to, bytes));
    }
    Ok(())
}

/// Copies one way until an end closes, then closes both: half a connection is of no use to HTTP.
fn copy(
    state: &Mutex<State>,
    number: u64,
    mut from: TcpStream,
    mut to: TcpStream,
    bytes: Option<usize>,
) {
    match bytes {
        None => {
            let _ = io::copy(&mut from, &mut to);
        }
        Some(bytes) => {
            // The last bytes may be on their way when the end comes, as in any network.
            let copied = io::copy(&mut from.by_ref().take(bytes as u64), &mut to);
            if copied.is_ok_and(|copied| copied == bytes as u64) {
                locked(state).broken += 1;
            }
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
    locked(state).open.remove(&number);
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    /// A server that sends back what it gets, on as many connections as come.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        address
    }

    fn says_back(stream: &mut TcpStream) -> bool {
        let mut back = [0; 5];
        stream.write_all(b"hello").is_ok()
            && stream.read_exact(&mut back).is_ok()
            && back == *b"hello"
    }

    #[test]
    fn it_copies_cuts_refuses_and_accepts() {
        let proxy = Proxy::start(echo()).unwrap();
        let open = || TcpStream::connect(proxy.address).unwrap();
        let mut first = open();
        assert!(says_back(&mut first));
        proxy.cut();
        assert!(!says_back(&mut first));
        let mut second = open();
        assert!(says_back(&mut second));
        proxy.refuse();
        assert!(!says_back(&mut second));
        assert!(!says_back(&mut open()));
        assert_eq!(proxy.connections(), 0);
        proxy.accept();
        assert!(says_back(&mut open()));
    }

    #[test]
    fn it_breaks_connections_after_some_bytes() {
        let proxy = Proxy::start(echo()).unwrap();
        let mut lengths = Vec::new();
        for seed in [1, 1, 2] {
            proxy.break_within(1000, seed);
            let mut stream = TcpStream::connect(proxy.address).unwrap();
            let mut back = Vec::new();
            stream.write_all(&[7; 1000]).unwrap();
            // How it ends, the kernel decides: with or without a reset.
            let _ = stream.read_to_end(&mut back);
            lengths.push(back.len());
        }
        assert!(lengths.iter().all(|length| *length < 1000), "{lengths:?}");
        assert_eq!(proxy.broken(), 3);
        proxy.accept();
        assert!(says_back(&mut TcpStream::connect(proxy.address).unwrap()));
    }
}
