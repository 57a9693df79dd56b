//! Helm renders and lints the chart whatever is switched on and off, and what comes out is whole.

use std::collections::BTreeSet;

use promontory_tests::helm::{Render, find};
use serde_json::{Value, json};

use super::{PARTS, at, component, components, documents, identity, merged, only};

/// Rows of the matrix beside the switches of the parts: what is tried, as a file of values.
const ROWS: &[(&str, &str)] = &[
    ("defaults", "{}"),
    ("node ports", "{exposure: nodePort}"),
    (
        "other node ports",
        "{exposure: nodePort, nodePorts: {prometheus: 31000, alertmanager: 31001, grafana: 31002}}",
    ),
    ("no custom resources", "{customResources: false}"),
    ("custom resources wanted", "{customResources: true}"),
    ("no rules", "{rules: {enabled: false}}"),
    (
        "nothing persists",
        "{pushgateway: {persistence: {enabled: false}}, prometheus: {storage: {enabled: false}}, \
         alertmanager: {storage: {enabled: false}}, grafana: {storage: {enabled: false}}}",
    ),
    (
        "claims that exist",
        "{pushgateway: {persistence: {existingClaim: a}}, grafana: {storage: {existingClaim: b}}, \
         longTerm: {storage: {existingClaim: c}}}",
    ),
    (
        "storage classes and sizes",
        "{pushgateway: {persistence: {storageClass: fast, size: 1Gi}}, prometheus: {storage: {storageClass: fast}}, \
         alertmanager: {storage: {storageClass: fast}}, grafana: {storage: {storageClass: fast}}, \
         longTerm: {storage: {storageClass: fast, size: 1Ti}}}",
    ),
    (
        "images",
        "{images: {registry: registry.example/team, pullPolicy: Always, pullSecrets: [one, two]}, \
         pushgateway: {image: {repository: gate, tag: a}}, nodeExporter: {image: {tag: b}}, \
         grafana: {image: {registry: mirror.example, tag: c}}, longTerm: {image: {tag: 1.11-alpine}}}",
    ),
    (
        "more arguments",
        "{pushgateway: {extraArgs: [--log.level=debug]}, nodeExporter: {extraArgs: ['--collector.textfile.directory=/a: b']}, \
         kubeStateExporter: {extraArgs: ['--metric-labels-allowlist=pods=[*]']}}",
    ),
    (
        "another namespace for the nodes",
        "{nodeExporter: {namespace: node, port: 9200}}",
    ),
    ("few kinds", "{kubeStateExporter: {kubeResources: [jobs]}}"),
    (
        "secrets that exist",
        "{alertmanager: {existingSecret: receivers}, grafana: {admin: {existingSecret: admin}}}",
    ),
    (
        "addresses and labels",
        "{prometheus: {externalUrl: 'https://p.example', externalLabels: {cluster: 'yes', zone: '1'}, retentionSize: 18GB}, \
         alertmanager: {externalUrl: 'https://a.example', replicas: 3}, grafana: {rootUrl: 'https://g.example'}}",
    ),
    (
        "where pods run",
        "{pushgateway: {nodeSelector: {disk: 'true'}, tolerations: [{key: a, operator: Equal, value: '1', effect: NoExecute, tolerationSeconds: 5}]}, \
         nodeExporter: {tolerations: []}}",
    ),
    (
        "secrets of all namespaces",
        "{operator: {secretsOfAllNamespaces: true}}",
    ),
];

#[test]
fn every_row_renders_whole_and_lints() {
    for (name, values) in ROWS {
        let values: Value = serde_saphyr::from_str(values).unwrap();
        check(name, values);
    }
}

#[test]
fn each_part_stands_alone_and_the_others_without_it() {
    for (part, its) in PARTS {
        let alone = documents(only(&[part]));
        let found: BTreeSet<_> = components(&alone);
        assert!(found.iter().all(|it| its.contains(it)), "{part}: {found:?}");
        assert!(!found.is_empty(), "{part}");
        check(part, only(&[part]));

        let without = at(&format!("{part}.enabled"), json!(false));
        let others = documents(without.clone());
        let found = components(&others);
        assert!(
            !its.iter().any(|it| found.contains(it)),
            "{part}: {found:?}"
        );
        check(&format!("no {part}"), without);
    }
    assert_eq!(documents(only(&[])), Vec::<Value>::new());
}

#[test]
fn names_and_namespaces_are_the_users() {
    let long = "a-release-name-that-is-as-long-as-helm-allows-it-to";
    // YAML takes an unquoted 2026 for a number and true for a truth.
    let rows = [
        ("r", "other"),
        ("promontory", "2026"),
        ("team.north", "true"),
        ("2026", "1e3"),
        ("true", "n"),
        (long, "n"),
    ];
    for (release, namespace) in rows {
        let render = Render {
            release: release.to_owned(),
            namespace: namespace.to_owned(),
            ..Render::default()
        };
        let documents = render.documents().unwrap();
        whole(release, &documents);
        for document in &documents {
            let name = document["metadata"]["name"].as_str().unwrap();
            let kind = document["kind"].as_str().unwrap();
            // The controllers put a hash of eleven characters behind it, where it becomes a label's value.
            let most = if kind == "Job" { 63 } else { 52 };
            let wide = kind.starts_with("ClusterRole");
            assert!(wide || name.len() <= most, "{name}");
            // What the API server asks of the name of a service.
            let letter = name.starts_with(|first: char| first.is_ascii_lowercase());
            assert!(wide || letter && !name.contains('.'), "{name}");
            let place = &document["metadata"]["namespace"];
            assert!(place.is_null() || place == namespace, "{document}");
            let label = &document["metadata"]["labels"]["app.kubernetes.io/instance"];
            assert_eq!(label, release);
        }
    }
}

/// Two releases, also of one name in two namespaces, share no object of the whole cluster.
#[test]
fn releases_do_not_share_cluster_wide_objects() {
    let mut names = BTreeSet::new();
    for (release, namespace) in [("a", "b"), ("a", "c"), ("b", "b")] {
        let render = Render {
            release: release.to_owned(),
            namespace: namespace.to_owned(),
            ..Render::default()
        };
        let documents = render.documents().unwrap();
        let wide = documents
            .iter()
            .filter(|it| it["metadata"]["namespace"].is_null());
        for document in wide {
            assert!(names.insert(identity(document)), "{}", identity(document));
        }
    }
    assert_eq!(
        names.len(),
        18,
        "three roles and their bindings a release: {names:?}"
    );
}

#[test]
fn without_the_crds_it_leaves_out_what_needs_them_or_says_so() {
    let mut render = Render {
        custom_resources: false,
        ..Render::default()
    };
    let documents = render.documents().unwrap();
    let monitored = |document: &Value| {
        let version = document["apiVersion"].as_str().unwrap_or_default();
        version.starts_with("monitoring.coreos.com/")
    };
    assert!(!documents.iter().any(monitored));
    assert!(components(&documents).contains("pushgateway"));
    render.values = json!({"customResources": true});
    let said = render.refusal().unwrap();
    assert!(said.contains("Install the operator's CRDs first"), "{said}");
}

#[test]
fn one_switch_opens_three_ports_of_the_node_and_no_other() {
    let open = |values: Value| -> Vec<(String, Value)> {
        let documents = documents(values);
        let services = documents.iter().filter(|it| it["kind"] == "Service");
        let ports = services.filter(|service| service["spec"]["type"] == "NodePort");
        ports
            .map(|it| {
                (
                    component(it).to_owned(),
                    it["spec"]["ports"][0]["nodePort"].clone(),
                )
            })
            .collect()
    };
    assert_eq!(open(json!({})), []);
    let mut open = open(json!({"exposure": "nodePort"}));
    open.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("alertmanager", 30903),
        ("grafana", 30030),
        ("prometheus", 30090),
    ];
    assert_eq!(
        open,
        expected.map(|(name, port)| (name.to_owned(), json!(port)))
    );
}

#[test]
fn long_term_storage_is_wired_both_ways() {
    let documents = documents(json!({"longTerm": {"database": "far", "retention": "52w"}}));
    let spec = &find(&documents, "Prometheus", "prometheus").unwrap()["spec"];
    let url = "http://promontory-influxdb:8086/api/v1/prom";
    assert_eq!(spec["remoteWrite"][0]["url"], format!("{url}/write?db=far"));
    assert_eq!(spec["remoteRead"][0]["url"], format!("{url}/read?db=far"));
    let service = find(&documents, "Service", "influxdb").unwrap();
    assert_eq!(service["metadata"]["name"], "promontory-influxdb");
    assert_eq!(service["spec"]["ports"][0]["port"], 8086);
    let job = find(&documents, "Job", "influxdb-retention").unwrap();
    let args = &job["spec"]["template"]["spec"]["containers"][0]["args"];
    let said = "-execute=CREATE DATABASE \"far\"; ALTER RETENTION POLICY \"autogen\" ON \"far\" DURATION 52w DEFAULT";
    assert_eq!(args[1], said);
}

fn check(name: &str, values: Value) {
    let render = Render {
        values: merged(json!({}), values),
        ..Render::default()
    };
    render
        .lint()
        .unwrap_or_else(|error| panic!("{name}: {error:#}"));
    let documents = render.documents();
    whole(
        name,
        &documents.unwrap_or_else(|error| panic!("{name}: {error:#}")),
    );
}

/// Every document is an object of its own, and no template left a hole in it.
fn whole(name: &str, documents: &[Value]) {
    let mut seen = BTreeSet::new();
    for document in documents {
        let identity = identity(document);
        for field in ["apiVersion", "kind"] {
            assert!(document[field].is_string(), "{name}: {identity}");
        }
        assert!(
            document["metadata"]["name"].is_string(),
            "{name}: {identity}"
        );
        assert!(seen.insert(identity.clone()), "{name}: twice {identity}");
        holes(&format!("{name}: {identity}"), document);
    }
}

/// A key without a value is one that a template forgot; the API server drops it in silence.
fn holes(place: &str, value: &Value) {
    match value {
        Value::Null => panic!("{place} is empty"),
        Value::String(text) => assert!(!text.contains("<no value>"), "{place}: {text}"),
        Value::Array(items) => items.iter().for_each(|item| holes(place, item)),
        Value::Object(map) => {
            for (key, value) in map {
                holes(&format!("{place}.{key}"), value);
            }
        }
        Value::Bool(_) | Value::Number(_) => {}
    }
}
