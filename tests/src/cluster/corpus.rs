//! The objects of `tests/fixtures/kube`: many shapes of the ten kinds, for the parity of the kube-state exporter.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Cluster;
use crate::{helm, root};

/// What others refer to comes first.
const FILES: [&str; 11] = [
    "support",
    "namespaces",
    "nodes",
    "services",
    "deployments",
    "sets",
    "jobs",
    "cronjobs",
    "pods",
    "pods-states",
    "pods-specs",
];

/// Writes all of them into a cluster, each with its status; those with a finalizer are then deleted, so that they stay
/// with a time of deletion. Returns how many of the ten kinds there are.
///
/// # Errors
/// If a file is not YAML, or the API server refuses an object.
pub fn write(cluster: &Cluster) -> Result<usize> {
    let mut count = 0;
    for file in FILES {
        let path = root().join(format!("tests/fixtures/kube/{file}.yaml"));
        let yaml = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let documents = helm::documents(&yaml)?;
        put(cluster, &documents).with_context(|| path.display().to_string())?;
        if file != "support" {
            count += documents.len();
        }
    }
    Ok(count)
}

/// Writes objects through the doors that their parts have: spec, debug containers, status, deletion.
///
/// # Errors
/// If the API server refuses one.
pub fn put(cluster: &Cluster, documents: &[Value]) -> Result<()> {
    cluster.apply(&yaml(documents.iter().cloned().map(as_made)))?;
    for document in documents {
        if let Some(debuggers) = document["spec"].get("ephemeralContainers") {
            debug(cluster, document, debuggers)?;
        }
    }
    let with_status = documents.iter().filter(|it| !it["status"].is_null());
    let (nodes, others): (Vec<_>, Vec<_>) = with_status.partition(|it| it["kind"] == "Node");
    // Server-side apply refuses two addresses of one type, which a node of two families has.
    for node in nodes {
        let name = node["metadata"]["name"].as_str().unwrap_or_default();
        cluster.patch_status("", "node", name, &node["status"])?;
    }
    if !others.is_empty() {
        cluster.apply_status(&yaml(others.into_iter().cloned()))?;
    }
    for document in documents {
        if !document["metadata"]["finalizers"].is_null() {
            delete(cluster, document)?;
        }
    }
    Ok(())
}

/// Deletes an object without waiting until it is gone.
///
/// # Errors
/// If the API server refuses.
pub fn delete(cluster: &Cluster, document: &Value) -> Result<()> {
    let delete = ["delete", "--wait=false", "--filename=-"];
    cluster.kubectl(&delete, &document.to_string()).map(drop)
}

/// JSON is YAML.
fn yaml(documents: impl Iterator<Item = Value>) -> String {
    let documents: Vec<_> = documents.map(|document| document.to_string()).collect();
    documents.join("\n---\n")
}

/// An object is made without a status, and a pod without debug containers: they come later.
fn as_made(mut document: Value) -> Value {
    if let Some(spec) = document.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("ephemeralContainers");
    }
    if let Some(fields) = document.as_object_mut() {
        fields.remove("status");
    }
    document
}

fn debug(cluster: &Cluster, document: &Value, debuggers: &Value) -> Result<()> {
    let metadata = &document["metadata"];
    let text = |name: &str| metadata[name].as_str().unwrap_or_default();
    let path = format!(
        "--raw=/api/v1/namespaces/{}/pods/{}",
        text("namespace"),
        text("name")
    );
    let mut pod: Value = serde_json::from_str(&cluster.kubectl(&["get", &path], "")?)?;
    pod["spec"]["ephemeralContainers"] = debuggers.clone();
    let replace = [
        "replace",
        &format!("{path}/ephemeralcontainers"),
        "--filename=-",
    ];
    cluster.kubectl(&replace, &pod.to_string()).map(drop)
}
