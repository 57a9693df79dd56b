//! The rights that are printed, and those the chart gives.

use std::collections::{BTreeMap, BTreeSet};

use kube_state_exporter::flags;
use kube_state_exporter::resource::TABLE;
use promontory_exporter::flag::Parsed;

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/chart");

/// Resources by API group.
type Rules = BTreeMap<String, BTreeSet<String>>;

fn printed(resources: &str) -> String {
    let args = ["rbac".to_owned(), format!("--resources={resources}")];
    match flags::program().table().parse(args) {
        Ok(Parsed::Print(text)) => text,
        other => panic!("nothing printed: {other:?}"),
    }
}

#[test]
fn a_rule_is_to_list_and_to_watch() {
    insta::assert_snapshot!("rbac", printed("namespaces"));
}

/// Reads what is printed; anything else than what a rule may say is a failure.
fn rules(text: &str) -> Rules {
    let (_, text) = text.split_once("rules:\n").unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let list = |line: &str, key: &str| -> Vec<String> {
        let inside = line.strip_prefix(key).unwrap().strip_suffix(']').unwrap();
        inside
            .split(", ")
            .map(|item| item.trim_matches('"').to_owned())
            .collect()
    };
    lines
        .chunks(3)
        .map(|rule| {
            assert_eq!(rule[2], "verbs: [list, watch]");
            let [group] = &list(rule[0], "- apiGroups: [")[..] else {
                panic!("one group a rule: {rule:?}")
            };
            let names = list(rule[1], "resources: [").into_iter().collect();
            (group.clone(), names)
        })
        .collect()
}

/// What the chart's template makes of the chart's values, for the resources that are in the table.
fn chart() -> Rules {
    let read = |name: &str| std::fs::read_to_string(format!("{CHART}/{name}")).unwrap();
    let template = read("templates/kube-state-exporter.yaml");
    assert!(template.contains("verbs: [list, watch]"));
    let helpers = read("templates/_helpers.tpl");
    let (_, groups) = helpers
        .split_once(r#"define "promontory.apiGroups" -}}"#)
        .unwrap();
    let (groups, _) = groups.split_once("{{").unwrap();
    let groups: BTreeMap<&str, &str> = groups
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, group)| (name, group.trim_matches('"')))
        .collect();
    let values = read("values.yaml");
    let (_, names) = values.split_once("kubeResources:\n").unwrap();
    let names = names
        .lines()
        .map_while(|line| line.trim().strip_prefix("- "));
    let mut rules = Rules::new();
    for name in names.filter(|name| TABLE.iter().any(|row| row.name == *name)) {
        let group = groups
            .get(name)
            .unwrap_or_else(|| panic!("{name} has no group in the chart"));
        rules
            .entry((*group).to_owned())
            .or_default()
            .insert(name.to_owned());
    }
    rules
}

#[test]
fn the_chart_gives_the_rights_that_are_printed() {
    assert_eq!(chart(), rules(&printed("")));
}
