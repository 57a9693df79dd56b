//! A shutdown: nothing new, what is in flight is finished, nothing waits for ever.

use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use promontory_exporter::limits::Limits;
use tokio::sync::Semaphore;

use crate::certs;
use crate::client::{answer, ask, connect, rest};
use crate::running::{Running, site, start, write_config};

/// A server whose `/slow` says when it begins and ends when it may.
struct Slow {
    running: Running,
    begun: Arc<Semaphore>,
    may_end: Arc<Semaphore>,
}

impl Slow {
    fn start(limits: Limits) -> Slow {
        Self::start_with(limits, None)
    }

    fn start_with(limits: Limits, web_config: Option<PathBuf>) -> Slow {
        let (begun, may_end) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (tell, wait) = (begun.clone(), may_end.clone());
        let slow = async move || {
            tell.add_permits(1);
            wait.acquire().await.unwrap().forget();
            "finished"
        };
        let app = Router::new()
            .route("/slow", get(slow))
            .route("/hello", get(async || "hello"));
        let mut site = site(app);
        site.limits = limits;
        site.web_config = web_config;
        let running = start(site).unwrap();
        Slow {
            running,
            begun,
            may_end,
        }
    }

    /// A request that is in its handler.
    fn in_flight(&self) -> TcpStream {
        let mut stream = connect(self.running.address);
        stream
            .write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        self.wait_for_begin();
        stream
    }

    fn wait_for_begin(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(self.begun.acquire()).unwrap().forget();
    }
}

#[test]
fn a_request_in_flight_is_finished() {
    let mut slow = Slow::start(Limits::default());
    let mut stream = slow.in_flight();
    slow.running.shutdown.trigger();
    slow.may_end.add_permits(1);
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("finished"), "{answer}");
    slow.running.join();
    assert!(TcpStream::connect(slow.running.address).is_err());
}

#[test]
fn a_request_in_flight_over_http2_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let text = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
    let config = write_config(folder.path(), text);
    let mut slow = Slow::start_with(Limits::default(), Some(config));
    let url = format!("https://{}/slow", slow.running.address);
    let client = std::thread::spawn(move || ask(&["--insecure", "--http2", &url]));
    slow.wait_for_begin();
    slow.running.shutdown.trigger();
    slow.may_end.add_permits(1);
    let answer = client.join().unwrap();
    assert_eq!(answer, ("HTTP/2 200".into(), "finished".into()));
    slow.running.join();
}

#[test]
fn idle_connections_do_not_hold_a_stop_up() {
    let mut slow = Slow::start(Limits {
        // Were it waited for, the test would not end.
        drain_timeout: Duration::from_secs(3600),
        ..Limits::default()
    });
    let mut idle = connect(slow.running.address);
    idle.write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert!(answer(&mut idle).ends_with("hello"));
    let mut silent = connect(slow.running.address);
    slow.running.shutdown.trigger();
    assert_eq!(rest(&mut idle), "");
    assert_eq!(rest(&mut silent), "");
    slow.running.join();
}

#[test]
fn what_does_not_end_is_cut_at_the_deadline() {
    let mut slow = Slow::start(Limits {
        drain_timeout: Duration::from_millis(50),
        ..Limits::default()
    });
    let mut stream = slow.in_flight();
    slow.running.shutdown.trigger();
    assert_eq!(rest(&mut stream), "");
    slow.running.join();
    let lines = slow.running.log.with("did not drain");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("connections=1"), "{lines:?}");
}

#[test]
fn a_stop_before_the_start_ends_at_once() {
    let mut slow = Slow::start(Limits::default());
    slow.running.shutdown.trigger();
    slow.running.shutdown.trigger();
    slow.running.join();
}
