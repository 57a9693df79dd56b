//! A TCP proxy on loopback that can lose connections: the network between a program and its server, when it fails.
//!
//! It copies bytes and understands none, so TLS goes through untouched. [`Proxy::cut`] drops every connection there is,
//! [`Proxy::refuse`] does so and lets no new one through until [`Proxy::accept`]. Two blocking threads a connection, and
//! a bound on the connections: tests use a handful.

use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;

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

    /// Lets new connections through again.
    pub fn accept(&self) {
        locked(&self.state).refusing = false;
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
    let number = {
        let mut state = locked(state);
        // Refusing may have begun while we connected.
        if state.refusing {
            return Ok(());
        }
        state.next += 1;
        let number = state.next;
        state.open.insert(number, ends);
        number
    };
    for (from, to) in ways {
        let state = Arc::clone(state);
        std::thread::spawn(move || copy(&state, number, from, to));
    }
    Ok(())
}

/// Copies one way until an end closes, then closes both: half a connection is of no use to HTTP.
fn copy(state: &Mutex<State>, number: u64, mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
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
}
