//! A cluster's worth of objects for the kube bench: pods as a real cluster has them, some 7 kB of JSON each, with their
//! nodes, namespaces, deployments and replica sets.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use promontory_tests::http::{Connection, Request};
use serde_json::{Value, json};

/// Pods; every tenth belongs to the next deployment, every hundredth runs on the next node.
pub(crate) const PODS: usize = 2_000;
const OF_A_DEPLOYMENT: usize = 10;
const OF_A_NODE: usize = 100;
const NAMESPACES: usize = 20;
/// Connections that write at the same time: the API server has two cores.
const WRITERS: usize = 4;
/// What the status of a pod that runs says.
const CONDITIONS: [&str; 5] = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
];

/// Creates everything over the plain-HTTP address of an API server.
pub(crate) fn fill(api: SocketAddr) -> Result<()> {
    let mut api_connection = Connection::open(api)?;
    for number in 0..NAMESPACES {
        let body = json!({"metadata": {"name": namespace(number)}});
        send(&mut api_connection, "POST", "/api/v1/namespaces", &body)?;
    }
    for number in 0..PODS / OF_A_NODE {
        let node = node(number);
        let path = format!(
            "/api/v1/nodes/{}/status",
            node["metadata"]["name"].as_str().unwrap_or_default()
        );
        send(&mut api_connection, "POST", "/api/v1/nodes", &node)?;
        send(&mut api_connection, "PUT", &path, &node)?;
    }
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || workloads(api, writer)))
            .collect();
        let mut done = writers.into_iter().map(|writer| writer.join());
        done.try_for_each(|result| {
            result.unwrap_or_else(|_| Err(anyhow::anyhow!("a writer panicked")))
        })
    })
}

/// One writer's share of the deployments and their pods.
fn workloads(api: SocketAddr, writer: usize) -> Result<()> {
    let mut connection = Connection::open(api)?;
    for number in (writer..PODS / OF_A_DEPLOYMENT).step_by(WRITERS) {
        let (deployment, replica_set) = workload(number);
        let apps = format!("/apis/apps/v1/namespaces/{}", namespace(number));
        send(
            &mut connection,
            "POST",
            &format!("{apps}/deployments"),
            &deployment,
        )?;
        send(
            &mut connection,
            "POST",
            &format!("{apps}/replicasets"),
            &replica_set,
        )?;
        for replica in 0..OF_A_DEPLOYMENT {
            let pod = pod(number, number * OF_A_DEPLOYMENT + replica);
            let path = format!("/api/v1/namespaces/{}/pods", namespace(number));
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            send(&mut connection, "POST", &path, &pod)?;
            send(
                &mut connection,
                "PUT",
                &format!("{path}/{name}/status"),
                &pod,
            )?;
        }
    }
    Ok(())
}

fn send(connection: &mut Connection, method: &str, path: &str, body: &Value) -> Result<()> {
    let request = Request::new(method, path)
        .header("Content-Type", "application/json")
        .body(body.to_string());
    let answer = connection.send(&request)?;
    ensure!(answer.status < 300, "{method} {path}: {}", answer.text());
    Ok(())
}

fn namespace(number: usize) -> String {
    format!("team-{}", number % NAMESPACES)
}

fn labels(number: usize) -> Value {
    json!({
        "app.kubernetes.io/name": format!("service-{number}"),
        "app.kubernetes.io/part-of": "shop",
        "app.kubernetes.io/version": "1.14.2",
        "pod-template-hash": format!("5d4b{number:06}"),
    })
}

fn node(number: usize) -> Value {
    let resources = json!({"cpu": "16", "memory": "65769352Ki", "pods": "110", "ephemeral-storage": "203056560Ki"});
    json!({
        "metadata": {"name": format!("node-{number}"), "labels": {"kubernetes.io/arch": "amd64"}},
        "spec": {"podCIDR": format!("10.{number}.0.0/24"), "providerID": format!("cloud:///zone-a/i-{number}")},
        "status": {
            "capacity": resources, "allocatable": resources,
            "conditions": [
                {"type": "MemoryPressure", "status": "False", "lastTransitionTime": "2026-11-01T00:00:00Z"},
                {"type": "DiskPressure", "status": "False", "lastTransitionTime": "2026-11-01T00:00:00Z"},
                {"type": "PIDPressure", "status": "False", "lastTransitionTime": "2026-11-01T00:00:00Z"},
                {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-01T00:00:00Z"},
            ],
            "addresses": [{"type": "InternalIP", "address": format!("172.16.0.{}", number % 250)}],
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "6.1.0", "osImage": "Debian GNU/Linux 12",
                "containerRuntimeVersion": "containerd://2.1.0", "kubeletVersion": "v1.36.2", "kubeProxyVersion": "",
                "operatingSystem": "linux", "architecture": "amd64",
            },
        },
    })
}

/// A deployment and its replica set.
fn workload(number: usize) -> (Value, Value) {
    let template = json!({"metadata": {"labels": labels(number)}, "spec": spec(number, 0)});
    let spec = json!({"replicas": OF_A_DEPLOYMENT, "selector": {"matchLabels": labels(number)}, "template": template});
    let named =
        |name: String| json!({"metadata": {"name": name, "labels": labels(number)}, "spec": spec});
    let name = format!("service-{number}");
    (
        named(name.clone()),
        named(format!("{name}-5d4b{number:06}")),
    )
}

fn spec(number: usize, node: usize) -> Value {
    let container = |name: &str, cpu: &str, memory: &str| {
        json!({
            "name": name,
            "image": format!("registry.example/shop/{name}-{number}:1.14.2"),
            "ports": [{"name": "http", "containerPort": 8080}],
            "env": (0..12).map(|at| json!({"name": format!("SETTING_{at}"), "value": format!("value of setting {at}")})).collect::<Vec<_>>(),
            "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": "1", "memory": memory}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 10},
            "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}, "periodSeconds": 10},
            "volumeMounts": [{"name": "config", "mountPath": "/etc/config"}],
        })
    };
    json!({
        "nodeName": format!("node-{node}"),
        "containers": [container("app", "250m", "256Mi"), container("proxy", "50m", "64Mi")],
        "volumes": [{"name": "config", "configMap": {"name": "settings"}}],
        "tolerations": [
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        ],
    })
}

fn pod(deployment: usize, number: usize) -> Value {
    let time = "2026-11-01T08:00:00Z";
    let ready = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": time});
    let container = |name: &str| {
        json!({
            "name": name, "ready": true, "started": true, "restartCount": number % 3,
            "image": format!("registry.example/shop/{name}-{deployment}:1.14.2"),
            "imageID": format!("registry.example/shop/{name}@sha256:{deployment:064}"),
            "containerID": format!("containerd://{:064}", number * 2),
            "state": {"running": {"startedAt": time}},
            "lastState": {},
        })
    };
    json!({
        "metadata": {
            "name": format!("service-{deployment}-5d4b{deployment:06}-{number:05}"),
            "namespace": namespace(deployment),
            "labels": labels(deployment),
            "annotations": {"example.com/config-hash": format!("{number:064}")},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("service-{deployment}-5d4b{deployment:06}"),
                "uid": format!("00000000-0000-4000-8000-{deployment:012}"), "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": spec(deployment, number / OF_A_NODE),
        "status": {
            "phase": "Running", "qosClass": "Burstable", "startTime": time,
            "hostIP": format!("172.16.0.{}", number / OF_A_NODE),
            "podIP": format!("10.{}.0.{}", number / 250, number % 250),
            "podIPs": [{"ip": format!("10.{}.0.{}", number / 250, number % 250)}],
            "conditions": CONDITIONS.map(ready),
            "containerStatuses": [container("app"), container("proxy")],
        },
    })
}
