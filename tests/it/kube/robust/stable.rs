//! Some 300 objects that nobody changes: whatever happens, every page shows each of them, with all its lines.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use promontory_tests::cluster::Cluster;

/// Names of these objects begin so; no other's does, so their lines are known by it.
pub(super) const NAME: &str = "stable-";

/// How many of each kind: its API, a family that shows each of its objects once, its spec.
const KINDS: [(&str, &str, &str, usize, &str); 10] = [
    ("v1", "Namespace", "kube_namespace_created", 1, ""),
    ("v1", "Node", "kube_node_created", 10, ""),
    (
        "v1",
        "Pod",
        "kube_pod_created",
        250,
        "{containers: [{name: c, image: i, resources: {requests: {cpu: 100m, memory: 1Mi}}}]}",
    ),
    (
        "v1",
        "Service",
        "kube_service_created",
        10,
        "{ports: [{port: 80}]}",
    ),
    (
        "apps/v1",
        "Deployment",
        "kube_deployment_created",
        5,
        WORKLOAD,
    ),
    (
        "apps/v1",
        "DaemonSet",
        "kube_daemonset_created",
        5,
        WORKLOAD,
    ),
    (
        "apps/v1",
        "ReplicaSet",
        "kube_replicaset_created",
        5,
        WORKLOAD,
    ),
    (
        "apps/v1",
        "StatefulSet",
        "kube_statefulset_created",
        5,
        WORKLOAD,
    ),
    (
        "batch/v1",
        "Job",
        "kube_job_created",
        5,
        "{template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}",
    ),
    // Suspended: the time of the next run is the one sample that changes by itself.
    (
        "batch/v1",
        "CronJob",
        "kube_cronjob_created",
        5,
        "{suspend: true, schedule: '0 0 * * *', jobTemplate: {spec: {template: {spec: \
         {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}",
    ),
];

const WORKLOAD: &str = "{selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, \
     spec: {containers: [{name: c, image: i}]}}}";

/// The namespace of those that have one.
const NAMESPACE: &str = "stable-0";

/// The control plane of these tests, which has the objects; a test that holds it may break it, and mends it again.
pub(super) fn cluster() -> MutexGuard<'static, Cluster> {
    static CLUSTER: OnceLock<Mutex<Cluster>> = OnceLock::new();
    // Nothing drops a static: the lifeline ends the processes and removes what they wrote.
    let cluster = CLUSTER.get_or_init(|| {
        let cluster = Cluster::start().unwrap();
        cluster.apply(&yaml()).unwrap();
        Mutex::new(cluster)
    });
    cluster.lock().unwrap_or_else(PoisonError::into_inner)
}

fn yaml() -> String {
    let mut yaml = String::new();
    for (api, kind, _, count, spec) in KINDS {
        for number in 0..count {
            let namespace = if matches!(kind, "Namespace" | "Node") {
                String::new()
            } else {
                format!(", namespace: {NAMESPACE}")
            };
            let _ = writeln!(
                yaml,
                "---\n{{apiVersion: {api}, kind: {kind}, metadata: {{name: {NAME}{number}{namespace}}}}}"
            );
            if !spec.is_empty() {
                yaml.truncate(yaml.len() - 2);
                let _ = writeln!(yaml, ", spec: {spec}}}");
            }
        }
    }
    yaml
}

/// How one line of each object begins.
pub(super) fn marks() -> Vec<String> {
    let mut marks = Vec::new();
    for (_, kind, family, count, _) in KINDS {
        let label = match kind {
            "Job" => "job_name".to_owned(),
            kind => kind.to_lowercase(),
        };
        for number in 0..count {
            let namespace = if matches!(kind, "Namespace" | "Node") {
                String::new()
            } else {
                format!("namespace=\"{NAMESPACE}\",")
            };
            marks.push(format!("{family}{{{namespace}{label}=\"{NAME}{number}\""));
        }
    }
    marks
}
