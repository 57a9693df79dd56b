//! An API server on loopback that answers what the test tells it to, byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// After that long, a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Request>,
    accepting: JoinHandle<()>,
}

/// A request that waits for its answer; dropping it cuts the connection.
pub(crate) struct Request {
    /// Path and query.
    pub(crate) target: String,
    pub(crate) head: String,
    stream: TcpStream,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub(crate) async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let sender = sender.clone();
                tokio::spawn(async move {
                    if let Some(request) = Request::read(stream).await {
                        let _ = sender.send(request);
                    }
                });
            }
        });
        Self {
            address,
            requests,
            accepting,
        }
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Request {
        let next = tokio::time::timeout(PATIENCE, self.requests.recv()).await;
        next.expect("a request comes").unwrap()
    }

    /// The next request, if it has come already.
    pub(crate) fn waiting(&mut self) -> Option<Request> {
        self.requests.try_recv().ok()
    }

    /// Closes the door: new connections are refused.
    pub(crate) async fn stop(self) -> SocketAddr {
        self.accepting.abort();
        let _ = self.accepting.await;
        self.address
    }
}

impl Request {
    async fn read(mut stream: TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split(' ').nth(1).unwrap().to_owned();
        Some(Self {
            target,
            head,
            stream,
        })
    }

    /// A whole answer.
    pub(crate) async fn answer(mut self, status: u16, body: &str) {
        self.begin(status).await;
        self.send(body).await;
        self.end().await;
    }

    /// The head of an answer whose body follows.
    pub(crate) async fn begin(&mut self, status: u16) {
        let head = format!(
            "HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        );
        self.stream.write_all(head.as_bytes()).await.unwrap();
    }

    /// A part of the body.
    pub(crate) async fn send(&mut self, part: &str) {
        if !part.is_empty() {
            let chunk = format!("{:x}\r\n{part}\r\n", part.len());
            self.stream.write_all(chunk.as_bytes()).await.unwrap();
        }
    }

    /// The proper end of the body.
    pub(crate) async fn end(mut self) {
        self.stream.write_all(b"0\r\n\r\n").await.unwrap();
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(waited.await.is_ok(), "never happened: {what}");
}
