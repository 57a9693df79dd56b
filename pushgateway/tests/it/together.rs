//! What pushes share: those that come while the disk is busy are committed together.

use std::sync::mpsc::Receiver;
use std::time::SystemTime;

use promontory_exposition::name::NameRules;
use pushgateway::commit::{Consistency, QUEUE, open_with};
use pushgateway::group::{GroupingKey, JobSpelling};
use pushgateway::ingest::{Change, prepare};
use pushgateway::store::{Op, Store, StoreError, Sync, Visit};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::gate::options;

/// A disk that says when it is written to, and waits for a word; none is needed once nobody can give it.
struct Slow {
    commits: UnboundedSender<()>,
    go_on: Receiver<()>,
}

impl Store for Slow {
    fn load(&mut self, _: &mut Visit<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self, _: &[Op], _: Sync) -> Result<(), StoreError> {
        let _ = self.commits.send(());
        let _ = self.go_on.recv();
        Ok(())
    }
}

#[test]
fn a_full_queue_costs_one_commit() {
    let (commits, mut committed) = unbounded_channel();
    let (go_on, waits) = std::sync::mpsc::channel();
    let store = Box::new(Slow {
        commits,
        go_on: waits,
    });
    let (gateway, committer) = open_with(store, &options(Consistency::Checked)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut pushes = JoinSet::new();
        let mut push = |job: usize| {
            let (gateway, job) = (gateway.clone(), job.to_string());
            let key =
                GroupingKey::parse(job.as_bytes(), JobSpelling::Plain, b"", NameRules::Classic);
            let push = prepare(
                key.unwrap(),
                Change::Merge,
                Vec::new(),
                SystemTime::UNIX_EPOCH,
            );
            pushes.spawn(async move { gateway.push(push).await });
        };
        push(0);
        committed.recv().await.unwrap();
        (1..=QUEUE).for_each(push);
        while gateway.healthy().is_ok() {
            tokio::task::yield_now().await;
        }
        drop(go_on);
        while let Some(pushed) = pushes.join_next().await {
            pushed.unwrap().unwrap();
        }
    });
    committer.shutdown().unwrap();
    let mut later = 0;
    while committed.try_recv().is_ok() {
        later += 1;
    }
    assert_eq!(later, 1);
}
