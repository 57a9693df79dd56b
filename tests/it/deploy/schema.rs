//! The schema knows every key, says something of each, and refuses all others by name.

use promontory_tests::helm::{Render, chart};
use serde_json::{Value, json};

use super::keys::{allowed, defaults, leaves};
use super::{at, merged};

/// Objects whose keys are the user's own.
const FREE: &[&str] = &["global", "prometheus.externalLabels"];

#[test]
fn every_key_is_allowed_and_described_and_nothing_else_is() {
    let (values, allowed) = (leaves(&defaults()), allowed());
    for path in values.keys() {
        assert!(allowed.contains_key(path), "{path} is not in the schema");
    }
    for (path, key) in &allowed {
        let sentence = key.description.len() > 8 && key.description.ends_with('.');
        assert!(sentence, "{path}: {:?}", key.description);
        let is_shown = values.keys().any(|shown| {
            shown == path || path.is_empty() || shown.starts_with(&format!("{path}."))
        });
        // What a list or a map of the user's may hold has no default; everything else stands in values.yaml.
        let beneath = path.contains("[]") || path.contains(".requests") || path.contains(".limits");
        assert!(
            is_shown || beneath || path == "global",
            "{path} is not in values.yaml"
        );
    }
}

#[test]
fn no_object_takes_a_key_that_nobody_knows() {
    for (path, key) in allowed() {
        let closed = key.node["additionalProperties"] == false;
        let free = FREE.contains(&path.as_str()) || path.ends_with(".nodeSelector");
        if key.node["type"] == "object" {
            assert_eq!(closed, !free, "{path}");
        }
    }
}

/// A key too many in every object at once: Helm names each with its place.
#[test]
fn a_wrong_key_is_refused_by_name_wherever_it_stands() {
    let mut values = json!({});
    let mut expected = Vec::new();
    for (path, key) in allowed() {
        if key.node["additionalProperties"] != false {
            continue;
        }
        let wrong = format!("wrong{}", expected.len());
        // A list has one item here; its path says so to Helm.
        let place = path.replace("[]", ".0").replace('.', "/");
        let place = if path.is_empty() {
            place
        } else {
            format!("/{place}")
        };
        expected.push(format!(
            "'{place}': additional properties '{wrong}' not allowed"
        ));
        let object = json!({ wrong: 1 });
        let value = match path.strip_suffix("[]") {
            Some(list) => at(list, json!([object])),
            None if path.is_empty() => object,
            None => at(&path, object),
        };
        values = merged(values, value);
    }
    assert!(expected.len() > 50, "{}", expected.len());
    let said = refusal(values);
    for line in expected {
        assert!(said.contains(&line), "{line} is missing in:\n{said}");
    }
}

/// What people mistype or carry over from other charts, and the place that the message must name.
const MISTAKES: &[(&str, &str, &str)] = &[
    // Keys.
    ("persistantVolume.enabled", "true", "'persistantVolume'"),
    ("pushgateway.persistence.enable", "true", "'enable'"),
    ("pushgateway.replicas", "2", "'replicas'"),
    ("prometheus.storageSpecc", "{}", "'storageSpecc'"),
    (
        "prometheus.prometheusSpec.retention",
        "\"1d\"",
        "'prometheusSpec'",
    ),
    ("grafana.adminPassword", "\"secret\"", "'adminPassword'"),
    ("alertmanager.config.receivers", "[]", "'config'"),
    ("nodeExporter.resources.limits.gpu", "1", "'gpu'"),
    (
        "kubeStateExporter.tolerations",
        "[{\"efect\": \"NoSchedule\"}]",
        "'efect'",
    ),
    // Values.
    ("exposure", "\"NodePort\"", "/exposure"),
    ("nodePorts.grafana", "3000", "/nodePorts/grafana"),
    ("nodePorts.grafana", "\"30030\"", "/nodePorts/grafana"),
    ("customResources", "\"yes\"", "/customResources"),
    (
        "images.registry",
        "\"registry.example/\"",
        "/images/registry",
    ),
    ("images.pullPolicy", "\"Sometimes\"", "/images/pullPolicy"),
    (
        "images.pullSecrets",
        "[\"No_Name\"]",
        "/images/pullSecrets/0",
    ),
    ("pushgateway.enabled", "\"false\"", "/pushgateway/enabled"),
    (
        "pushgateway.image.tag",
        "\"latest\"",
        "/pushgateway/image/tag",
    ),
    (
        "pushgateway.persistence.size",
        "\"2 GB\"",
        "/pushgateway/persistence/size",
    ),
    (
        "pushgateway.extraArgs",
        "\"--log.level=debug\"",
        "/pushgateway/extraArgs",
    ),
    (
        "pushgateway.extraArgs",
        "[\"log.level=debug\"]",
        "/pushgateway/extraArgs/0",
    ),
    ("nodeExporter.port", "0", "/nodeExporter/port"),
    (
        "nodeExporter.namespace",
        "\"Node\"",
        "/nodeExporter/namespace",
    ),
    (
        "kubeStateExporter.kubeResources",
        "[\"secrets\"]",
        "/kubeStateExporter/kubeResources/0",
    ),
    (
        "kubeStateExporter.kubeResources",
        "[]",
        "/kubeStateExporter/kubeResources",
    ),
    (
        "prometheus.retention",
        "\"15 days\"",
        "/prometheus/retention",
    ),
    (
        "prometheus.retentionSize",
        "\"18\"",
        "/prometheus/retentionSize",
    ),
    ("prometheus.externalLabels", "{\"a-b\": \"x\"}", "'a-b'"),
    (
        "prometheus.externalUrl",
        "\"prometheus.example\"",
        "/prometheus/externalUrl",
    ),
    ("alertmanager.replicas", "0", "/alertmanager/replicas"),
    ("longTerm.image.tag", "\"2.7\"", "/longTerm/image/tag"),
    ("longTerm.image.tag", "\"1.7.11\"", "/longTerm/image/tag"),
    ("longTerm.image.tag", "\"1.8.9\"", "/longTerm/image/tag"),
    ("longTerm.retention", "\"30m\"", "/longTerm/retention"),
    ("longTerm.database", "\"my db\"", "/longTerm/database"),
];

#[test]
fn mistakes_are_refused_with_their_place() {
    for (path, value, named) in MISTAKES {
        let value: Value = serde_json::from_str(value).unwrap();
        let said = refusal(at(path, value));
        assert!(said.contains(named), "{path}: {said}");
    }
}

#[test]
fn lists_of_kinds_are_the_same_in_schema_and_values() {
    let kinds = &allowed()["kubeStateExporter.kubeResources[]"].node["enum"];
    assert_eq!(*kinds, defaults()["kubeStateExporter"]["kubeResources"]);
}

#[test]
fn the_values_are_few_enough_to_be_read() {
    let text = std::fs::read_to_string(chart().join("values.yaml")).unwrap();
    let lines = text.lines().count();
    assert!(lines <= 300, "{lines} lines");
}

fn refusal(values: Value) -> String {
    let render = Render {
        values,
        ..Render::default()
    };
    render.refusal().unwrap()
}
