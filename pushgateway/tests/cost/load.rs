//! The load that is counted: a gateway in memory that holds groups of ten series, and pushes to it.

use std::time::SystemTime;

use promontory_exposition::format::{Limits, read};
use promontory_exposition::name::NameRules;
use promontory_exposition::{Family, Format};
use pushgateway::commit::{Committer, Gateway, Options, open};
use pushgateway::group::{GroupingKey, JobSpelling};
use pushgateway::ingest::{Change, prepare};
use tokio::runtime::{Builder, Runtime};

use crate::allocator::{self, Usage};

/// Series of a group, in families of five.
pub(crate) const SERIES: usize = 10;

/// A gateway with what it holds.
pub(crate) struct Held {
    gateway: Gateway,
    committer: Committer,
    runtime: Runtime,
}

impl Held {
    /// A gateway into which each of `groups` groups was pushed once, by a client that waits for its answers.
    pub(crate) fn of(groups: usize) -> Self {
        let (gateway, committer) = open(&Options::default()).unwrap();
        let held = Self {
            gateway,
            committer,
            runtime: Builder::new_current_thread().build().unwrap(),
        };
        // Read once: what the groups hold differs in nothing that counts.
        let body = body(0, 0);
        let families = families(&body);
        held.push((0..groups).map(|group| (key(group), families.clone())));
        held
    }

    /// Pushes once to each of `groups`, and says what one push took, without the reading of its text.
    pub(crate) fn counted(&self, groups: std::ops::Range<usize>, round: usize) -> Usage {
        let bodies: Vec<String> = groups.clone().map(|group| body(group, round)).collect();
        let parsed = bodies.iter().map(|body| families(body));
        self.count(groups.map(key).zip(parsed).collect())
    }

    /// Pushes so often to one group what other groups have made impossible, by turns a series and a type, and says what one such
    /// push took.
    pub(crate) fn counted_refusals(&self, count: usize) -> Usage {
        let series = "# TYPE batch_stage_0_seconds gauge\nbatch_stage_0_seconds{instance=\"host-7\",step=\"step-0\"} 1\n";
        let kind = "# TYPE batch_stage_1_seconds counter\nbatch_stage_1_seconds 1\n";
        let bodies = [series, kind].into_iter().cycle().take(count);
        self.count(bodies.map(|body| (job(""), families(body))).collect())
    }

    fn count(&self, pushes: Vec<(GroupingKey, Vec<Family<'_>>)>) -> Usage {
        let count = pushes.len();
        let before = allocator::so_far();
        counted_pushes(self, pushes);
        let after = allocator::so_far();
        Usage {
            allocations: (after.allocations - before.allocations) / count,
            bytes: (after.bytes - before.bytes) / count,
        }
    }

    /// Ends the committing thread.
    pub(crate) fn close(self) {
        self.committer.shutdown().unwrap();
    }

    fn push<'a>(&self, pushes: impl IntoIterator<Item = (GroupingKey, Vec<Family<'a>>)>) {
        for (key, families) in pushes {
            let refused = key == job("");
            let push = prepare(key, Change::Merge, families, SystemTime::UNIX_EPOCH);
            let answer = self.runtime.block_on(self.gateway.push(push));
            assert_eq!(answer.is_err(), refused, "{answer:?}");
        }
    }
}

/// Callgrind counts from this call to its return, so it has a name that nothing else has.
#[inline(never)]
fn counted_pushes(held: &Held, pushes: Vec<(GroupingKey, Vec<Family<'_>>)>) {
    held.push(pushes);
}

fn key(group: usize) -> GroupingKey {
    job(&format!("/instance/host-{group}"))
}

/// A group of the job, by the labels in its path.
fn job(labels: &str) -> GroupingKey {
    GroupingKey::parse(
        b"batch",
        JobSpelling::Plain,
        labels.as_bytes(),
        NameRules::Classic,
    )
    .unwrap()
}

fn families(body: &str) -> Vec<Family<'_>> {
    read(Format::Text, body.as_bytes(), &Limits::default()).unwrap()
}

/// A body as batch jobs push it; the round moves the values.
fn body(group: usize, round: usize) -> String {
    let mut body = String::new();
    for number in 0..SERIES {
        let family = number / 5;
        if number % 5 == 0 {
            body.push_str(&format!(
                "# HELP batch_stage_{family}_seconds Time spent in stage {family} of the batch.\n# TYPE batch_stage_{family}_seconds gauge\n"
            ));
        }
        let value = ((round + group) * 7919 + number * 104_729) % 1_000_003;
        body.push_str(&format!(
            "batch_stage_{family}_seconds{{step=\"step-{number}\"}} {}\n",
            value as f64 / 1000.0
        ));
    }
    body
}
