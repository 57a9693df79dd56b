//! Random pods.

use promontory_tests::random::Dice;
use serde_json::{Map, Value, json};

use super::values::{
    chance, conditions, count, labels, list, maybe, metadata, quantity, reason, some, text, time,
};

const CONDITIONS: [&str; 7] = [
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
    "DisruptionTarget",
    "PodReadyToStartContainers",
    "example.org/own",
];

const EXITS: [i32; 5] = [0, 1, 137, 255, -1];

pub(super) fn pod(dice: &mut Dice, name: &str) -> Value {
    let names = ["a", "b", "c", "d"].map(str::to_owned);
    let init_names = ["i", "j", "k"].map(str::to_owned);
    let (main, init) = (1 + dice.roll(4), dice.roll(4));
    let containers = some(dice, main, |dice, at| container(dice, &names[at], false));
    let init_containers = some(dice, init, |dice, at| {
        container(dice, &init_names[at], true)
    });
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(dice, name),
        "spec": {
            "containers": containers,
            "initContainers": init_containers,
            "nodeName": maybe(dice, 2, |dice| json!(dice.pick(&["n-1", "n-2", "n.dotted"]))),
            "nodeSelector": labels(dice),
            "hostNetwork": maybe(dice, 3, |dice| json!(chance(dice, 2))),
            "restartPolicy": maybe(dice, 2, |dice| json!(dice.pick(&["Always", "OnFailure", "Never"]))),
            "schedulerName": maybe(dice, 3, |_| json!("another")),
            "serviceAccountName": maybe(dice, 3, |_| json!("robot")),
            "priorityClassName": maybe(dice, 6, |_| json!("system-cluster-critical")),
            "tolerations": list(dice, 3, toleration),
            "volumes": list(dice, 3, volume),
        },
        "status": pod_status(dice, &names[..main], &init_names[..init]),
    })
}

fn container(dice: &mut Dice, name: &str, init: bool) -> Value {
    json!({
        "name": name,
        "image": dice.pick(&["i", "registry.example/i:1", "i@sha256:00"]),
        "restartPolicy": if init { maybe(dice, 3, |_| json!("Always")) } else { Value::Null },
        "resources": maybe(dice, 2, resources),
    })
}

/// Requests are limits divided by nothing: the API server refuses requests above limits, so one of both is enough.
fn resources(dice: &mut Dice) -> Value {
    let mut amounts = Map::new();
    for name in ["cpu", "memory", "ephemeral-storage"] {
        if chance(dice, 2) {
            amounts.insert(name.to_owned(), quantity(dice, false));
        }
    }
    let extended = ["example.org/Some_Thing.x-y", "nvidia.com/gpu"];
    let mut both = Map::new();
    for name in extended {
        if chance(dice, 4) {
            both.insert(name.to_owned(), quantity(dice, true));
        }
    }
    let all: Map<String, Value> = amounts.into_iter().chain(both.clone()).collect();
    match dice.roll(3) {
        0 => json!({"limits": all}),
        1 => json!({"limits": all.clone(), "requests": all}),
        _ => json!({"limits": both.clone(), "requests": all}),
    }
}

fn toleration(dice: &mut Dice, _: usize) -> Value {
    match dice.roll(3) {
        0 => json!({"operator": "Exists"}),
        1 => json!({
            "key": "k",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": maybe(dice, 2, |dice| json!(count(dice))),
        }),
        _ => json!({
            "key": dice.pick(&["k", "example.org/k"]),
            "value": dice.pick(&["", "v"]),
            "effect": maybe(dice, 2, |dice| json!(dice.pick(&["NoSchedule", "PreferNoSchedule"]))),
        }),
    }
}

fn volume(dice: &mut Dice, at: usize) -> Value {
    let name = format!("v-{at}");
    match dice.roll(3) {
        0 => json!({"name": name, "emptyDir": {}}),
        1 => json!({"name": name, "ephemeral": {"volumeClaimTemplate": {"spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}}),
        _ => json!({"name": name, "persistentVolumeClaim": {
            "claimName": dice.pick(&["data", "data.dotted"]),
            "readOnly": maybe(dice, 2, |dice| json!(chance(dice, 2))),
        }}),
    }
}

fn pod_status(dice: &mut Dice, names: &[String], init_names: &[String]) -> Value {
    let ip = dice.pick(&["192.0.2.7", "2001:db8::7"]);
    let has_ip = chance(dice, 2);
    json!({
        "phase": dice.pick(&["Pending", "Running", "Succeeded", "Failed", "Unknown"]),
        "reason": maybe(dice, 3, reason),
        "message": maybe(dice, 4, |dice| json!(text(dice))),
        "startTime": maybe(dice, 2, time),
        "hostIP": has_ip.then_some(ip),
        "hostIPs": has_ip.then(|| json!([{"ip": ip}])),
        "podIP": has_ip.then_some("10.1.2.3"),
        "podIPs": has_ip.then(|| json!([{"ip": "10.1.2.3"}, {"ip": "fd00::1"}])),
        "conditions": conditions(dice, &CONDITIONS),
        "containerStatuses": statuses(dice, names),
        "initContainerStatuses": statuses(dice, init_names),
    })
}

/// Some have none yet; their order is not that of the spec.
fn statuses(dice: &mut Dice, names: &[String]) -> Value {
    let mut out = Vec::new();
    for name in names.iter().rev() {
        if chance(dice, 5) {
            continue;
        }
        out.push(json!({
            "name": name,
            "image": dice.pick(&["", "registry.example/i:1"]),
            "imageID": dice.pick(&["", "registry.example/i@sha256:0f"]),
            "containerID": maybe(dice, 2, |dice| json!(dice.pick(&["", "containerd://1"]))),
            "ready": chance(dice, 2),
            "restartCount": count(dice),
            "state": state(dice),
            "lastState": maybe(dice, 2, state),
        }));
    }
    out.into()
}

fn state(dice: &mut Dice) -> Value {
    match dice.roll(4) {
        0 => json!({}),
        1 => {
            json!({"waiting": {"reason": maybe(dice, 2, reason), "message": maybe(dice, 3, |dice| json!(text(dice)))}})
        }
        2 => json!({"running": {"startedAt": time(dice)}}),
        _ => json!({"terminated": {
            "reason": maybe(dice, 2, reason),
            "exitCode": EXITS[dice.roll(EXITS.len())],
            "signal": maybe(dice, 3, |dice| json!(dice.roll(20))),
            "startedAt": time(dice),
            "finishedAt": time(dice),
        }}),
    }
}
