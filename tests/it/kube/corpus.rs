//! The objects that both programs are shown: `tests/fixtures/kube`, each kind in many shapes, with the status that its
//! controllers would have written.

use promontory_tests::cluster::Cluster;
use promontory_tests::{helm, root};

/// Namespaces first: the others live in them.
const FILES: [&str; 8] = [
    "namespaces",
    "nodes",
    "services",
    "deployments",
    "sets",
    "jobs",
    "cronjobs",
    "pods",
];
/// Objects that are deleted and, held by a finalizer, stay.
const ENDING: [(&str, &str, &str); 4] = [
    ("batch", "pod", "ending"),
    ("infra", "deployment", "ending"),
    ("batch", "statefulset", "ending"),
    ("infra", "daemonset", "ending"),
];

/// Writes all of them; returns how many.
pub(super) fn write(cluster: &Cluster) -> usize {
    let mut count = 0;
    for file in FILES {
        let path = root().join(format!("tests/fixtures/kube/{file}.yaml"));
        let yaml = std::fs::read_to_string(&path).unwrap();
        cluster.apply(&yaml).unwrap();
        let documents = helm::documents(&yaml).unwrap();
        count += documents.len();
        let with_status: Vec<String> = documents
            .iter()
            .filter(|document| !document["status"].is_null())
            .map(ToString::to_string)
            .collect();
        if !with_status.is_empty() {
            cluster.apply_status(&with_status.join("\n---\n")).unwrap();
        }
    }
    for (namespace, kind, name) in ENDING {
        let namespace = format!("--namespace={namespace}");
        let arguments = ["delete", kind, name, &namespace, "--wait=false"];
        cluster.kubectl(&arguments, "").unwrap();
    }
    let arguments = ["delete", "namespace", "ending", "--wait=false"];
    cluster.kubectl(&arguments, "").unwrap();
    count
}
