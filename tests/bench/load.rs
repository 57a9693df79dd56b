//! The load: many keep-alive connections that each wait for an answer before they send again.
//!
//! Two threads serve all connections in rounds: a request goes out on each, then each answer is
//! read. That keeps as many requests in flight as there are connections, without a thread each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// One finished run.
pub(crate) struct Run {
    /// Requests that were answered 2xx.
    pub(crate) answered: u64,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

impl Run {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.elapsed.as_secs_f64()
    }
}

/// One `POST` request as bytes, ready for the socket. `headers` are lines.
pub(crate) fn push(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Sends requests over `connections` sockets until `count` have been answered or time is up.
///
/// # Errors
/// A socket that fails, or any answer that is not 2xx: a bench of refusals would be a lie.
pub(crate) fn run(
    address: SocketAddr,
    connections: usize,
    count: u64,
    at_most: Duration,
    requests: &[Vec<u8>],
) -> Result<Run> {
    let threads = connections.min(2);
    let started = Instant::now();
    let answered = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let mine = connections / threads;
                scope.spawn(move || {
                    rounds(
                        address,
                        mine,
                        thread,
                        threads,
                        count.div_ceil(threads as u64),
                        started + at_most,
                        requests,
                    )
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a load thread does not panic"))
            .sum::<Result<u64>>()
    })?;
    Ok(Run {
        answered,
        elapsed: started.elapsed(),
    })
}

/// Sends each request once, however long it takes. Rounds are full, so some go out twice.
///
/// # Errors
/// As [`run`].
pub(crate) fn once(address: SocketAddr, connections: usize, requests: &[Vec<u8>]) -> Result<()> {
    let hour = Duration::from_secs(3600);
    run(address, connections, requests.len() as u64, hour, requests)?;
    Ok(())
}

fn rounds(
    address: SocketAddr,
    connections: usize,
    first: usize,
    step: usize,
    count: u64,
    until: Instant,
    requests: &[Vec<u8>],
) -> Result<u64> {
    let mut sockets = (0..connections)
        .map(|_| Connection::open(address))
        .collect::<Result<Vec<_>>>()?;
    let (mut next, mut answered) = (first, 0);
    while answered < count && Instant::now() < until {
        for socket in &mut sockets {
            socket.send(&requests[next % requests.len()])?;
            next += step;
        }
        for socket in &mut sockets {
            socket.receive()?;
            answered += 1;
        }
    }
    Ok(answered)
}

/// A kept connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Sends a request; its answer is to be read before the next.
    pub(crate) fn send(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).context("sending a request")
    }

    /// Reads one answer with a `Content-Length`, as pushes get it.
    pub(crate) fn receive(&mut self) -> Result<()> {
        self.buffer.clear();
        let mut piece = [0; 4096];
        loop {
            let read = self.stream.read(&mut piece).context("reading an answer")?;
            if read == 0 {
                bail!("the server closed the connection");
            }
            self.buffer.extend_from_slice(&piece[..read]);
            let Some(head) = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            else {
                continue;
            };
            let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
            if !text.starts_with("http/1.1 2") {
                bail!("refused: {}", String::from_utf8_lossy(&self.buffer));
            }
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0);
            if self.buffer.len() >= head + 4 + length {
                return Ok(());
            }
        }
    }
}

/// One whole scrape: how long to the first byte and to the last, and how many bytes came.
pub(crate) struct Scrape {
    /// Time to the first byte of the answer.
    pub(crate) first: Duration,
    /// Time to the last byte.
    pub(crate) last: Duration,
    /// Bytes of the answer, headers included.
    pub(crate) bytes: u64,
}

/// The header of a scraper that takes gzip.
pub(crate) const GZIP: &str = "Accept-Encoding: gzip\r\n";

/// Scrapes once over a new connection; the answer ends with the connection. `headers` are lines.
pub(crate) fn scrape(address: SocketAddr, headers: &str) -> Result<Scrape> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(300)))?;
    let started = Instant::now();
    stream.write_all(
        format!("GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n{headers}\r\n")
            .as_bytes(),
    )?;
    let (mut first, mut bytes, mut piece) = (None, 0, vec![0; 1 << 18]);
    loop {
        let read = stream.read(&mut piece)?;
        if first.is_none() {
            first = Some(started.elapsed());
            if !piece[..read].starts_with(b"HTTP/1.1 200") {
                bail!(
                    "scrape refused: {}",
                    String::from_utf8_lossy(&piece[..read])
                );
            }
        }
        if read == 0 {
            return Ok(Scrape {
                first: first.unwrap_or_default(),
                last: started.elapsed(),
                bytes,
            });
        }
        bytes += read as u64;
    }
}
