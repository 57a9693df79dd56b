//! Every value does something, only where it should, and stands in the chart's README.

use std::collections::{BTreeMap, BTreeSet};

use promontory_tests::helm::chart;
use serde_json::{Value, json};

use super::keys::{allowed, defaults, leaves};
use super::{PARTS, at, component, documents, identity, merged};

/// Another value for each key of `values.yaml`, by the end of its path; the first row that fits counts.
const OTHERS: &[(&str, &str)] = &[
    ("images.registry", "\"registry.example\""),
    ("images.pullPolicy", "\"Always\""),
    ("images.pullSecrets", "[\"secret\"]"),
    ("exposure", "\"nodePort\""),
    ("nodePorts.prometheus", "31000"),
    ("nodePorts.alertmanager", "31001"),
    ("nodePorts.grafana", "31002"),
    ("customResources", "false"),
    (".enabled", "false"),
    ("longTerm.image.tag", "\"1.11\""),
    ("mage.registry", "\"registry.example\""),
    ("mage.repository", "\"other\""),
    ("mage.tag", "\"v9\""),
    (".size", "\"7Gi\""),
    (".storageClass", "\"fast\""),
    (".existingClaim", "\"claim\""),
    (".existingSecret", "\"secret\""),
    (".extraArgs", "[\"--log.level=debug\"]"),
    (".cpu", "\"77m\""),
    (".memory", "\"77Mi\""),
    (".nodeSelector", "{\"disk\": \"fast\"}"),
    (
        ".tolerations",
        "[{\"key\": \"a\", \"operator\": \"Exists\"}]",
    ),
    ("pushgateway.ttl", "\"36h\""),
    ("nodeExporter.namespace", "\"other\""),
    ("nodeExporter.port", "9200"),
    ("nodeExporter.mountPointsExclude", "\"^/x\""),
    ("nodeExporter.fsTypesExclude", "\"^x$\""),
    ("kubeStateExporter.kubeResources", "[\"pods\", \"jobs\"]"),
    ("operator.secretsOfAllNamespaces", "true"),
    ("prometheus.scrapeInterval", "\"15s\""),
    ("retention", "\"240h\""),
    ("prometheus.retentionSize", "\"18GB\""),
    ("prometheus.externalLabels", "{\"cluster\": \"north\"}"),
    ("externalUrl", "\"https://a.example\""),
    ("rootUrl", "\"https://a.example\""),
    ("alertmanager.replicas", "3"),
    ("longTerm.database", "\"far\""),
];

/// What must be set for a key to matter.
const CONTEXT: &[(&str, &str)] = &[("nodePorts.", "{\"exposure\": \"nodePort\"}")];

/// Whose objects a part's keys may change beside its own, and why.
const BESIDE: &[(&str, &[&str])] = &[
    // Its `enabled`: their rules, their dashboards, their wiring.
    ("pushgateway", &["grafana"]),
    ("nodeExporter", &["grafana"]),
    ("kubeStateExporter", &["grafana"]),
    // The data source's smallest step.
    ("prometheus", &["grafana"]),
    ("alertmanager", &["prometheus"]),
    // Remote write and read; the second data source.
    ("longTerm", &["prometheus", "grafana"]),
];

#[test]
fn every_key_changes_something_and_only_what_is_its_own() {
    let plain = by_identity(json!({}));
    for (path, default) in leaves(&defaults()) {
        let context = CONTEXT.iter().find(|(prefix, _)| path.starts_with(prefix));
        let context = context.map_or_else(|| json!({}), |(_, text)| parsed(text));
        let other = other(&path);
        assert_ne!(other, default, "{path}");
        let before = if context == json!({}) {
            plain.clone()
        } else {
            by_identity(context.clone())
        };
        let after = by_identity(merged(context, at(&path, other)));
        let changed = changed(&before, &after);
        assert!(!changed.is_empty(), "{path} changes nothing");
        let section = path.split('.').next().unwrap();
        if let Some((_, own)) = PARTS.iter().find(|(part, _)| *part == section) {
            let beside = BESIDE.iter().find(|(part, _)| *part == section);
            let beside = beside.map_or(&[][..], |(_, beside)| *beside);
            let may = |component: &String| {
                own.contains(&component.as_str()) || beside.contains(&component.as_str())
            };
            assert!(changed.iter().all(may), "{path} changes {changed:?}");
        }
    }
}

/// `INSTA_UPDATE=always` writes the table.
#[test]
fn the_charts_readme_describes_every_key() {
    let (begin, end) = ("<!-- values -->\n", "<!-- end of values -->");
    let path = chart().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(begin).unwrap();
    let (shown, after) = rest.split_once(end).unwrap();
    let allowed = allowed();
    let mut table = "| key | default | what it is |\n| --- | --- | --- |\n".to_owned();
    for (path, default) in leaves(&defaults()) {
        // A bar would end the cell.
        let default = default.to_string().replace('|', "\\|");
        let about = allowed[&path].description.replace('|', "\\|");
        table += &format!("| `{path}` | `{default}` | {about} |\n");
    }
    let accept = std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
    if shown != table && accept {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(shown, table, "deploy/chart/README.md has another table");
}

fn other(path: &str) -> Value {
    let row = OTHERS.iter().find(|(end, _)| path.ends_with(end));
    parsed(row.unwrap_or_else(|| panic!("{path} has no other value")).1)
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn by_identity(values: Value) -> BTreeMap<String, Value> {
    let documents = documents(values);
    let mut documents: BTreeMap<_, _> = documents
        .into_iter()
        .map(|document| (identity(&document), document))
        .collect();
    // Random at each rendering.
    if let Some(secret) = documents.get_mut("Secret/monitoring/promontory-grafana") {
        secret["data"]["admin-password"] = Value::Null;
    }
    documents
}

/// The components of the objects that are not the same in both.
fn changed(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let all: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let different = all
        .into_iter()
        .filter(|identity| before.get(*identity) != after.get(*identity));
    different
        .filter_map(|identity| before.get(identity).or_else(|| after.get(identity)))
        .map(|document| component(document).to_owned())
        .collect()
}
