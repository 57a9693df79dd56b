//! The keys of the chart's values, as `values.yaml` gives them and as `values.schema.json` allows them.

use std::collections::BTreeMap;

use promontory_tests::helm::chart;
use serde_json::Value;

/// `values.yaml`.
pub(super) fn defaults() -> Value {
    let text = std::fs::read_to_string(chart().join("values.yaml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// The last keys of a tree of values, by path, with their defaults. An empty map is a last key.
pub(super) fn leaves(values: &Value) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    descend(values, "", &mut leaves);
    leaves
}

fn descend(value: &Value, path: &str, leaves: &mut BTreeMap<String, Value>) {
    match value.as_object().filter(|map| !map.is_empty()) {
        Some(map) => {
            for (key, value) in map {
                descend(value, &join(path, key), leaves);
            }
        }
        None => drop(leaves.insert(path.to_owned(), value.clone())),
    }
}

/// One key that the schema allows.
#[derive(Debug)]
pub(super) struct Allowed {
    /// What it is, with a `$ref` followed.
    pub node: Value,
    /// What the schema says of it.
    pub description: String,
}

/// The schema as a whole.
pub(super) fn schema() -> Value {
    let text = std::fs::read_to_string(chart().join("values.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Every key that the schema allows, by path; items of lists are `[]`. The root has the empty path.
pub(super) fn allowed() -> BTreeMap<String, Allowed> {
    let schema = schema();
    let mut allowed = BTreeMap::new();
    collect(&schema, &schema, "", &mut allowed);
    allowed
}

fn collect(schema: &Value, node: &Value, path: &str, allowed: &mut BTreeMap<String, Allowed>) {
    let target = match node["$ref"].as_str() {
        Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap(),
        None => node,
    };
    let described = node["description"]
        .as_str()
        .or(target["description"].as_str());
    let entry = Allowed {
        node: target.clone(),
        description: described.unwrap_or_default().to_owned(),
    };
    allowed.insert(path.to_owned(), entry);
    for (key, child) in target["properties"].as_object().into_iter().flatten() {
        collect(schema, child, &join(path, key), allowed);
    }
    if target["items"].is_object() {
        collect(schema, &target["items"], &format!("{path}[]"), allowed);
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
