//! Our images in other people's charts: their command lines are ours, and the patches fit.
//!
//! Those charts are nowhere in this repository; what they pass was taken from their renderings and stands in a table.

use std::fs;
use std::process::Command;

use promontory_tests::gateway::ours;
use promontory_tests::{peers, root};
use serde_json::Value;

use super::keys::defaults;

/// What the other charts start the program with: the chart, our program, the arguments.
const STARTED: &[(&str, &str, &[&str])] = &[
    (
        "kube-prometheus-stack 88.5.3",
        "node-exporter",
        &[
            "--path.procfs=/host/proc",
            "--path.sysfs=/host/sys",
            "--path.rootfs=/host/root",
            "--path.udev.data=/host/root/run/udev/data",
            "--web.listen-address=[0.0.0.0]:9100",
            "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|var/lib/docker/.+)($|/)",
            "--collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|tmpfs)$",
        ],
    ),
    (
        "kube-prometheus-stack 88.5.3",
        "kube-state-exporter",
        &[
            "--port=8080",
            "--resources=pods,nodes,namespaces,deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs,services",
        ],
    ),
    (
        "kube-prometheus, August 2026",
        "kube-state-exporter",
        &[
            "--host=127.0.0.1",
            "--port=8081",
            "--telemetry-host=127.0.0.1",
            "--telemetry-port=8082",
        ],
    ),
    (
        "prometheus-pushgateway 3.8.0",
        "pushgateway",
        &["--persistence.file=/data/promontory.db"],
    ),
];

fn taken(program: &str, arguments: &[String]) {
    let output = Command::new(ours(program).unwrap())
        .args(arguments)
        .arg("--help")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

fn swap(name: &str) -> Value {
    let text = fs::read_to_string(root().join("deploy/swap").join(name)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn our_programs_take_the_arguments_of_other_charts() {
    for (chart, program, arguments) in STARTED {
        eprintln!("{chart}: {program}");
        let arguments: Vec<_> = arguments.iter().map(|it| (*it).to_owned()).collect();
        taken(program, &arguments);
    }
}

#[test]
fn values_for_other_charts_name_our_version_and_kinds() {
    let version = env!("CARGO_PKG_VERSION");
    let stack = swap("kube-prometheus-stack.yaml");
    let node = &stack["prometheus-node-exporter"];
    let state = &stack["kube-state-metrics"];
    assert_eq!(node["image"]["tag"], version);
    assert_eq!(state["image"]["tag"], version);
    assert_eq!(
        state["collectors"],
        defaults()["kubeStateExporter"]["kubeResources"]
    );
    let gateway = swap("prometheus-pushgateway.yaml");
    assert_eq!(gateway["image"]["tag"], version);
    taken("pushgateway", &texts(&gateway["extraArgs"]));
}

/// The two workloads that the kustomization patches, as small as they can be.
const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: node-exporter, namespace: monitoring}
spec:
  template:
    spec:
      containers:
        - {name: node-exporter, image: theirs, args: [--no-collector.wifi]}
        - {name: kube-rbac-proxy, image: proxy}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: kube-state-metrics, namespace: monitoring}
spec:
  template:
    spec:
      containers:
        - {name: kube-state-metrics, image: theirs, args: [--port=8081]}
";

#[test]
fn the_kustomization_changes_image_and_arguments_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let manifests = folder.path().join("manifests");
    fs::create_dir(&manifests).unwrap();
    fs::write(manifests.join("all.yaml"), MANIFESTS).unwrap();
    fs::write(
        manifests.join("kustomization.yaml"),
        "resources: [all.yaml]\n",
    )
    .unwrap();
    let ours = root().join("deploy/swap/kube-prometheus/kustomization.yaml");
    fs::copy(ours, folder.path().join("kustomization.yaml")).unwrap();
    let output = Command::new(peers::program("kubectl").unwrap())
        .arg("kustomize")
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let built = promontory_tests::helm::documents(&String::from_utf8(output.stdout).unwrap());
    let built = built.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for (kind, name, program) in [
        ("DaemonSet", "node-exporter", "node-exporter"),
        ("Deployment", "kube-state-metrics", "kube-state-exporter"),
    ] {
        let workload = built.iter().find(|it| it["kind"] == kind).unwrap();
        let containers = workload["spec"]["template"]["spec"]["containers"]
            .as_array()
            .unwrap();
        let container = containers.iter().find(|it| it["name"] == name).unwrap();
        let image = format!("registry.example/team/{program}:{version}");
        assert_eq!(container["image"], image);
        taken(program, &texts(&container["args"]));
        let others = containers.iter().filter(|it| it["name"] != name);
        assert!(others.clone().all(|it| it["image"] == "proxy"));
    }
    assert_eq!(built.len(), 2);
}
