//! What each service account may do on a real API server: exactly what stands in the tables here, and nothing more.

use std::collections::BTreeSet;
use std::process::Command;

use promontory_tests::chart::KUBE_STATE_EXPORTER;
use promontory_tests::gateway::ours;
use promontory_tests::helm::{Render, find};
use promontory_tests::http::Request;
use promontory_tests::peers;
use promontory_tests::process::{Process, free_port};
use serde_json::{Value, json};

use super::keys::defaults;
use super::objects::namespaced;
use super::{cluster, merged, yaml};

const HOME: &str = "rights-home";
const ELSEWHERE: &str = "rights-elsewhere";

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &[
    "get", "list", "watch", "create", "update", "patch", "delete",
];

/// A row of rights: the account, its verbs, the API group, the resources.
type Right = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
);

/// In the whole cluster.
const EVERYWHERE: &[Right] = &[
    (
        "kube-state-exporter",
        &["list", "watch"],
        "",
        &["pods", "nodes", "namespaces", "services"],
    ),
    (
        "kube-state-exporter",
        &["list", "watch"],
        "apps",
        &["deployments", "replicasets", "statefulsets", "daemonsets"],
    ),
    (
        "kube-state-exporter",
        &["list", "watch"],
        "batch",
        &["jobs", "cronjobs"],
    ),
    ("prometheus", READ, "", &["services", "pods"]),
    ("prometheus", READ, "discovery.k8s.io", &["endpointslices"]),
    (
        "operator",
        READ,
        "monitoring.coreos.com",
        &[
            "servicemonitors",
            "podmonitors",
            "probes",
            "prometheusrules",
            "scrapeconfigs",
        ],
    ),
    ("operator", READ, "", &["namespaces"]),
    ("operator", &["get"], "storage.k8s.io", &["storageclasses"]),
    (
        "operator",
        &["create", "patch"],
        "events.k8s.io",
        &["events"],
    ),
];

/// In the namespace of the release only.
const AT_HOME: &[Right] = &[
    (
        "operator",
        READ,
        "monitoring.coreos.com",
        &["prometheuses", "alertmanagers", "alertmanagerconfigs"],
    ),
    (
        "operator",
        &["get", "update", "patch"],
        "monitoring.coreos.com",
        &["prometheuses/status", "alertmanagers/status"],
    ),
    (
        "operator",
        &["update"],
        "monitoring.coreos.com",
        &["prometheuses/finalizers", "alertmanagers/finalizers"],
    ),
    ("operator", WRITE, "apps", &["statefulsets"]),
    ("operator", WRITE, "", &["secrets", "configmaps"]),
    (
        "operator",
        &["get", "create", "update", "patch", "delete"],
        "",
        &["services"],
    ),
    ("operator", &["list"], "", &["pods"]),
];

/// What `operator.secretsOfAllNamespaces` adds, in the whole cluster.
const WITH_SECRETS: &[Right] = &[("operator", &["get"], "", &["secrets", "configmaps"])];

/// The accounts of the chart.
const ACCOUNTS: &[&str] = &["kube-state-exporter", "prometheus", "operator"];

/// What nobody may, in words of `kubectl auth can-i`: the exact lists above say so too, this is for people to read.
const REFUSED: &[&[&str]] = &[
    &["get", "secrets"],
    &["list", "secrets"],
    &["create", "pods"],
    &["create", "pods/exec"],
    &["get", "nodes/proxy"],
    &["create", "serviceaccounts/token"],
    &["impersonate", "users"],
    &["escalate", "clusterroles"],
    &["delete", "namespaces"],
    &["get", "/metrics"],
];

#[test]
fn accounts_have_the_rights_of_the_tables_and_no_other() {
    applied(HOME, json!({}));
    namespaced(ELSEWHERE, "privileged");
    for account in ACCOUNTS {
        assert_eq!(
            rights(HOME, account, ELSEWHERE),
            expected(account, &[EVERYWHERE]),
            "{account}"
        );
        assert_eq!(
            rights(HOME, account, HOME),
            expected(account, &[EVERYWHERE, AT_HOME]),
            "{account}"
        );
        for refused in REFUSED {
            let namespace = format!("--namespace={ELSEWHERE}");
            let words = [&["auth", "can-i"], *refused, &[&namespace]].concat();
            let said = said(HOME, account, &words, "");
            assert_eq!(said.trim(), "no", "{account} {refused:?}");
        }
    }
}

#[test]
fn secrets_of_other_namespaces_need_the_switch() {
    let namespace = "rights-secrets";
    applied(
        namespace,
        json!({"operator": {"secretsOfAllNamespaces": true}}),
    );
    namespaced(ELSEWHERE, "privileged");
    let may = rights(namespace, "operator", ELSEWHERE);
    assert_eq!(may, expected("operator", &[EVERYWHERE, WITH_SECRETS]));
}

/// The program prints the rights that its own table asks for; the chart gives the same.
#[test]
fn the_exporter_asks_for_what_the_chart_gives() {
    for kinds in [
        defaults()["kubeStateExporter"]["kubeResources"].clone(),
        json!(["jobs"]),
    ] {
        let names: Vec<String> = serde_json::from_value(kinds.clone()).unwrap();
        let render = Render {
            values: json!({"kubeStateExporter": {"kubeResources": kinds}}),
            ..Render::default()
        };
        let documents = render.documents().unwrap();
        let given = find(&documents, "ClusterRole", "kube-state-exporter").unwrap();
        let output = Command::new(ours("kube-state-exporter").unwrap())
            .args(["rbac", &format!("--resources={}", names.join(","))])
            .output()
            .unwrap();
        let asked: Value =
            serde_saphyr::from_str(&String::from_utf8(output.stdout).unwrap()).unwrap();
        assert_eq!(words(&given["rules"]), words(&asked["rules"]));
        assert_eq!(words(&given["rules"]).len(), 2 * names.len());
    }
}

/// A kind that the program learns is one that the chart offers.
#[test]
fn the_chart_names_every_kind_that_the_exporter_knows() {
    let output = Command::new(ours("kube-state-exporter").unwrap())
        .arg("rbac")
        .output()
        .unwrap();
    let known: Value = serde_saphyr::from_str(&String::from_utf8(output.stdout).unwrap()).unwrap();
    let documents = Render::default().documents().unwrap();
    let given = find(&documents, "ClusterRole", "kube-state-exporter").unwrap();
    assert_eq!(words(&known["rules"]), words(&given["rules"]));
}

/// The program, with the arguments of its container and the token of its account, shows all ten kinds.
#[test]
fn the_kube_state_exporter_works_with_its_accounts_token() {
    let namespace = "rights-exporter";
    let documents = applied(namespace, json!({}));
    super::live::objects();
    let [port, telemetry] = [(); 2].map(|()| free_port().unwrap());
    let account = kubeconfig(namespace, "kube-state-exporter");
    let words = [
        ("port", port.to_string()),
        ("telemetry", telemetry.to_string()),
        ("kubeconfig", account.display().to_string()),
    ];
    let given = KUBE_STATE_EXPORTER.arguments(&documents, &words).unwrap();
    let mut command = Command::new(ours("kube-state-exporter").unwrap());
    command.args(given);
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(command, &folder.path().join("log")).unwrap();
    let get = |path: &str, port: u16| {
        let address = ([127, 0, 0, 1], port).into();
        Request::new("GET", path).send(address).ok()
    };
    // Ready is whole: the probe of the container and the page agree.
    process
        .wait_ready(|| get("/readyz", telemetry).is_some_and(|it| it.status == 200))
        .unwrap();
    let page = get("/metrics", port).unwrap();
    assert_eq!(page.status, 200, "{}", process.log());
    for label in super::live::KINDS {
        assert!(page.text().contains(label), "{label}\n{}", process.log());
    }
    assert!(!process.log().contains("forbidden"), "{}", process.log());
}

/// Applies the chart in a namespace of its own.
fn applied(namespace: &str, values: Value) -> Vec<Value> {
    namespaced(namespace, "privileged");
    let render = Render {
        namespace: namespace.to_owned(),
        values: merged(json!({}), values),
        ..Render::default()
    };
    let mut documents = render.documents().unwrap();
    let nobody = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
        "name": "promontory-nobody", "namespace": namespace,
    }});
    documents.push(nobody);
    cluster().apply(&yaml(&documents)).unwrap();
    documents.pop();
    documents
}

fn kubeconfig(namespace: &str, account: &str) -> std::path::PathBuf {
    let account = format!("promontory-{account}");
    let token = cluster()
        .service_account_token(namespace, &account)
        .unwrap();
    cluster().kubeconfig_with_token(&token).unwrap()
}

/// What kubectl says to an account; `can-i` says "no" with a status of its own.
fn said(namespace: &str, account: &str, words: &[&str], stdin: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    std::fs::write(&input, stdin).unwrap();
    let output = Command::new(peers::program("kubectl").unwrap())
        .arg(format!(
            "--kubeconfig={}",
            kubeconfig(namespace, account).display()
        ))
        .arg(format!("--cache-dir={}", folder.path().display()))
        .args(words)
        .stdin(std::fs::File::open(input).unwrap())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() < Some(2), "{words:?}: {complaint}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.is_empty(), "{words:?}: {complaint}");
    said
}

/// All that an account may do in a namespace beyond what every account may, as `verb group/resource`.
fn rights(home: &str, account: &str, namespace: &str) -> BTreeSet<String> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    });
    let ask = |account: &str| {
        // Validation would read the CRDs, which these accounts may not.
        let create = [
            "create",
            "--validate=false",
            "--filename=-",
            "--output=json",
        ];
        let answer = said(home, account, &create, &review.to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["status"]["incomplete"], false, "{answer}");
        let mut words = words(&answer["status"]["resourceRules"]);
        for rule in answer["status"]["nonResourceRules"].as_array().unwrap() {
            words.insert(rule.to_string());
        }
        words
    };
    let everyone = ask("nobody");
    ask(account).difference(&everyone).cloned().collect()
}

/// Rules as a set of `verb group/resource`.
fn words(rules: &Value) -> BTreeSet<String> {
    let texts = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
    let mut words = BTreeSet::new();
    for rule in rules.as_array().unwrap() {
        assert!(rule["resourceNames"].is_null(), "{rule}");
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                for verb in texts(&rule["verbs"]) {
                    words.insert(format!("{verb} {group}/{resource}"));
                }
            }
        }
    }
    words
}

fn expected(account: &str, tables: &[&[Right]]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for (whose, verbs, group, resources) in tables.iter().copied().flatten() {
        if *whose == account {
            for resource in *resources {
                words.extend(
                    verbs
                        .iter()
                        .map(|verb| format!("{verb} {group}/{resource}")),
                );
            }
        }
    }
    words
}
