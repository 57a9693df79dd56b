//! Random objects come, change and go on a real API server, and after each step both exporters show the same.
//!
//! The corpus holds the shapes somebody thought of; this holds those that nobody did. What the API server refuses is left
//! out, as it would be anywhere. `PROMONTORY_SEEDS=50` runs more rounds, `PROMONTORY_SEED=7` one of them; the round that
//! shows a difference is named.

mod pods;
mod values;
mod workloads;

use promontory_tests::cluster::{Cluster, corpus};
use promontory_tests::random::Dice;
use promontory_tests::state_exporter::EVERY;
use serde_json::{Value, json};

use super::parity::Pair;

/// Objects of a round.
const OBJECTS: usize = 48;
/// Rounds, unless the environment says otherwise.
const ROUNDS: u64 = 5;
/// Makes an object of this name.
type Maker = fn(&mut Dice, &str) -> Value;
/// One after the other in turn: pods have most to go wrong.
const MAKERS: [Maker; 16] = [
    pods::pod,
    workloads::node,
    pods::pod,
    workloads::namespace,
    pods::pod,
    workloads::service,
    pods::pod,
    workloads::deployment,
    pods::pod,
    workloads::replica_set,
    pods::pod,
    workloads::stateful_set,
    workloads::daemon_set,
    workloads::job,
    workloads::cron_job,
    workloads::cron_job,
];
const FLAGS: [&str; 4] = [
    EVERY,
    "--metric-labels-allowlist=*=[*]",
    "--metric-annotations-allowlist=*=[*]",
    "--metric-opt-in-list=kube_pod_nodeselectors",
];

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn random_objects_are_shown_alike() {
    let rounds = match number("PROMONTORY_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..1 + number("PROMONTORY_SEEDS").unwrap_or(ROUNDS),
    };
    let cluster = Cluster::start().unwrap();
    let home =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": values::NAMESPACE}});
    cluster.apply(&home.to_string()).unwrap();
    let pair = Pair::start(&cluster, &FLAGS);
    let (mut taken, mut made) = (0, 0);
    for seed in rounds {
        let mut dice = Dice::new(seed);
        let objects = objects(&mut dice, seed);
        taken += write(&cluster, &objects);
        made += objects.len();
        pair.agree("/metrics", &format!("PROMONTORY_SEED={seed}"));
        let changed = changed(&objects, &self::objects(&mut dice, seed));
        write(&cluster, &changed);
        for object in objects.iter().step_by(3) {
            // One that was refused is not there.
            let _ = corpus::delete(&cluster, object);
        }
        pair.agree("/metrics", &format!("PROMONTORY_SEED={seed}, changed"));
    }
    // Else all could have been refused.
    assert!(taken * 10 >= made * 9, "{taken} of {made} objects");
}

fn objects(dice: &mut Dice, seed: u64) -> Vec<Value> {
    let make = |at: usize| MAKERS[at % MAKERS.len()](dice, &format!("r{seed}-{at}"));
    (0..OBJECTS).map(make).map(values::tidy).collect()
}

/// The same objects with the labels, annotations and statuses of others: most of a specification cannot be changed.
fn changed(objects: &[Value], others: &[Value]) -> Vec<Value> {
    let changed = |(object, other): (&Value, &Value)| {
        let mut object = object.clone();
        for part in ["metadata", "status"] {
            object[part] = other[part].clone();
        }
        object
    };
    objects.iter().zip(others).map(changed).collect()
}

/// Writes objects and then their statuses; returns about how many of them nothing was refused.
fn write(cluster: &Cluster, objects: &[Value]) -> usize {
    let documents = |keep_status: bool| {
        let text = |object: &Value| {
            let mut object = object.clone();
            if !keep_status {
                object["status"] = Value::Null;
            }
            values::tidy(object).to_string()
        };
        objects.iter().map(text).collect::<Vec<_>>().join("\n---\n")
    };
    let refused = |done: anyhow::Result<String>| {
        let said = done.map_or_else(|error| format!("{error:#}"), |_| String::new());
        let lines = said.lines().filter(|line| !line.starts_with("Warning"));
        lines
            .filter(|line| line.contains("is invalid") || line.contains("Error from"))
            .count()
    };
    let without = refused(cluster.apply(&documents(false)));
    let without_status = refused(cluster.apply_status(&documents(true)));
    objects.len().saturating_sub(without.max(without_status))
}
