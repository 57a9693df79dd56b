//! What survives: restarts, failing disks, the end of the program.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use promontory_exposition::model::{Bucket, Count, Exemplar, Histogram, Native, Timestamp};
use promontory_exposition::{Family, Kind, Label, Metric, Value};
use pushgateway::commit::{Consistency, Durability, Options, QUEUE};
use pushgateway::store::{Op, Store, StoreError, Sync, Visit};

use crate::gate::{Gate, empty_push, options, read_page};

/// A disk of our own making: what was synced, what was not, and whether writing works.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    durable: Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>,
    written: Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>,
    broken: Arc<AtomicBool>,
    refusals: Arc<AtomicUsize>,
    /// Whether a commit that fails leaves its changes behind, as a failed sync may.
    leaves_traces: Arc<AtomicBool>,
}

impl Disk {
    pub(crate) fn break_down(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    /// How many commits failed.
    pub(crate) fn refusals(&self) -> usize {
        self.refusals.load(Ordering::SeqCst)
    }

    /// Whether nothing is on it for good.
    pub(crate) fn is_empty(&self) -> bool {
        self.durable.lock().unwrap().is_empty()
    }

    /// What a new process would find after a crash.
    pub(crate) fn after_crash(&self) -> Self {
        let durable = self.durable.lock().unwrap().clone();
        Self {
            durable: Arc::new(Mutex::new(durable.clone())),
            written: Arc::new(Mutex::new(durable)),
            ..Self::default()
        }
    }
}

impl Store for Disk {
    fn load(&mut self, each: &mut Visit<'_>) -> Result<(), StoreError> {
        self.written
            .lock()
            .unwrap()
            .iter()
            .try_for_each(|(key, value)| each(key, value))
    }

    fn commit(&mut self, batch: &[Op], sync: Sync) -> Result<(), StoreError> {
        let broken = self.broken.load(Ordering::SeqCst);
        let mut written = self.written.lock().unwrap();
        self.refusals
            .fetch_add(usize::from(broken), Ordering::SeqCst);
        if broken && !self.leaves_traces.load(Ordering::SeqCst) {
            // What was not synced is gone with the failed handle.
            *written = self.durable.lock().unwrap().clone();
            return Err(StoreError::Write("no space left".to_owned()));
        }
        for op in batch {
            match op {
                Op::Put { key, value } => drop(written.insert(key.clone(), value.clone())),
                Op::Delete { key } => drop(written.remove(key)),
                Op::Clear => written.clear(),
            }
        }
        if sync == Sync::Now {
            *self.durable.lock().unwrap() = written.clone();
        }
        if broken {
            Err(StoreError::Write("sync failed".to_owned()))
        } else {
            Ok(())
        }
    }
}

pub(crate) fn gate_on(disk: &Disk) -> Gate {
    Gate::on(Box::new(disk.clone()), &options(Consistency::Checked))
}

/// The page, and every family in full.
fn pages(gate: &Gate) -> Vec<String> {
    let mut all = vec![gate.page()];
    for group in gate.gateway.view().groups() {
        all.push(group.key().to_string());
        all.extend(
            group
                .families()
                .iter()
                .map(|family| format!("{:?} {:?}", family.pushed_at(), family.decode().unwrap())),
        );
    }
    all
}

fn rich_family() -> Family<'static> {
    let exemplar = Exemplar {
        labels: vec![Label::new("trace", "t")],
        value: 0.5,
        timestamp: None,
    };
    let histogram = Histogram {
        count: Count::Integer(3),
        sum: 1.5,
        buckets: vec![Bucket {
            upper_bound: 1.0,
            cumulative_count: Count::Integer(2),
            exemplar: Some(Box::new(exemplar)),
        }],
        created: Some(Timestamp {
            seconds: 5,
            nanos: 6,
        }),
        native: Some(Box::new(Native {
            schema: 3,
            zero_threshold: 0.001,
            zero_count: Count::Integer(3),
            ..Native::default()
        })),
    };
    let mut family = Family::new("rich.seconds", Kind::Histogram).with_help("all there is");
    family.metrics.push(Metric {
        labels: vec![Label::new("a.b", "ü\n\"")],
        value: Value::Histogram(Box::new(histogram)),
        timestamp_ms: None,
    });
    family
}

#[test]
fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        persistence_file: Some(folder.path().join("store")),
        ..options(Consistency::Checked)
    };
    let mut gate = Gate::open(&options);
    gate.run_families("PUT job/a/instance/", vec![rich_family()]);
    gate.run(
        "POST job/a/l/%",
        "# HELP x text\n# TYPE x counter\nx{z=\"2\"} 1e+300\nx{z=\"1\"} NaN\n",
    );
    gate.run(
        "PUT job/b",
        "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 3\n",
    );
    gate.run("PUT job/c", "x 1 5\n");
    gate.run("PUT job/d", "y 1\n");
    gate.run("PUT job/d", "z 1\n");
    gate.run("DELETE job/b", "");
    let before = pages(&gate);
    assert!(before[0].contains("rich_seconds_bucket"), "{}", before[0]);
    gate.committer.take().unwrap().shutdown().unwrap();
    assert_eq!(gate.run("PUT job/e", "x 1\n"), "503 shutting down");
    drop(gate);
    let gate = Gate::open(&options);
    assert_eq!(pages(&gate), before);
}

#[test]
fn acknowledged_means_synced() {
    let disk = Disk::default();
    let mut gate = gate_on(&disk);
    gate.run("PUT job/a", "x 1\n");
    gate.run("PUT job/b", "x 1\n");
    gate.run("DELETE job/a", "");
    assert_eq!(pages(&gate_on(&disk.after_crash())), pages(&gate));
}

#[test]
fn a_failing_disk_refuses_changes_and_later_ones_succeed() {
    for leaves_traces in [false, true] {
        let disk = Disk::default();
        disk.leaves_traces.store(leaves_traces, Ordering::SeqCst);
        let mut gate = gate_on(&disk);
        gate.run("PUT job/a", "x 1\n");
        let before = pages(&gate);
        disk.break_down(true);
        for request in [
            "PUT job/a",
            "PUT job/b",
            "POST job/a",
            "DELETE job/a",
            "WIPE",
        ] {
            let answer = gate.run(request, "y 2\n");
            assert!(
                answer.starts_with("503 the change could not be stored"),
                "{request}: {answer}"
            );
            assert_eq!(pages(&gate), before, "{request}");
        }
        disk.break_down(false);
        assert_eq!(gate.run("PUT job/c", "# TYPE y counter\ny 1\n"), "ok");
        assert_eq!(
            gate.samples(),
            r#"x{instance="",job="a"} 1; y{instance="",job="c"} 1"#
        );
        // What the failed commits may have left on the disk is gone.
        assert_eq!(pages(&gate_on(&disk.after_crash())), pages(&gate));
    }
}

#[test]
fn with_an_interval_the_end_of_the_program_syncs() {
    let disk = Disk::default();
    let options = Options {
        durability: Durability::Every(Duration::from_secs(3600)),
        ..options(Consistency::Checked)
    };
    let mut gate = Gate::on(Box::new(disk.clone()), &options);
    gate.run("PUT job/a", "x 1\n");
    assert_eq!(gate_on(&disk.after_crash()).page(), "", "not synced yet");
    gate.committer.take().unwrap().shutdown().unwrap();
    assert_eq!(
        gate_on(&disk.after_crash()).samples(),
        r#"x{instance="",job="a"} 1"#
    );
}

#[test]
fn with_an_interval_a_failed_sync_is_made_up_for() {
    let disk = Disk::default();
    let options = Options {
        durability: Durability::Every(Duration::from_secs(3600)),
        ..options(Consistency::Checked)
    };
    let mut gate = Gate::on(Box::new(disk.clone()), &options);
    gate.run("PUT job/a", "x 1\n");
    disk.break_down(true);
    assert!(
        gate.run("PUT job/b", "x 2\n").starts_with("503"),
        "the disk is broken"
    );
    disk.break_down(false);
    gate.run("PUT job/c", "x 3\n");
    let before = pages(&gate);
    gate.committer.take().unwrap().shutdown().unwrap();
    assert_eq!(pages(&gate_on(&disk.after_crash())), before);
}

/// A store written without the check, opened with it: nothing is lost, scrapes tell what does not fit.
#[test]
fn what_does_not_fit_is_loaded_and_told() {
    let disk = Disk::default();
    let mut gate = Gate::on(Box::new(disk.clone()), &options(Consistency::Unchecked));
    gate.run("PUT job/a", "# TYPE x counter\nx 1\n");
    gate.run("PUT job/b", "# TYPE x gauge\nx 1\n");
    let mut gate = gate_on(&disk.after_crash());
    assert!(
        gate.page().starts_with("500 family \"x\""),
        "{}",
        gate.page()
    );
    assert_eq!(gate.run("PUT job/c", "y 1\n"), "ok");
    assert_eq!(gate.run("DELETE job/b", ""), "ok");
    assert_eq!(
        gate.samples(),
        r#"x{instance="",job="a"} 1; y{instance="",job="c"} 1"#
    );
}

/// A disk that hangs: changes wait, the queue fills and says so, scrapes go on.
#[test]
fn a_hanging_disk_makes_unhealthy_but_stops_no_scrape() {
    let disk = Disk::default();
    let mut gate = gate_on(&disk);
    gate.run("PUT job/a", "x 1\n");
    let hanging = disk.written.lock().unwrap();
    let (gateway, page) = (gate.gateway.clone(), gate.page());
    assert_eq!(gateway.healthy(), Ok(()));
    gate.block_on(async {
        // The thread takes at most one full batch away before it hangs; the rest fills the queue.
        let pushes: Vec<_> = (0..2 * QUEUE + 1)
            .map(|i| {
                let (gateway, push) = (gateway.clone(), empty_push(&format!("job/{i}")));
                tokio::spawn(async move { gateway.push(push).await.is_ok() })
            })
            .collect();
        while gateway.healthy().is_ok() {
            tokio::task::yield_now().await;
        }
        assert_eq!(read_page(&gateway), page);
        drop(hanging);
        for push in pushes {
            assert!(push.await.unwrap());
        }
        assert_eq!(gateway.healthy(), Ok(()));
    });
    assert_eq!(gate.gateway.view().group_count(), 2 * QUEUE + 2);
}
