//! What happens without a right, and that the printed rights are enough.

use std::path::PathBuf;
use std::process::Command;

use promontory_tests::cluster::Cluster;
use promontory_tests::gateway::Which;
use promontory_tests::process::until;
use promontory_tests::state_exporter::{RESOURCES, program};

use super::Exporter;

/// Makes a namespace with a service account of that name, and gives a kubeconfig with its token.
fn account(cluster: &Cluster, name: &str) -> PathBuf {
    cluster
        .apply(&format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}\n---\n\
             {{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}, namespace: {name}}}}}"
        ))
        .unwrap();
    let token = cluster.service_account_token(name, name).unwrap();
    cluster.kubeconfig_with_token(&token).unwrap()
}

/// The ClusterRole that the program prints for these resources, under another name.
fn printed_role(resources: &[&str], name: &str) -> String {
    let output = Command::new(program(Which::Ours).unwrap())
        .args(["rbac", &format!("--resources={}", resources.join(","))])
        .output()
        .unwrap();
    assert!(output.status.success());
    let role = String::from_utf8(output.stdout).unwrap();
    assert!(role.contains("name: kube-state-metrics"), "{role}");
    role.replace("name: kube-state-metrics", &format!("name: {name}"))
}

/// Gives the account of that name the role of that name: in a namespace, or everywhere.
fn bind(cluster: &Cluster, role: &str, account: &str, namespace: Option<&str>) {
    let scope = namespace.map(|namespace| format!("--namespace={namespace}"));
    let (kind, role_flag) = match namespace {
        Some(_) => ("rolebinding", format!("--role={role}")),
        None => ("clusterrolebinding", format!("--clusterrole={role}")),
    };
    let account = format!("--serviceaccount={account}:{account}");
    let mut arguments = vec!["create", kind, role, &role_flag, &account];
    arguments.extend(scope.as_deref());
    cluster.kubectl(&arguments, "").unwrap();
}

#[test]
fn a_right_that_is_missing_costs_that_resource_until_it_is_given() {
    let cluster = Cluster::shared().unwrap();
    let kubeconfig = account(cluster, "nearly");
    let others: Vec<&str> = RESOURCES
        .iter()
        .copied()
        .filter(|name| *name != "nodes")
        .collect();
    cluster.apply(&printed_role(&others, "nearly")).unwrap();
    bind(cluster, "nearly", "nearly", None);
    let exporter = Exporter::start(&kubeconfig, &[]);
    let missing = "Not listed completely yet: nodes.";
    until("the others", || {
        (exporter.get("/metrics").1.trim() == missing).then_some(())
    })
    .unwrap();
    assert_eq!(exporter.get("/metrics").0, 503);
    assert_eq!(exporter.get("/readyz").0, 503);
    assert_eq!(exporter.get("/livez").0, 200);
    assert_eq!(exporter.get("/metrics?resources=pods").0, 200);
    assert_eq!(exporter.get("/metrics?resources=pods,nodes").0, 503);
    let (status, page) = exporter.get("/metrics?exclude_resources=nodes");
    assert_eq!(status, 200);
    assert!(
        page.contains("kube_namespace_created{namespace=\"nearly\"}"),
        "{page}"
    );
    let synced = |resource: &str| {
        exporter.count(
            "kube_state_metrics_synced",
            &[&format!("resource=\"{resource}\"")],
        )
    };
    assert_eq!((synced("pods"), synced("nodes")), (1, 0));
    let log = exporter.program.process.log();
    let told = |line: &&str| {
        line.contains("resource=nodes")
            && line.contains("403")
            && line.contains("cannot watch resource")
    };
    assert_eq!(log.lines().filter(told).count(), 1, "{log}");

    cluster.apply(&printed_role(&["nodes"], "rest")).unwrap();
    bind(cluster, "rest", "nearly", None);
    exporter.wait_page("the nodes", |_| true);
    exporter.assert_ready();
}

#[test]
fn the_printed_rights_are_enough() {
    let cluster = Cluster::shared().unwrap();
    let kubeconfig = account(cluster, "printed");
    cluster.apply(&printed_role(RESOURCES, "printed")).unwrap();
    bind(cluster, "printed", "printed", None);
    let exporter = Exporter::start(&kubeconfig, &[]);
    exporter.wait_page("all", |page| {
        page.contains("kube_namespace_created{namespace=\"printed\"}")
    });
    exporter.assert_ready();
    let log = exporter.program.process.log();
    assert!(!log.contains("403"), "{log}");
}

#[test]
fn rights_in_two_namespaces_are_enough_for_these() {
    let cluster = Cluster::shared().unwrap();
    let kubeconfig = account(cluster, "here");
    account(cluster, "there");
    account(cluster, "elsewhere");
    let own: Vec<&str> = RESOURCES
        .iter()
        .copied()
        .filter(|name| !matches!(*name, "nodes" | "namespaces"))
        .collect();
    let role = printed_role(&own, "own").replace("kind: ClusterRole", "kind: Role");
    for namespace in ["here", "there"] {
        let scoped = role.replace("name: own", &format!("name: own\n  namespace: {namespace}"));
        cluster.apply(&scoped).unwrap();
        bind(cluster, "own", "here", Some(namespace));
    }
    for namespace in ["here", "there", "elsewhere"] {
        let pod = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: {namespace}}}, \
             spec: {{containers: [{{name: c, image: i}}]}}}}"
        );
        cluster.apply(&pod).unwrap();
    }
    let resources = format!("--resources={}", own.join(","));
    let exporter = Exporter::start(&kubeconfig, &["--namespaces=here,there", &resources]);
    exporter.wait_page("both", |_| true);
    let (_, page) = exporter.get("/metrics");
    let shown = |namespace: &str| {
        page.contains(&format!(
            "kube_pod_created{{namespace=\"{namespace}\",pod=\"p\""
        ))
    };
    assert_eq!(
        ["here", "there", "elsewhere"].map(shown),
        [true, true, false]
    );
    exporter.assert_ready();
    let log = exporter.program.process.log();
    assert!(!log.contains("403"), "{log}");

    // Everywhere is more than it may see: it says so, and shows nothing.
    let exporter = Exporter::start(&kubeconfig, &["--resources=pods"]);
    until("the refusal", || {
        exporter.program.process.log().contains("403").then_some(())
    })
    .unwrap();
    assert_eq!(exporter.get("/metrics").0, 503);
}
