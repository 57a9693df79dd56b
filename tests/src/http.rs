//! HTTP/1.1 over a plain socket: whatever the test writes goes out unchanged.
//!
//! A proper client would tidy odd paths, repeat headers or refuse bodies, and these oddities are what parity tests
//! are about. Reads are bounded in time and size. For one request use [`Request::send`]; to keep a connection, hold a
//! [`Connection`].

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// The most a response body may have, in bytes.
const BODY_BYTES_MAX: u64 = 1 << 30;
/// How long one read or write may wait.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(60);

/// A request as it will be written.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method, in any spelling.
    pub method: String,
    /// The request target, written as it is.
    pub path: Vec<u8>,
    /// Header lines in order; `Host` and `Content-Length` are added.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: &str, path: impl AsRef<[u8]>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.as_ref().to_vec(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it on a connection of its own.
    ///
    /// # Errors
    /// If the socket fails or the answer is not HTTP.
    pub fn send(&self, address: SocketAddr) -> Result<Response> {
        Connection::open(address)?.exchange(self, "close")
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header lines in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, without transfer encoding, with content encoding.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text, with replacement characters where it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection that is kept between requests.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens there.
    pub fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, SOCKET_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SOCKET_TIMEOUT))?;
        stream.set_write_timeout(Some(SOCKET_TIMEOUT))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request and reads the answer, keeping the connection.
    ///
    /// # Errors
    /// If the socket fails or the answer is not HTTP.
    pub fn send(&mut self, request: &Request) -> Result<Response> {
        self.exchange(request, "keep-alive")
    }

    fn exchange(&mut self, request: &Request, connection: &str) -> Result<Response> {
        let mut head = Vec::with_capacity(256);
        head.extend_from_slice(request.method.as_bytes());
        head.push(b' ');
        head.extend_from_slice(&request.path);
        head.extend_from_slice(b" HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in &request.headers {
            write!(head, "{name}: {value}\r\n")?;
        }
        write!(
            head,
            "Connection: {connection}\r\nContent-Length: {}\r\n\r\n",
            request.body.len()
        )?;
        let socket = self.stream.get_mut();
        // A server may answer and close before it has read the body; its answer counts, not our broken pipe.
        let _ = socket
            .write_all(&head)
            .and_then(|()| socket.write_all(&request.body));
        self.read_response(&request.method)
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// If the socket fails.
    pub fn write_raw(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.get_mut().write_all(bytes)?)
    }

    /// Reads one answer to a request of the given method.
    ///
    /// # Errors
    /// If the connection closes or the answer is not HTTP.
    pub fn read_response(&mut self, method: &str) -> Result<Response> {
        let line = self.line()?;
        let status = line
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.get(2..5))
            .and_then(|code| code.parse().ok())
            .with_context(|| format!("not an HTTP answer: {line:?}"))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line
                .split_once(':')
                .with_context(|| format!("not a header: {line:?}"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut response = Response {
            status,
            headers,
            body: Vec::new(),
        };
        if method != "HEAD" && !matches!(status, 100..=199 | 204 | 304) {
            response.body = self.read_body(&response)?;
        }
        Ok(response)
    }

    fn read_body(&mut self, response: &Response) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        if response
            .header("transfer-encoding")
            .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
        {
            loop {
                let line = self.line()?;
                let size =
                    u64::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)
                        .with_context(|| format!("not a chunk size: {line:?}"))?;
                self.take(size, &mut body)?;
                self.line()?;
                if size == 0 {
                    return Ok(body);
                }
            }
        }
        match response.header("content-length") {
            Some(length) => self.take(length.parse()?, &mut body)?,
            None => {
                self.stream
                    .by_ref()
                    .take(BODY_BYTES_MAX)
                    .read_to_end(&mut body)?;
            }
        }
        Ok(body)
    }

    fn take(&mut self, size: u64, body: &mut Vec<u8>) -> Result<()> {
        if size > BODY_BYTES_MAX {
            bail!("a body of {size} bytes");
        }
        let read = self.stream.by_ref().take(size).read_to_end(body)?;
        if (read as u64) < size {
            bail!("the connection closed after {read} of {size} bytes");
        }
        Ok(())
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.stream
            .by_ref()
            .take(64 << 10)
            .read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            bail!("the connection closed without an answer");
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}
