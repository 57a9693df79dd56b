//! What the pods may do: as little as each program needs.

use serde_json::{Value, json};

use super::{PROGRAMS, component, documents};

/// The pod template of a workload, if it is one.
fn template(document: &Value) -> Option<&Value> {
    let workloads = ["StatefulSet", "DaemonSet", "Deployment", "Job"];
    let kind = document["kind"].as_str()?;
    workloads
        .contains(&kind)
        .then(|| &document["spec"]["template"]["spec"])
}

/// Who runs as whom; everyone else is nobody (65534).
const USERS: &[(&str, u64)] = &[("grafana", 472)];

/// What the node exporter needs beyond the level "restricted", and nobody else.
const NODE: &[&str] = &["hostNetwork", "hostPID"];

#[test]
fn pods_run_without_rights_on_a_root_they_cannot_write() {
    let documents = documents(json!({}));
    let mut seen = 0;
    for document in &documents {
        let Some(pod) = template(document) else {
            continue;
        };
        seen += 1;
        let who = component(document);
        let user = USERS.iter().find(|(name, _)| *name == who);
        let user = user.map_or(65534, |(_, user)| *user);
        let expected = json!({
            "runAsNonRoot": true, "runAsUser": user, "runAsGroup": user, "fsGroup": user,
            "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"},
        });
        assert_eq!(pod["securityContext"], expected, "{who}");
        let containers = pod["containers"].as_array().unwrap();
        assert_eq!(containers.len(), 1, "{who}");
        let expected = json!({
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
        });
        assert_eq!(containers[0]["securityContext"], expected, "{who}");
        assert!(pod["initContainers"].is_null(), "{who}");
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            let wanted = who == "node-exporter" && NODE.contains(&field);
            assert_eq!(pod[field] == true, wanted, "{who}: {field}");
        }
        limited(who, &containers[0]);
        mounts(who, pod);
    }
    assert_eq!(seen, 7);
}

/// Requests for both, a limit for memory; never one for the processor, which only slows.
fn limited(who: &str, container: &Value) {
    let resources = &container["resources"];
    for amount in [
        &resources["requests"]["cpu"],
        &resources["requests"]["memory"],
        &resources["limits"]["memory"],
    ] {
        assert!(amount.is_string(), "{who}: {resources}");
    }
    assert!(resources["limits"]["cpu"].is_null(), "{who}");
}

/// Only the node exporter sees files of its node, and it cannot write one.
fn mounts(who: &str, pod: &Value) {
    let none = Vec::new();
    let volumes = pod["volumes"].as_array().unwrap_or(&none);
    let of_node: Vec<_> = volumes
        .iter()
        .filter(|volume| volume["hostPath"].is_object())
        .map(|volume| &volume["name"])
        .collect();
    assert_eq!(
        of_node.len(),
        if who == "node-exporter" { 3 } else { 0 },
        "{who}"
    );
    let mounts = pod["containers"][0]["volumeMounts"]
        .as_array()
        .unwrap_or(&none);
    for mount in mounts
        .iter()
        .filter(|mount| of_node.contains(&&mount["name"]))
    {
        assert_eq!(mount["readOnly"], true, "{who}: {mount}");
    }
}

/// A token of the API server only where the API server is asked.
#[test]
fn only_who_asks_the_api_server_has_a_token() {
    let documents = documents(json!({}));
    let with_token: Vec<_> = documents
        .iter()
        .filter(|document| {
            let pod = template(document).unwrap_or(&document["spec"]);
            pod["automountServiceAccountToken"] == true
        })
        .map(component)
        .collect();
    let mut sorted = with_token.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["kube-state-exporter", "operator", "prometheus"]);
    for document in documents.iter().filter(|it| it["kind"] == "ServiceAccount") {
        assert_eq!(document["automountServiceAccountToken"], false);
    }
}

#[test]
fn our_programs_are_probed_where_they_listen() {
    let documents = documents(json!({}));
    for (program, kind) in PROGRAMS {
        let workload = promontory_tests::helm::find(&documents, kind, program).unwrap();
        let container = &workload["spec"]["template"]["spec"]["containers"][0];
        let ports = container["ports"].as_array().unwrap();
        for probe in ["livenessProbe", "readinessProbe"] {
            let port = &container[probe]["httpGet"]["port"];
            assert!(
                ports.iter().any(|it| it["name"] == *port),
                "{program}: {port}"
            );
        }
        let service = promontory_tests::helm::find(&documents, "Service", program).unwrap();
        for port in service["spec"]["ports"].as_array().unwrap() {
            let target = &port["targetPort"];
            assert!(
                ports.iter().any(|it| it["name"] == *target),
                "{program}: {target}"
            );
        }
    }
}
