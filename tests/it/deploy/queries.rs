//! Every query of a dashboard or an alert is read by the real Prometheus, names only metrics that exist, and, in the
//! dashboards, shows something.

use std::collections::BTreeSet;

use promontory_tests::helm::chart;
use promontory_tests::http::Request;
use serde_json::Value;

use super::live::Live;
use super::rules;

/// What Grafana puts in place of its variables.
const VARIABLES: &[(&str, &str)] = &[
    ("$__rate_interval", "5m"),
    ("$job", ".*"),
    ("$instance", ".*"),
    ("$namespace", ".*"),
];

/// Metrics that none of the three programs shows, and whose they are.
const ELSEWHERE: &[(&str, &str)] = &[
    ("up", "Prometheus, of each target"),
    ("scrape_duration_seconds", "Prometheus, of each target"),
    (
        "job_interval_seconds",
        "pushed by jobs that want to be missed (deploy/README.md)",
    ),
    ("prometheus_config_last_reload_successful", "Prometheus"),
    ("prometheus_rule_evaluation_failures_total", "Prometheus"),
    (
        "prometheus_notifications_errors_total",
        "Prometheus with an Alertmanager",
    ),
    (
        "prometheus_remote_storage_samples_failed_total",
        "Prometheus with remote write",
    ),
    (
        "prometheus_remote_storage_samples_dropped_total",
        "Prometheus with remote write",
    ),
    (
        "alertmanager_config_last_reload_successful",
        "Alertmanager 0.33, config/coordinator.go",
    ),
    (
        "alertmanager_notifications_failed_total",
        "Alertmanager 0.33, notify/metrics.go",
    ),
    (
        "prometheus_operator_reconcile_errors_total",
        "the operator, checked in operator.rs",
    ),
    (
        "prometheus_operator_managed_resources",
        "the operator, checked in operator.rs",
    ),
];

/// Panels that may be empty here, and why.
const EMPTY: &[(&str, &str)] = &[
    ("File systems that fail", "none does, mostly"),
    (
        "Restarts of containers",
        "nothing restarts while the test runs",
    ),
    ("Disks busy", "a machine may have none"),
    ("Disk throughput", "a machine may have none"),
    ("Time lost waiting", "a kernel may count none"),
    ("TCP segments sent again", "nothing but loopback"),
    (
        "Next runs of cron jobs",
        "without controllers none is planned",
    ),
];

/// A query, and where it stands.
struct Query {
    place: String,
    title: String,
    text: String,
}

fn dashboards() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(chart().join("dashboards")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        found.push((name, serde_json::from_str(&text).unwrap()));
    }
    found
}

fn of_dashboards() -> Vec<Query> {
    let mut queries = Vec::new();
    for (name, dashboard) in dashboards() {
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap().to_owned();
            for target in panel["targets"].as_array().unwrap() {
                let text = target["expr"].as_str().unwrap();
                queries.push(Query {
                    place: format!("{name}: {title}"),
                    title: title.clone(),
                    text: filled(text),
                });
            }
        }
        for variable in dashboard["templating"]["list"].as_array().unwrap() {
            let Some(text) = variable["query"]["query"].as_str() else {
                continue;
            };
            // label_values(SELECTOR, LABEL)
            let inside = text.strip_prefix("label_values(").unwrap();
            let (selector, _) = inside.rsplit_once(", ").unwrap();
            queries.push(Query {
                place: format!("{name}: variable {}", variable["name"]),
                title: String::new(),
                text: filled(selector),
            });
        }
    }
    queries
}

fn of_rules() -> Vec<Query> {
    let mut queries = Vec::new();
    for (name, path) in rules::files() {
        for rule in rules::rules(&path) {
            queries.push(Query {
                place: format!("{name}: {}", rule["alert"]),
                title: String::new(),
                text: rule["expr"].as_str().unwrap().to_owned(),
            });
        }
    }
    queries
}

fn filled(text: &str) -> String {
    let fill = |text: String, (variable, value): &(&str, &str)| text.replace(variable, value);
    let text = VARIABLES.iter().fold(text.to_owned(), fill);
    assert!(!text.contains('$'), "{text}");
    text
}

#[test]
fn queries_name_metrics_that_exist_and_dashboards_show_them() {
    let live = Live::start();
    let known = known(&live);
    let mut used = BTreeSet::new();
    for query in of_dashboards().into_iter().chain(of_rules()) {
        let tree = live.prometheus.tree(&query.text);
        let tree = tree.unwrap_or_else(|error| panic!("{}: {error:#}", query.place));
        let mut names = BTreeSet::new();
        selected(&tree, &mut names);
        for name in &names {
            let elsewhere = ELSEWHERE.iter().any(|(other, _)| other == name);
            assert!(
                known.contains(name) || elsewhere,
                "{}: nothing shows {name}",
                query.place
            );
        }
        used.extend(names);
    }
    for (name, _) in ELSEWHERE {
        assert!(used.contains(*name), "no query asks for {name} any more");
    }
    for query in of_dashboards() {
        if EMPTY.iter().any(|(title, _)| *title == query.title) {
            continue;
        }
        let shown = live.prometheus.query(&query.text).unwrap();
        assert!(
            !shown.is_empty(),
            "{}: nothing for {}",
            query.place,
            query.text
        );
    }
}

/// A table that excuses panels must not outlive them.
#[test]
fn excused_panels_exist() {
    let titles: BTreeSet<_> = of_dashboards().into_iter().map(|it| it.title).collect();
    for (title, _) in EMPTY {
        assert!(titles.contains(*title), "{title}");
    }
}

/// What Grafana asks of a dashboard that is provisioned from a file.
#[test]
fn dashboards_can_be_told_apart_and_laid_out() {
    let mut identities = BTreeSet::new();
    for (name, dashboard) in dashboards() {
        let identity = dashboard["uid"].as_str().unwrap().to_owned();
        assert!(identities.insert(identity), "{name}: uid used twice");
        assert!(
            dashboard["id"].is_null(),
            "{name}: the database gives the id"
        );
        let mut panels = BTreeSet::new();
        let mut taken = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = &panel["title"];
            assert!(
                panels.insert(panel["id"].as_u64().unwrap()),
                "{name}: {title}"
            );
            let place = |field: &str| panel["gridPos"][field].as_u64().unwrap();
            assert!(place("x") + place("w") <= 24, "{name}: {title} is too wide");
            for x in place("x")..place("x") + place("w") {
                for y in place("y")..place("y") + place("h") {
                    assert!(taken.insert((x, y)), "{name}: {title} covers another");
                }
            }
            for target in panel["targets"].as_array().unwrap() {
                let source = &target["datasource"]["uid"];
                let source = if source.is_null() {
                    &panel["datasource"]["uid"]
                } else {
                    source
                };
                assert_eq!(source, "${datasource}", "{name}: {title}");
            }
        }
    }
    assert_eq!(identities.len(), 3);
}

/// The names of all series that the programs show, and of all families that they announce.
fn known(live: &Live) -> BTreeSet<String> {
    let gateway = Request::new("GET", "/metrics");
    let gateway = gateway.send(live.gateway.address).unwrap().text();
    let mut known = BTreeSet::new();
    for page in [gateway, live.node.page(), live.state.page()] {
        for line in page.lines() {
            let name = match line.strip_prefix("# TYPE ") {
                Some(family) => family.split(' ').next(),
                None if line.starts_with('#') => None,
                None => line.split(['{', ' ']).next(),
            };
            known.extend(name.map(str::to_owned));
        }
    }
    known
}

/// The names of the metrics that a query's tree selects.
fn selected(tree: &Value, names: &mut BTreeSet<String>) {
    match tree {
        Value::Object(node) => {
            let kind = node.get("type").and_then(Value::as_str).unwrap_or_default();
            if ["vectorSelector", "matrixSelector"].contains(&kind) {
                names.insert(node["name"].as_str().unwrap().to_owned());
            }
            node.values().for_each(|below| selected(below, names));
        }
        Value::Array(nodes) => nodes.iter().for_each(|node| selected(node, names)),
        _ => {}
    }
}
