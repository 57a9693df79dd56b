//! The chart of `deploy/`: what the real Helm makes of it, and what the real Kubernetes API server, the real operator
//! and the real Prometheus make of that.
//!
//! From the inside out: `values` and `schema` (which values there are and what each does), `security`, `arguments`,
//! `rules` and `queries` (alerts and dashboards), then what needs a control plane: `objects`, `operator`, `rights`; at
//! last what lies beside the chart: `images`, `manifests`, `swap`.

mod arguments;
mod images;
mod keys;
mod live;
mod manifests;
mod matrix;
mod objects;
mod operator;
mod queries;
mod rights;
mod rules;
mod schema;
mod security;
mod swap;
mod values;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::OnceLock;

use promontory_tests::cluster::Cluster;
use promontory_tests::helm::Render;
use promontory_tests::peers;
use serde_json::{Value, json};

/// The parts of the stack: the key that switches one, and the components that its objects carry as a label.
const PARTS: &[(&str, &[&str])] = &[
    ("pushgateway", &["pushgateway"]),
    ("nodeExporter", &["node-exporter"]),
    ("kubeStateExporter", &["kube-state-exporter"]),
    ("operator", &["operator"]),
    ("prometheus", &["prometheus", "stack"]),
    ("alertmanager", &["alertmanager"]),
    ("grafana", &["grafana"]),
    ("longTerm", &["influxdb", "influxdb-retention"]),
];

/// Our three programs: the component, the kind of its workload, and the binary in its image.
const PROGRAMS: &[(&str, &str)] = &[
    ("pushgateway", "StatefulSet"),
    ("node-exporter", "DaemonSet"),
    ("kube-state-exporter", "Deployment"),
];

/// `{"a": {"b": value}}` for the path `a.b`.
fn at(path: &str, value: Value) -> Value {
    path.rsplit('.')
        .fold(value, |value, key| json!({ key: value }))
}

/// Lays values over others, as Helm does: maps are merged, everything else is replaced.
fn merged(mut below: Value, above: Value) -> Value {
    match (&mut below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                let old = below.remove(&key).unwrap_or(Value::Null);
                below.insert(key, merged(old, value));
            }
        }
        (_, above) => return above,
    }
    below
}

/// The documents of the chart with these values.
fn documents(values: Value) -> Vec<Value> {
    let render = Render {
        values,
        ..Render::default()
    };
    render.documents().unwrap()
}

/// Values with only these parts switched on.
fn only(parts: &[&str]) -> Value {
    let switches = PARTS
        .iter()
        .map(|(part, _)| at(&format!("{part}.enabled"), parts.contains(part).into()));
    switches.fold(json!({}), merged)
}

/// The part of the stack an object belongs to.
fn component(document: &Value) -> &str {
    document["metadata"]["labels"]["app.kubernetes.io/component"]
        .as_str()
        .unwrap_or_else(|| panic!("no component: {document}"))
}

/// All components of these documents.
fn components(documents: &[Value]) -> BTreeSet<&str> {
    documents.iter().map(component).collect()
}

/// Kind, namespace and name of an object: no two may share them.
fn identity(document: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &document["metadata"];
    [
        text(&document["kind"]),
        text(&metadata["namespace"]),
        text(&metadata["name"]),
    ]
    .join("/")
}

/// The control plane that the tests of the chart share, with the operator's CRDs; each uses namespaces of its own.
///
/// Not the one of all tests: the nodes and pods here would stand in the pages that are compared there.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(with_crds)
}

/// A control plane that knows the operator's CRDs.
fn with_crds() -> Cluster {
    let cluster = Cluster::start().unwrap();
    let operator = peers::program("operator").unwrap();
    let output = Command::new(operator).arg("full-crds").output().unwrap();
    cluster
        .apply(&String::from_utf8(output.stdout).unwrap())
        .unwrap();
    cluster
        .wait_for("/apis/monitoring.coreos.com/v1/prometheuses", |_| true)
        .unwrap();
    cluster
}

/// Documents as kubectl takes them.
fn yaml(documents: &[Value]) -> String {
    let texts: Vec<_> = documents.iter().map(Value::to_string).collect();
    texts.join("\n---\n")
}
