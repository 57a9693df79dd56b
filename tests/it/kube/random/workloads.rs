//! Random objects of the other nine kinds.

use promontory_tests::random::Dice;
use serde_json::{Map, Value, json};

use super::values::{
    chance, conditions, count, list, maybe, metadata, quantity, reason, status, text, time,
};

const SCHEDULES: [&str; 16] = [
    "* * * * *",
    "*/7 * * * *",
    "0 0 * * *",
    "59 23 31 12 *",
    "0 0 29 2 *",
    "0 0 31 2 *",
    "5-50/15 1-22/7 */9 */5 *",
    "0 0 13 * 5",
    "1,2,3 4 5 jan-JUN mon",
    "30 2 * * 0",
    "? ? * * ?",
    "@hourly",
    "@weekly",
    "@yearly",
    "@every 17m3s",
    "0 0 1-7 * mon-wed,sat",
];
const ZONES: [&str; 8] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Etc/UTC",
    "Pacific/Apia",
];

const ADDRESSES: [(&str, &str); 4] = [
    ("Hostname", "host"),
    ("InternalIP", "192.0.2.1"),
    ("ExternalIP", "2001:db8::1"),
    ("InternalDNS", "x.internal"),
];

fn template() -> Value {
    json!({"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
}

fn job_template() -> Value {
    json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}})
}

fn object(kind: &str, api: &str, metadata: Value, spec: Value, status: Value) -> Value {
    json!({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec, "status": status})
}

/// An object of the cluster has no namespace.
fn of_cluster(mut metadata: Value) -> Value {
    metadata["namespace"] = Value::Null;
    metadata
}

pub(super) fn namespace(dice: &mut Dice, name: &str) -> Value {
    let types = [
        "NamespaceContentRemaining",
        "NamespaceFinalizersRemaining",
        "example.org/Own",
    ];
    let status = json!({"conditions": conditions(dice, &types)});
    object(
        "Namespace",
        "v1",
        of_cluster(metadata(dice, name)),
        json!({}),
        status,
    )
}

pub(super) fn node(dice: &mut Dice, name: &str) -> Value {
    let mut metadata = of_cluster(metadata(dice, name));
    for role in ["control-plane", "worker", "A.b_c"] {
        if chance(dice, 3) {
            metadata["labels"][format!("node-role.kubernetes.io/{role}")] = json!("");
        }
    }
    let amounts = |dice: &mut Dice| {
        let mut out = Map::new();
        for name in [
            "cpu",
            "memory",
            "ephemeral-storage",
            "pods",
            "hugepages-2Mi",
            "nvidia.com/gpu",
            "x.org/Y-z",
        ] {
            if chance(dice, 2) {
                out.insert(
                    name.to_owned(),
                    quantity(dice, name.contains(['/', '-']) || name == "pods"),
                );
            }
        }
        Value::from(out)
    };
    let spec = json!({
        "unschedulable": maybe(dice, 2, |dice| json!(chance(dice, 2))),
        "providerID": maybe(dice, 2, |dice| json!(text(dice))),
        "podCIDR": "10.9.0.0/24",
        "podCIDRs": ["10.9.0.0/24", "fd00:9::/64"],
        "taints": list(dice, 2, |dice, at| json!({
            "key": format!("k{at}"),
            "value": maybe(dice, 2, |_| json!("v")),
            "effect": dice.pick(&["NoSchedule", "NoExecute", "PreferNoSchedule"]),
        })),
    });
    let status = json!({
        "capacity": amounts(dice),
        "allocatable": amounts(dice),
        "addresses": list(dice, ADDRESSES.len(), |_, at| json!({"type": ADDRESSES[at].0, "address": ADDRESSES[at].1})),
        "conditions": conditions(dice, &["Ready", "MemoryPressure", "DiskPressure", "Own Condition"]),
        "nodeInfo": maybe(dice, 2, |dice| json!({
            "machineID": "", "systemUUID": text(dice), "bootID": "", "kernelVersion": text(dice), "osImage": text(dice),
            "containerRuntimeVersion": "", "kubeletVersion": "v1", "kubeProxyVersion": "", "operatingSystem": "", "architecture": "",
        })),
    });
    object("Node", "v1", metadata, spec, status)
}

pub(super) fn service(dice: &mut Dice, name: &str) -> Value {
    let of = dice.pick(&[
        "ClusterIP",
        "NodePort",
        "LoadBalancer",
        "LoadBalancer",
        "ExternalName",
    ]);
    let spec = json!({
        "type": of,
        "externalName": (of == "ExternalName").then_some("x.example.org"),
        "clusterIP": (of == "ClusterIP" && chance(dice, 2)).then_some("None"),
        "externalTrafficPolicy": (of == "LoadBalancer" && chance(dice, 2)).then_some("Local"),
        "loadBalancerIP": (of == "LoadBalancer" && chance(dice, 2)).then_some("203.0.113.5"),
        "externalIPs": list(dice, 2, |_, at| json!(["198.51.100.1", "2001:db8::9"][at])),
        "ports": [{"port": 80}],
    });
    let ingress = list(dice, 2, |_, at| {
        [
            json!({"ip": "203.0.113.5"}),
            json!({"hostname": "lb.example.org"}),
        ][at]
            .clone()
    });
    let status = if of == "LoadBalancer" {
        json!({"loadBalancer": {"ingress": ingress}})
    } else {
        Value::Null
    };
    object("Service", "v1", metadata(dice, name), spec, status)
}

/// `replicas` of a status may not be smaller than what is ready, and that than what is available.
fn replicas(dice: &mut Dice) -> [usize; 3] {
    let mut counts = [count(dice), count(dice), count(dice)];
    counts.sort_unstable();
    counts
}

pub(super) fn deployment(dice: &mut Dice, name: &str) -> Value {
    let part = |dice: &mut Dice| {
        [json!(0), json!(3), json!("1%"), json!("50%"), json!("100%")][dice.roll(5)].clone()
    };
    let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": part(dice), "maxUnavailable": part(dice)}});
    let strategies = [Value::Null, json!({"type": "Recreate"}), strategy];
    let spec = json!({
        "replicas": maybe(dice, 2, |dice| json!(count(dice))),
        "paused": maybe(dice, 2, |dice| json!(chance(dice, 2))),
        "strategy": strategies[dice.roll(3)],
        "selector": {"matchLabels": {"app": "x"}},
        "template": template(),
    });
    let [available, ready, replicas] = replicas(dice);
    let status = json!({
        "observedGeneration": count(dice), "replicas": replicas, "readyReplicas": ready, "availableReplicas": available,
        "unavailableReplicas": count(dice), "updatedReplicas": available, "terminatingReplicas": maybe(dice, 2, |dice| json!(count(dice))),
        "conditions": conditions(dice, &["Available", "Progressing", "ReplicaFailure", "Own"]),
    });
    object("Deployment", "apps/v1", metadata(dice, name), spec, status)
}

pub(super) fn replica_set(dice: &mut Dice, name: &str) -> Value {
    let spec = json!({
        "replicas": maybe(dice, 2, |dice| json!(count(dice))),
        "selector": {"matchLabels": {"app": "x"}},
        "template": template(),
    });
    let [available, ready, replicas] = replicas(dice);
    let status = json!({
        "observedGeneration": count(dice), "replicas": replicas, "fullyLabeledReplicas": available, "readyReplicas": ready,
        "availableReplicas": available, "terminatingReplicas": maybe(dice, 2, |dice| json!(count(dice))),
    });
    object("ReplicaSet", "apps/v1", metadata(dice, name), spec, status)
}

pub(super) fn stateful_set(dice: &mut Dice, name: &str) -> Value {
    let policy = |dice: &mut Dice| json!(dice.pick(&["Delete", "Retain"]));
    let spec = json!({
        "replicas": maybe(dice, 2, |dice| json!(count(dice))),
        "serviceName": "x",
        "ordinals": maybe(dice, 2, |dice| json!({"start": count(dice)})),
        "persistentVolumeClaimRetentionPolicy": maybe(dice, 2, |dice| json!({"whenDeleted": policy(dice), "whenScaled": policy(dice)})),
        "selector": {"matchLabels": {"app": "x"}},
        "template": template(),
    });
    let [available, ready, replicas] = replicas(dice);
    let status = json!({
        "observedGeneration": count(dice), "replicas": replicas, "readyReplicas": ready, "availableReplicas": available,
        "currentReplicas": available, "updatedReplicas": ready,
        "currentRevision": maybe(dice, 2, |dice| json!(text(dice))), "updateRevision": maybe(dice, 2, |dice| json!(text(dice))),
    });
    object("StatefulSet", "apps/v1", metadata(dice, name), spec, status)
}

pub(super) fn daemon_set(dice: &mut Dice, name: &str) -> Value {
    let spec = json!({"selector": {"matchLabels": {"app": "x"}}, "template": template()});
    let status = json!({
        "observedGeneration": count(dice), "currentNumberScheduled": count(dice), "desiredNumberScheduled": count(dice),
        "numberAvailable": maybe(dice, 2, |dice| json!(count(dice))), "numberMisscheduled": count(dice), "numberReady": count(dice),
        "numberUnavailable": count(dice), "updatedNumberScheduled": count(dice),
    });
    object("DaemonSet", "apps/v1", metadata(dice, name), spec, status)
}

pub(super) fn job(dice: &mut Dice, name: &str) -> Value {
    let spec = json!({
        "parallelism": maybe(dice, 2, |dice| json!(count(dice))),
        "completions": maybe(dice, 2, |dice| json!(count(dice))),
        "activeDeadlineSeconds": maybe(dice, 2, |dice| json!(count(dice))),
        "template": job_template(),
    });
    let condition = |of: &str, value: Value, reason: Value| json!({"type": of, "status": value, "reason": reason, "lastTransitionTime": "2026-11-01T10:00:00Z"});
    let started = json!("2026-11-01T09:00:00Z");
    // The API server holds the status of a job together.
    let job_status = match dice.roll(4) {
        0 => {
            json!({"startTime": started, "active": 20 + dice.roll(9), "ready": dice.roll(20), "failed": count(dice), "succeeded": count(dice)})
        }
        1 => {
            let why = [
                json!("BackoffLimitExceeded"),
                json!("DeadlineExceeded"),
                json!("Evicted"),
                reason(dice),
            ][dice.roll(4)]
            .clone();
            let conditions = [
                condition("FailureTarget", json!("True"), why.clone()),
                condition("Failed", json!("True"), why),
            ];
            json!({"startTime": started, "failed": count(dice), "conditions": conditions})
        }
        2 => {
            let conditions = [
                condition("SuccessCriteriaMet", json!("True"), Value::Null),
                condition("Complete", json!("True"), Value::Null),
            ];
            json!({"startTime": started, "completionTime": "2026-11-01T10:00:00Z", "succeeded": count(dice), "conditions": conditions})
        }
        _ => {
            let conditions = [
                condition("Suspended", status(dice), Value::Null),
                condition("Complete", json!("Unknown"), Value::Null),
                condition("Failed", json!("False"), reason(dice)),
            ];
            json!({"failed": count(dice), "conditions": conditions})
        }
    };
    object("Job", "batch/v1", metadata(dice, name), spec, job_status)
}

pub(super) fn cron_job(dice: &mut Dice, name: &str) -> Value {
    let spec = json!({
        "schedule": dice.pick(&SCHEDULES),
        "timeZone": maybe(dice, 2, |dice| json!(dice.pick(&ZONES))),
        "suspend": maybe(dice, 2, |dice| json!(chance(dice, 2))),
        "concurrencyPolicy": maybe(dice, 2, |dice| json!(dice.pick(&["Allow", "Forbid", "Replace"]))),
        "startingDeadlineSeconds": maybe(dice, 2, |dice| json!(count(dice))),
        "successfulJobsHistoryLimit": maybe(dice, 2, |dice| json!(count(dice))),
        "failedJobsHistoryLimit": maybe(dice, 2, |dice| json!(count(dice))),
        "jobTemplate": {"spec": {"template": job_template()}},
    });
    let status = json!({
        "lastScheduleTime": maybe(dice, 2, time),
        "lastSuccessfulTime": maybe(dice, 2, time),
        "active": list(dice, 2, |_, at| json!({"kind": "Job", "name": format!("j{at}"), "uid": format!("u{at}")})),
    });
    object("CronJob", "batch/v1", metadata(dice, name), spec, status)
}
