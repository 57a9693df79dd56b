//! The control plane itself does what the other tests take for granted.

use std::process::Command;

use promontory_tests::cluster::Cluster;
use promontory_tests::process::until;
use promontory_tests::proxy::Proxy;
use serde_json::json;

#[test]
fn it_keeps_its_objects_over_a_restart_and_forgets_history_when_compacted() {
    let cluster = Cluster::start().unwrap();
    let object = |value: &str| {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: default}}, data: {{x: '{value}'}}}}"
        )
    };
    cluster.apply(&object("one")).unwrap();
    let version = version(&cluster);
    cluster.apply(&object("two")).unwrap();
    let watch = format!(
        "--raw=/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1&resourceVersion={version}"
    );
    let events = cluster.kubectl(&["get", &watch], "").unwrap();
    assert!(events.contains("MODIFIED"), "{events}");

    cluster.stop_api().unwrap();
    assert!(cluster.kubectl(&["get", "configmaps"], "").is_err());
    cluster.compact().unwrap();
    cluster.start_api().unwrap();
    let kept = cluster
        .kubectl(
            &["get", "configmap", "a", "--output=jsonpath={.data.x}"],
            "",
        )
        .unwrap();
    assert_eq!(kept, "two");
    let gone = cluster.kubectl(&["get", &watch], "");
    let said = gone.unwrap_or_else(|error| format!("{error:#}"));
    assert!(said.contains("too old resource version"), "{said}");
}

/// The version of the configmap `a`.
fn version(cluster: &Cluster) -> String {
    let output = "--output=jsonpath={.metadata.resourceVersion}";
    cluster
        .kubectl(&["get", "configmap", "a", output], "")
        .unwrap()
}

#[test]
fn it_checks_rights_and_writes_status() {
    let cluster = Cluster::shared().unwrap();
    cluster
        .apply(
            "{apiVersion: v1, kind: Namespace, metadata: {name: rights}}\n---\n\
             {apiVersion: v1, kind: ServiceAccount, metadata: {name: nobody, namespace: rights}}\n---\n\
             {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: rights}, \
             spec: {containers: [{name: c, image: i}]}}",
        )
        .unwrap();
    let phase = json!({"phase": "Running"});
    cluster.patch_status("rights", "pod", "p", &phase).unwrap();
    let path = "/api/v1/namespaces/rights/pods/p";
    cluster
        .wait_for(path, |pod| pod.contains("\"phase\":\"Running\""))
        .unwrap();

    let token = cluster.service_account_token("rights", "nobody").unwrap();
    let kubeconfig = cluster.kubeconfig_with_token(&token).unwrap();
    let proxy = Proxy::start(cluster.address()).unwrap();
    let admin = cluster.kubeconfig_through(proxy.address).unwrap();
    let ask = |kubeconfig: &std::path::Path, allowed: &str| {
        let kubectl = promontory_tests::peers::program("kubectl").unwrap();
        let output = Command::new(kubectl)
            .arg(format!("--kubeconfig={}", kubeconfig.display()))
            .args(["auth", "can-i", "list", "pods"])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), allowed);
    };
    ask(&kubeconfig, "no");
    ask(&admin, "yes");
    until("the proxy to see the end", || {
        (proxy.connections() == 0).then_some(())
    })
    .unwrap();
}

#[test]
fn its_controllers_give_workloads_their_pods() {
    let cluster = Cluster::start().unwrap();
    cluster.controllers().unwrap();
    cluster
        .apply(
            "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, namespace: default}, spec: {serviceName: s, \
             selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, \
             spec: {containers: [{name: c, image: i}]}}}}",
        )
        .unwrap();
    cluster
        .wait_for("/api/v1/namespaces/default/pods/s-0", |_| true)
        .unwrap();
    let pids = cluster.pids();
    assert_eq!(pids.len(), 3);
    drop(cluster);
    for pid in pids {
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    }
}
