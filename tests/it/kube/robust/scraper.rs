//! Asks for `/metrics` again and again over one kept connection and looks at every single answer.
//!
//! An answer is right if it is a 200 whose body parses and holds every line of the objects that never change, or, before
//! the first such one, a 503 that names what is missing. Nothing else is: no other status, no broken connection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use promontory_exposition::format::{self, Format, Limits};
use promontory_exposition::gzip::inflate;
use promontory_tests::http::{Connection, Request, Response};
use promontory_tests::process::until;
use promontory_tests::state_exporter::RESOURCES;

use super::stable;

/// The time between two scrapes.
const PAUSE: Duration = Duration::from_millis(10);
/// After so many wrong answers no more are looked at.
const WRONG_MAX: usize = 20;

/// The most a page may have.
const PAGE_BYTES_MAX: usize = 64 << 20;

/// How a 503 begins; names follow.
const MISSING: &str = "Not listed completely yet: ";

/// A scraper at work.
pub(super) struct Scraper {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    end: AtomicBool,
    whole: AtomicUsize,
    refused: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

/// What all the answers were.
#[derive(Debug)]
pub(super) struct Seen {
    /// 200, and whole.
    pub whole: usize,
    /// 503, naming what is missing.
    pub refused: usize,
}

impl Scraper {
    /// Begins at once.
    pub(super) fn start(address: SocketAddr) -> Self {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                // A broken connection is wrong, too; the next one is looked at all the same.
                while !shared.is_at_end() {
                    if let Err(error) = scrape(address, &shared) {
                        shared.wrong(format!("the connection broke: {error:#}"));
                    }
                }
            }
        });
        Self { shared, thread }
    }

    /// Waits until `count` more answers were whole.
    pub(super) fn more(&self, count: usize) {
        let goal = self.shared.whole.load(Ordering::Relaxed) + count;
        let reached =
            || self.shared.whole.load(Ordering::Relaxed) >= goal || self.shared.is_at_end();
        until("more whole answers", || reached().then_some(())).unwrap();
    }

    /// Waits until `count` more answers were a 503.
    pub(super) fn more_refused(&self, count: usize) {
        let goal = self.shared.refused.load(Ordering::Relaxed) + count;
        until("more answers with 503", || {
            (self.shared.refused.load(Ordering::Relaxed) >= goal).then_some(())
        })
        .unwrap();
    }

    /// Ends it; all answers must have been right, and some whole.
    pub(super) fn finish(self) -> Seen {
        self.shared.end.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        let seen = Seen {
            whole: self.shared.whole.load(Ordering::Relaxed),
            refused: self.shared.refused.load(Ordering::Relaxed),
        };
        let wrong = self
            .shared
            .wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        assert!(
            wrong.is_empty(),
            "besides {seen:?}, {} answers were wrong:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert!(seen.whole > 0, "{seen:?}");
        seen
    }
}

impl Shared {
    fn is_at_end(&self) -> bool {
        self.end.load(Ordering::Relaxed)
    }

    fn wrong(&self, what: String) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.push(what);
        if wrong.len() >= WRONG_MAX {
            self.end.store(true, Ordering::Relaxed);
        }
    }
}

/// Scrapes over one connection until the end.
fn scrape(address: SocketAddr, shared: &Shared) -> anyhow::Result<()> {
    let mut connection = Connection::open(address)?;
    let requests = ["identity", "gzip"]
        .map(|encoding| Request::new("GET", "/metrics").header("Accept-Encoding", encoding));
    let mut checker = Checker::default();
    for request in requests.iter().cycle() {
        if shared.is_at_end() {
            break;
        }
        let response = connection.send(request)?;
        match (checker.check(&response), response.status) {
            (Err(what), _) => shared.wrong(what),
            (Ok(()), 200) => _ = shared.whole.fetch_add(1, Ordering::Relaxed),
            (Ok(()), _) => _ = shared.refused.fetch_add(1, Ordering::Relaxed),
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Knows what the answers before this one were.
#[derive(Default)]
struct Checker {
    /// The lines of the objects that never change, sorted, as the first whole answer had them.
    stable: Vec<String>,
    families: usize,
    /// The last body that was right: most are the same again.
    last: String,
}

impl Checker {
    fn check(&mut self, response: &Response) -> Result<(), String> {
        let body = text(response)?;
        match response.status {
            200 if body == self.last => Ok(()),
            200 => self.check_page(&body).map(|()| self.last = body),
            503 if self.stable.is_empty() => names_missing(&body),
            status => Err(format!("{status}: {body}")),
        }
    }

    fn check_page(&mut self, body: &str) -> Result<(), String> {
        let families = format::read(Format::Text, body.as_bytes(), &Limits::default())
            .map_err(|error| format!("a body of {} bytes: {error}", body.len()))?
            .len();
        let mut lines: Vec<&str> = body
            .lines()
            .filter(|line| line.contains("\"stable-"))
            .collect();
        lines.sort_unstable();
        if self.stable.is_empty() {
            let marks = stable::marks();
            let shown = |mark: &&String| {
                let at = lines.partition_point(|line| *line < mark.as_str());
                lines
                    .get(at)
                    .is_some_and(|line| line.starts_with(mark.as_str()))
            };
            let missing: Vec<_> = marks.iter().filter(|mark| !shown(mark)).collect();
            if let Some(first) = missing.first() {
                return Err(format!("200 without {} objects, as {first}", missing.len()));
            }
            self.stable = lines.iter().map(|line| (*line).to_owned()).collect();
            self.families = families;
            return Ok(());
        }
        if families < self.families {
            return Err(format!("{families} families, not {}", self.families));
        }
        if lines == self.stable {
            return Ok(());
        }
        let had = |line: &&String| lines.binary_search(&line.as_str()).is_err();
        let missing: Vec<_> = self.stable.iter().filter(had).collect();
        Err(format!(
            "{} lines of objects that never change, not {}; {} are missing, as {:?}",
            lines.len(),
            self.stable.len(),
            missing.len(),
            missing.first()
        ))
    }
}

/// The body without its compression.
fn text(response: &Response) -> Result<String, String> {
    let plain = match response.header("content-encoding") {
        Some("gzip") => inflate(&response.body, PAGE_BYTES_MAX)
            .map_err(|error| format!("{}: a broken gzip body: {error}", response.status))?,
        None => response.body.clone(),
        Some(other) => return Err(format!("content-encoding {other}")),
    };
    String::from_utf8(plain)
        .map_err(|error| format!("{}: a body that is no text: {error}", response.status))
}

/// A 503 names resources that we have, each once.
fn names_missing(body: &str) -> Result<(), String> {
    let names: Option<Vec<&str>> = body
        .trim()
        .strip_prefix(MISSING)
        .and_then(|names| names.strip_suffix('.'))
        .map(|names| names.split(", ").collect());
    let known = |name: &&str| RESOURCES.contains(name);
    if names.is_some_and(|names| names.iter().all(known)) {
        Ok(())
    } else {
        Err(format!("503 that does not name what is missing: {body}"))
    }
}
