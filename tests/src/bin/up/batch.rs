//! The batch job: what it pushes, and what Prometheus must answer then.

use std::net::SocketAddr;

use anyhow::Result;
use promontory_tests::prometheus::Prometheus;
use promontory_tests::python;

use crate::screen::say;

/// What the batch job sends: it records when it last worked, how much it did and how long it took.
const JOB: &str = r#"
import sys
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, pushadd_to_gateway, push_to_gateway

gateway, now = sys.argv[1], float(sys.argv[2])
registry = CollectorRegistry()
Gauge("backup_last_success_unixtime", "When the backup last succeeded.", registry=registry).set(now)
Counter("backup_files", "Files saved.", ["kind"], registry=registry).labels("photos").inc(1234)
seconds = Histogram("backup_file_seconds", "Seconds for one file.", buckets=[0.1, 1, 10], registry=registry)
for value in (0.05, 0.4, 3):
    seconds.observe(value)
push_to_gateway(gateway, job="backup", grouping_key={"path": "/home/anna"}, registry=registry)
more = CollectorRegistry()
Gauge("backup_bytes", "Bytes saved.", registry=more).set(5.5e9)
pushadd_to_gateway(gateway, job="backup", grouping_key={"path": "/home/anna"}, registry=more)
"#;

/// Runs the job, which says that it succeeded at `now` (seconds since 1970).
pub(crate) fn push(gateway: SocketAddr, now: u64) -> Result<()> {
    python::script(JOB, &[&gateway.to_string(), &now.to_string()])?;
    Ok(())
}

/// Asks Prometheus for what the job pushed, waiting for the next scrapes.
pub(crate) fn answers(prometheus: &Prometheus, now: u64) -> Result<()> {
    prometheus.expect_new_scrape("pushgateway")?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds since 1970 are far below 2^53"
    )]
    let now = now as f64;
    let questions = [
        (
            "backup_last_success_unixtime{job=\"backup\",path=\"/home/anna\"}",
            now,
        ),
        ("backup_files_total{kind=\"photos\"}", 1234.0),
        ("backup_bytes", 5.5e9),
        ("histogram_quantile(0.5, backup_file_seconds_bucket)", 0.55),
        ("up{job=\"pushgateway\"}", 1.0),
    ];
    for (promql, value) in questions {
        prometheus.expect(promql, value)?;
        say(&format!("{promql} = {value}"));
    }
    Ok(())
}
