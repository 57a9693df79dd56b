//! The clients: curl, openssl s_client, a plain TCP socket.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Long enough for a busy machine; reached only if the server never answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs curl and gives status line, headers and body as they came, or curl's complaint.
pub fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "60"])
        .args(arguments)
        .output()
        .expect("curl is installed");
    match output.status.success() {
        true => String::from_utf8(output.stdout).unwrap(),
        false => String::from_utf8(output.stderr).unwrap(),
    }
}

/// The same, cut down to `VERSION STATUS` and the body.
pub fn ask(arguments: &[&str]) -> (String, String) {
    let answer = curl(arguments);
    // An interim answer (100 Continue) may stand before the real one.
    let real = answer
        .strip_prefix("HTTP/1.1 100 Continue\r\n\r\n")
        .unwrap_or(&answer);
    match real.split_once("\r\n\r\n") {
        Some((head, body)) => {
            let status = head.split_whitespace().take(2).collect::<Vec<_>>();
            (status.join(" "), body.to_owned())
        }
        None => (answer, String::new()),
    }
}

/// A header of an answer of [`curl`].
pub fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let lines = answer.lines().take_while(|line| !line.is_empty());
    lines
        .filter_map(|line| line.split_once(": "))
        .find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
}

/// One handshake by openssl with these arguments: everything it says.
pub fn s_client(address: SocketAddr, arguments: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &address.to_string()])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("openssl is installed");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A plain connection that gives up only when the server is stuck.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends bytes and reads until the server closes.
pub fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address);
    // The server may answer and close before it has everything.
    let _ = stream.write_all(bytes);
    rest(&mut stream)
}

/// All that still comes until the server closes.
pub fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(&piece[..n]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("the server neither answers nor closes: {error}"),
        }
    }
    String::from_utf8(answer).unwrap()
}

/// Reads one answer with a `Content-Length` and leaves the connection open.
pub fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0; 1];
    while !answer.ends_with(b"\r\n\r\n") {
        let read = stream.read_exact(&mut byte);
        read.unwrap_or_else(|error| panic!("{error} after {answer:?}"));
        answer.push(byte[0]);
    }
    let head = String::from_utf8(answer).unwrap();
    let length = header(&head, "content-length").map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + std::str::from_utf8(&body).unwrap()
}
