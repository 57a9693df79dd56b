//! A gateway without HTTP and with a clock that the test turns: what goes in, what comes out.

use std::time::{Duration, SystemTime};

use promontory_exposition::format::{Limits, read};
use promontory_exposition::name::NameRules;
use promontory_exposition::{Escaping, Family, Format, Target};
use pushgateway::commit::{ChangeError, Committer, Consistency, Gateway, Options, open, open_with};
use pushgateway::family::READY;
use pushgateway::group::{GroupingKey, JobSpelling};
use pushgateway::ingest::{Change, Push, prepare};
use pushgateway::store::Store;
use tokio::runtime::Runtime;

/// A running gateway; each change happens one second after the one before.
pub(crate) struct Gate {
    pub(crate) gateway: Gateway,
    pub(crate) committer: Option<Committer>,
    runtime: Runtime,
    seconds: u64,
}

impl Gate {
    pub(crate) fn open(options: &Options) -> Self {
        let (gateway, committer) = open(options).unwrap();
        Self::running(gateway, committer)
    }

    pub(crate) fn on(store: Box<dyn Store>, options: &Options) -> Self {
        let (gateway, committer) = open_with(store, options).unwrap();
        Self::running(gateway, committer)
    }

    /// In memory, with a counter and a summary of its own.
    pub(crate) fn checked() -> Self {
        Self::open(&options(Consistency::Checked))
    }

    pub(crate) fn unchecked() -> Self {
        Self::open(&options(Consistency::Unchecked))
    }

    fn running(gateway: Gateway, committer: Committer) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        Self {
            gateway,
            committer: Some(committer),
            runtime,
            seconds: 0,
        }
    }

    /// Does `PUT|POST|DELETE job/…` or `WIPE` and gives `ok` or the error.
    pub(crate) fn run(&mut self, request: &str, body: &str) -> String {
        let families = read(Format::Text, body.as_bytes(), &Limits::default()).unwrap();
        self.run_families(request, families)
    }

    pub(crate) fn run_families(&mut self, request: &str, families: Vec<Family<'_>>) -> String {
        self.seconds += 1;
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(self.seconds);
        let (method, path) = request.split_once(' ').unwrap_or((request, ""));
        let result = match method {
            "PUT" => {
                let push = prepare(key(path), Change::Replace, families, now);
                self.runtime.block_on(self.gateway.push(push))
            }
            "POST" => {
                let push = prepare(key(path), Change::Merge, families, now);
                self.runtime.block_on(self.gateway.push(push))
            }
            "DELETE" => self.runtime.block_on(self.gateway.delete(key(path))),
            "WIPE" => self.runtime.block_on(self.gateway.wipe()).map(drop),
            other => panic!("no method {other}"),
        };
        match result {
            Ok(()) => "ok".to_owned(),
            Err(ChangeError::Refused(refusal)) => refusal.to_string(),
            Err(error) => format!("503 {error}"),
        }
    }

    /// The page of the default target, without HELP lines, or the reasons why there is none.
    pub(crate) fn page(&self) -> String {
        self.page_of(READY, &[])
    }

    pub(crate) fn page_of(&self, target: Target, own: &[Family<'_>]) -> String {
        page_of(&self.gateway, target, own)
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The sample lines of the default page, without the two time families.
    pub(crate) fn samples(&self) -> String {
        let page = self.page();
        let samples = page
            .lines()
            .filter(|line| !line.starts_with('#') && !line.starts_with("push_"));
        samples.collect::<Vec<_>>().join("; ")
    }

    /// `name{…} value` of the two time families.
    pub(crate) fn times(&self) -> String {
        let page = self.page();
        let times = page.lines().filter(|line| line.starts_with("push_"));
        times.collect::<Vec<_>>().join("; ")
    }
}

pub(crate) fn options(consistency: Consistency) -> Options {
    use promontory_exposition::Kind::{Counter, Summary};
    Options {
        consistency,
        own: vec![
            ("own_total".to_owned(), Counter),
            ("own_size".to_owned(), Summary),
        ],
        ..Options::default()
    }
}

/// `job/a/l/v`, as after `/metrics/`.
pub(crate) fn key(path: &str) -> GroupingKey {
    let rest = path.strip_prefix("job/").unwrap();
    let (job, labels) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    GroupingKey::parse(
        job.as_bytes(),
        JobSpelling::Plain,
        labels.as_bytes(),
        NameRules::Utf8,
    )
    .unwrap()
}

pub(crate) const UTF8: Target = Target {
    format: Format::Text,
    escaping: Escaping::AllowUtf8,
};

/// [`Gate::page`] of a gateway.
pub(crate) fn read_page(gateway: &Gateway) -> String {
    page_of(gateway, READY, &[])
}

fn page_of(gateway: &Gateway, target: Target, own: &[Family<'_>]) -> String {
    match gateway.view().page(target, own) {
        Ok(parts) => {
            let page = String::from_utf8(parts.concat()).unwrap();
            page.lines()
                .filter(|line| !line.starts_with("# HELP"))
                .map(|line| format!("{line}\n"))
                .collect()
        }
        Err(error) => format!("500 {error}\n"),
    }
}

/// A push that makes a group without families.
pub(crate) fn empty_push(path: &str) -> Push {
    prepare(key(path), Change::Merge, Vec::new(), SystemTime::UNIX_EPOCH)
}
