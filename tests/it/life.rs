//! How the gateway starts and ends: what it keeps, what it refuses, with which exit status, and what it says of itself.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::{Connection, Request};
use promontory_tests::process::{signal, until};

mod starts;
mod words;

fn durable(folder: &std::path::Path) -> Vec<String> {
    vec![
        "--web.enable-lifecycle".to_owned(),
        format!("--persistence.file={}", folder.join("held.db").display()),
    ]
}

/// Pushes, ends the program by `end`, and finds everything again after the next start.
fn check_end(end: impl FnOnce(&mut Gateway)) {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start(Which::Ours, &durable(folder.path()), folder.path()).unwrap();
    assert_eq!(
        gateway
            .push("PUT", "/metrics/job/a", "# TYPE x counter\nx{l=\"é\"} 1\n")
            .unwrap(),
        200
    );
    let before = gateway.scrape().unwrap();
    end(&mut gateway);
    let status = gateway.process.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{}", gateway.process.log());
    let again = Gateway::start(Which::Ours, &durable(folder.path()), folder.path()).unwrap();
    let pushed = |page: &str| -> Vec<String> {
        page.lines()
            .filter(|line| line.contains("job=\"a\""))
            .map(str::to_owned)
            .collect()
    };
    assert!(!pushed(&before).is_empty());
    assert_eq!(pushed(&before), pushed(&again.scrape().unwrap()));
}

#[test]
fn sigterm_ends_it_with_0() {
    check_end(|gateway| signal(gateway.process.pid(), "TERM").unwrap());
}

#[test]
fn sigint_ends_it_with_0() {
    check_end(|gateway| signal(gateway.process.pid(), "INT").unwrap());
}

#[test]
fn quit_ends_it_with_0() {
    check_end(|gateway| {
        let response = gateway.send(&Request::new("PUT", "/-/quit")).unwrap();
        assert_eq!(
            (response.status, response.text().as_str()),
            (200, "Requesting termination... Goodbye!")
        );
    });
}

/// Clients that push until the server closes, and one whose body is half sent when the signal comes.
#[test]
fn sigterm_under_load_answers_what_is_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start(Which::Ours, &durable(folder.path()), folder.path()).unwrap();
    let address = gateway.address;
    let mut half = Connection::open(address).unwrap();
    half.write_raw(b"PUT /metrics/job/half HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n")
        .unwrap();
    // The server has read the head and waits for the body: the request is in flight.
    assert_eq!(half.read_response("PUT").unwrap().status, 100);
    half.write_raw(b"half").unwrap();
    let acknowledged = Mutex::new(HashMap::new());
    std::thread::scope(|scope| {
        for client in 0..8 {
            let acknowledged = &acknowledged;
            scope.spawn(move || push_until_closed(address, client, acknowledged));
        }
        until("pushes of every client", || {
            (acknowledged.lock().unwrap().len() == 8).then_some(())
        })
        .unwrap();
        signal(gateway.process.pid(), "TERM").unwrap();
        until("the listener to close", || {
            TcpStream::connect(address).is_err().then_some(())
        })
        .unwrap();
        half.write_raw(b"  1\n").unwrap();
        let answer = half.read_response("PUT").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    });
    let status = gateway.process.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{}", gateway.process.log());
    let again = Gateway::start(Which::Ours, &durable(folder.path()), folder.path()).unwrap();
    let page = again.scrape().unwrap();
    assert!(
        page.contains("half{instance=\"\",job=\"half\"} 1\n"),
        "{page}"
    );
    for (client, number) in acknowledged.into_inner().unwrap() {
        let kept =
            |number| format!("x{{client=\"{client}\",instance=\"\",job=\"load\"}} {number}\n");
        // The next one may have been written, but its answer lost with the connection.
        let found = page.contains(&kept(number)) || page.contains(&kept(number + 1));
        assert!(found, "client {client} was promised {number}: {page}");
    }
}

fn push_until_closed(
    address: SocketAddr,
    client: usize,
    acknowledged: &Mutex<HashMap<usize, u64>>,
) {
    let mut connection = Connection::open(address).unwrap();
    for number in 1.. {
        let push = Request::new("PUT", format!("/metrics/job/load/client/{client}"));
        match connection.send(&push.body(format!("x {number}\n"))) {
            Ok(answer) => assert_eq!(answer.status, 200, "{}", answer.text()),
            Err(_) => return,
        }
        acknowledged.lock().unwrap().insert(client, number);
    }
}
