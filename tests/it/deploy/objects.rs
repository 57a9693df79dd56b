//! A real API server takes every object of the chart, with strict validation, and drops nothing of it.

use promontory_tests::helm::Render;
use serde_json::{Value, json};

use super::{cluster, component, identity, yaml};

/// Values under which all templates write all they can.
const ROWS: &[(&str, &str)] = &[
    ("defaults", "{}"),
    (
        "everything",
        r#"{
            "exposure": "nodePort", "nodePorts": {"prometheus": 31090, "alertmanager": 31903, "grafana": 31030},
            "images": {"registry": "registry.example/team", "pullSecrets": ["a"]},
            "operator": {"secretsOfAllNamespaces": true},
            "pushgateway": {"persistence": {"existingClaim": "mine"}, "nodeSelector": {"disk": "true"},
                "tolerations": [{"key": "a", "operator": "Equal", "value": "1", "effect": "NoExecute", "tolerationSeconds": 5}]},
            "prometheus": {"externalUrl": "https://p.example", "externalLabels": {"cluster": "north"},
                "retentionSize": "18GB", "storage": {"storageClass": "fast"}, "tolerations": [{"operator": "Exists"}]},
            "alertmanager": {"externalUrl": "https://a.example", "replicas": 3, "existingSecret": "receivers"},
            "grafana": {"rootUrl": "https://g.example", "storage": {"enabled": false}},
            "longTerm": {"storage": {"storageClass": "fast", "existingClaim": "far"}}
        }"#,
    ),
    (
        "nothing kept",
        r#"{
            "pushgateway": {"persistence": {"enabled": false}}, "prometheus": {"storage": {"enabled": false}},
            "alertmanager": {"storage": {"enabled": false}}, "longTerm": {"enabled": false}, "rules": {"enabled": false}
        }"#,
    ),
];

/// Fields that the API server keeps under another name: kind, what is sent, what is read.
const RENAMED: &[(&str, &str, &str)] = &[("Secret", "stringData", "data")];

#[test]
fn the_api_server_keeps_every_field() {
    let cluster = cluster();
    for (place, (name, values)) in ROWS.iter().enumerate() {
        let namespace = format!("objects-{place}");
        namespaced(&namespace, "privileged");
        let render = Render {
            namespace,
            values: serde_json::from_str(values).unwrap(),
            ..Render::default()
        };
        let sent = render.documents().unwrap();
        // A field that the API server does not know is an error here, not a warning.
        let apply = [
            "apply",
            "--server-side",
            "--validate=strict",
            "--filename=-",
        ];
        cluster.kubectl(&apply, &yaml(&sent)).unwrap();
        for sent in &sent {
            let get = ["get", "--output=json", "--filename=-"];
            let kept = cluster.kubectl(&get, &sent.to_string()).unwrap();
            let kept: Value = serde_json::from_str(&kept).unwrap();
            let kept = &kept["items"][0];
            let mut sent = sent.clone();
            for (kind, field, instead) in RENAMED {
                if sent["kind"] == *kind && sent[field].is_object() {
                    let keys = sent[field].as_object().unwrap().keys();
                    assert!(keys.into_iter().all(|key| kept[instead][key].is_string()));
                    sent.as_object_mut().unwrap().remove(*field);
                }
            }
            holds(&format!("{name}: {}", identity(&sent)), &sent, kept);
        }
    }
}

#[test]
fn every_pod_but_the_node_exporters_is_restricted() {
    namespaced("level-restricted", "restricted");
    namespaced("level-privileged", "privileged");
    let documents = Render::default().documents().unwrap();
    let mut privileged = Vec::new();
    for document in &documents {
        let template = &document["spec"]["template"];
        if !template["spec"]["containers"].is_array() {
            continue;
        }
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": template["spec"]});
        // A claim template becomes a volume of the pod.
        for claim in document["spec"]["volumeClaimTemplates"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let volume = json!({"name": claim["metadata"]["name"], "emptyDir": {}});
            let volumes = pod["spec"]["volumes"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            pod["spec"]["volumes"] = [volumes, vec![volume]].concat().into();
        }
        let create = |namespace: &str| {
            let namespace = format!("--namespace={namespace}");
            let create = ["create", "--dry-run=server", &namespace, "--filename=-"];
            cluster().kubectl(&create, &pod.to_string())
        };
        create("level-privileged").unwrap();
        if let Err(error) = create("level-restricted") {
            assert!(format!("{error:#}").contains("PodSecurity"), "{error:#}");
            privileged.push(component(document));
        }
    }
    assert_eq!(privileged, ["node-exporter"]);
}

/// What Helm itself does on a cluster: it asks for the CRDs, and keeps Grafana's password.
#[test]
fn an_upgrade_keeps_the_password_and_the_release_is_small() {
    let cluster = cluster();
    namespaced("installed", "privileged");
    let mut render = Render {
        release: "north".to_owned(),
        namespace: "installed".to_owned(),
        custom_resources: false,
        ..Render::default()
    };
    let notes = render.install(&cluster.kubeconfig()).unwrap();
    assert!(
        notes.contains("the operator starts what they ask for"),
        "{notes}"
    );
    let password = || {
        let get = "--output=jsonpath={.data.admin-password}";
        let get = [
            "get",
            "secret",
            "north-grafana",
            "--namespace=installed",
            get,
        ];
        cluster.kubectl(&get, "").unwrap()
    };
    let first = password();
    assert!(first.len() >= 40, "{first}");
    render.values = json!({"prometheus": {"retention": "9d"}});
    render.install(&cluster.kubeconfig()).unwrap();
    assert_eq!(password(), first);
    let get = "--output=jsonpath={.spec.retention}";
    let get = ["get", "prometheus", "north", "--namespace=installed", get];
    assert_eq!(cluster.kubectl(&get, "").unwrap(), "9d");

    // Helm keeps a release in one Secret, which may have a MiB: charts with CRDs in them reach that.
    let get = [
        "get",
        "secret",
        "sh.helm.release.v1.north.v2",
        "--namespace=installed",
        "--output=json",
    ];
    let bytes = cluster.kubectl(&get, "").unwrap().len();
    assert!(bytes < 128 << 10, "{bytes}");
}

/// A namespace with a Pod Security level.
pub(super) fn namespaced(name: &str, level: &str) {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": name, "labels": {"pod-security.kubernetes.io/enforce": level},
    }});
    cluster().apply(&namespace.to_string()).unwrap();
}

/// Everything of `sent` is in `kept`, at its place.
fn holds(place: &str, sent: &Value, kept: &Value) {
    match (sent, kept) {
        (Value::Object(sent), Value::Object(kept)) => {
            for (key, value) in sent {
                let there = kept.get(key);
                let there = there.unwrap_or_else(|| panic!("{place}: {key} was dropped"));
                holds(&format!("{place}.{key}"), value, there);
            }
        }
        (Value::Array(sent), Value::Array(kept)) => {
            assert_eq!(sent.len(), kept.len(), "{place}");
            for (at, (sent, kept)) in sent.iter().zip(kept).enumerate() {
                holds(&format!("{place}[{at}]"), sent, kept);
            }
        }
        _ => assert_eq!(sent, kept, "{place}"),
    }
}
