//! What takes the real program down, poisons it or takes its Prometheus target down does nothing to ours.
//!
//! `defects` has a test for each defect of the real pushgateway 1.11 that a request can reach; the other subjects
//! are what else a network may bring. After each the gateway must still take a push of someone else and answer a scrape.

use std::fs;

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::{Request, Response};
use promontory_tests::process::until;

mod bodies;
mod bombs;
mod defects;
mod limits;
mod readers;
mod slow;
mod sockets;

const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
/// More than a quiet gateway needs, far less than any of the bombs would take.
const MEMORY_BYTES_MAX: u64 = 256 << 20;

struct Hostile {
    gateway: Gateway,
    folder: tempfile::TempDir,
}

impl Hostile {
    fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut given: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        given.push(format!(
            "--persistence.file={}",
            folder.path().join("held.db").display()
        ));
        let gateway = Gateway::start(Which::Ours, &given, folder.path()).unwrap();
        Self { gateway, folder }
    }

    fn put(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut request = Request::new("PUT", path).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.gateway.send(&request).unwrap()
    }

    /// Puts a body and expects the status.
    #[track_caller]
    fn check(&self, path: &str, headers: &[(&str, &str)], body: &[u8], expected: u16) {
        let response = self.put(path, headers, body);
        assert_eq!(response.status, expected, "{}", response.text());
        self.check_well();
    }

    /// Puts a body that is refused with 400 and each of the words, and leaves nothing behind.
    #[track_caller]
    fn check_refused(&self, path: &str, headers: &[(&str, &str)], body: &[u8], words: &[&str]) {
        let before = self.held();
        let response = self.put(path, headers, body);
        assert_eq!(response.status, 400, "{}", response.text());
        for word in words {
            assert!(
                response.text().contains(word),
                "{word:?} is not in {:?}",
                response.text()
            );
        }
        assert_eq!(before, self.held());
        self.check_well();
    }

    /// The pushed series, without the times of pushes.
    fn held(&self) -> Vec<String> {
        let page = self.gateway.scrape().unwrap();
        let pushed = page
            .lines()
            .filter(|line| line.contains("job=\"") && !line.starts_with("push_"));
        pushed
            .filter(|line| !line.starts_with("well{"))
            .map(str::to_owned)
            .collect()
    }

    /// Someone else can push, and a scrape has what they pushed.
    #[track_caller]
    fn check_well(&self) {
        assert_eq!(
            self.gateway
                .push("PUT", "/metrics/job/other", "well 1\n")
                .unwrap(),
            200
        );
        assert!(
            self.gateway
                .scrape()
                .unwrap()
                .contains("well{instance=\"\",job=\"other\"} 1\n")
        );
    }

    /// The most memory the process ever had, in bytes.
    fn memory_peak(&self) -> u64 {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.gateway.process.pid())).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kilobytes = peak.split_whitespace().next().unwrap();
        kilobytes.parse::<u64>().unwrap() << 10
    }

    /// How many descriptors the process has open.
    fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.gateway.process.pid());
        fs::read_dir(folder).unwrap().count()
    }

    /// Waits until no more descriptors are open than before.
    #[track_caller]
    fn check_descriptors_return(&self, before: usize) {
        until("descriptors to be closed", || {
            (self.descriptors() <= before).then_some(())
        })
        .unwrap();
    }
}
