//! The real operator, with the rights of the chart's service account, turns the chart into a configuration; the real
//! Prometheus takes it, started with the arguments that the operator chose, and finds and scrapes the programs.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use promontory_tests::chart::{KUBE_STATE_EXPORTER, NODE_EXPORTER, Program};
use promontory_tests::cluster::Cluster;
use promontory_tests::gateway::{Gateway, Which, ours};
use promontory_tests::helm::{Render, arguments, find};
use promontory_tests::http::Request;
use promontory_tests::peers;
use promontory_tests::process::{Process, free_port, until};
use promontory_tests::prometheus::Prometheus;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::rules::promtool;
use super::{with_crds, yaml};

const NAMESPACE: &str = "operated";

/// The jobs that the chart's monitors become, and the monitor of each.
const JOBS: &[(&str, &str)] = &[
    ("pushgateway", "promontory-pushgateway/0"),
    ("node-exporter", "promontory-node-exporter/0"),
    ("kube-state-metrics", "promontory-kube-state-exporter/0"),
    ("kube-state-exporter", "promontory-kube-state-exporter/1"),
    ("prometheus", "promontory-prometheus/0"),
    ("alertmanager", "promontory-alertmanager/0"),
    ("prometheus-operator", "promontory-operator/0"),
];

/// The address of the pods: the API server refuses 127.0.0.1, so Prometheus is told to go there instead.
const POD: &str = "192.0.2.1";

/// The configuration with what is at another place in a pod than here: the rules and the way to the API server.
fn here(written: &str, rules: &Path, kubeconfig: &Path) -> String {
    let there = "/etc/prometheus/rules/prometheus-promontory-rulefiles-0";
    assert!(written.contains(there), "{written}");
    let written = written.replace(there, &rules.display().to_string());
    // The reloader in the pod puts its environment in; there is one shard, the first.
    let written = written.replace("$(SHARD)", "0");
    let mut configuration: Value = serde_saphyr::from_str(&written).unwrap();
    let ways = reach(&mut configuration, kubeconfig);
    // One a job, and one to Alertmanager.
    assert_eq!(ways, JOBS.len() + 1, "{written}");
    for job in configuration["scrape_configs"].as_array_mut().unwrap() {
        let relabel = job["relabel_configs"].as_array_mut().unwrap();
        relabel.push(json!({
            "source_labels": ["__address__"], "regex": format!("{POD}:(.*)"),
            "target_label": "__address__", "replacement": "127.0.0.1:$1",
        }));
    }
    // JSON is YAML.
    configuration.to_string()
}

/// In a pod the API server and the token are found by themselves; here a file says where. The number of places.
fn reach(value: &mut Value, kubeconfig: &Path) -> usize {
    match value {
        Value::Object(map) => {
            for discovery in map
                .get_mut("kubernetes_sd_configs")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                discovery["kubeconfig_file"] = kubeconfig.display().to_string().into();
            }
            let own = usize::from(map.contains_key("kubernetes_sd_configs"));
            own + map
                .values_mut()
                .map(|it| reach(it, kubeconfig))
                .sum::<usize>()
        }
        Value::Array(items) => items.iter_mut().map(|it| reach(it, kubeconfig)).sum(),
        _ => 0,
    }
}

/// The arguments of the Prometheus container for this machine; `None` leaves one out.
fn argument(given: &str, configuration: &Path, folder: &Path) -> Option<String> {
    let name = given.split('=').next().unwrap();
    match name {
        "--config.file" => Some(format!("{name}={}", configuration.display())),
        "--storage.tsdb.path" => Some(format!("{name}={}", folder.join("data").display())),
        // A file that the operator would mount; it switches nothing on by default.
        "--web.config.file" => None,
        _ => Some(given.to_owned()),
    }
}

/// A control plane of its own: the operator takes the monitors and rules of all namespaces.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(with_crds)
}

/// The operator at work on the chart, in a namespace of its own.
struct Operated {
    documents: Vec<Value>,
    operator: Process,
    address: SocketAddr,
    _proxy: Process,
    folder: TempDir,
}

impl Operated {
    fn start() -> Self {
        let cluster = cluster();
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        cluster.apply(&namespace.to_string()).unwrap();
        let render = Render {
            namespace: NAMESPACE.to_owned(),
            values: json!({"prometheus": {"scrapeInterval": "1s"}}),
            ..Render::default()
        };
        let documents = render.documents().unwrap();
        cluster.apply(&yaml(&documents)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (proxy, through) = proxy(folder.path());
        let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let mut command = Command::new(peers::program("operator").unwrap());
        command
            .args(arguments(&documents, "Deployment", "operator").unwrap())
            .arg(format!("--apiserver=http://{through}"))
            .arg(format!("--web.listen-address={address}"));
        let operator = Process::start(command, &folder.path().join("operator.log")).unwrap();
        Self {
            documents,
            operator,
            address,
            _proxy: proxy,
            folder,
        }
    }

    /// The configuration that it wrote, once all monitors are in it.
    fn configuration(&self) -> String {
        let whole = until("the configuration", || {
            let text = unpacked("prometheus-promontory", "prometheus.yaml.gz")?;
            let has = |(_, monitor): &(&str, &str)| {
                text.contains(&format!("job_name: serviceMonitor/{NAMESPACE}/{monitor}\n"))
            };
            JOBS.iter().all(has).then_some(text)
        });
        whole.unwrap_or_else(|error| panic!("{error:#}\n{}", self.operator.log()))
    }

    /// The rule files that it wrote, in a folder.
    fn rules(&self) -> PathBuf {
        let folder = self.folder.path().join("rules");
        fs::create_dir(&folder).unwrap();
        let path =
            format!("/api/v1/namespaces/{NAMESPACE}/configmaps/prometheus-promontory-rulefiles-0");
        let four = |text: &str| data(text).is_some_and(|files| files.len() == 4);
        let map = cluster().wait_for(&path, four).unwrap();
        for (name, text) in data(&map).unwrap() {
            fs::write(folder.join(name), text.as_str().unwrap()).unwrap();
        }
        folder
    }
}

fn data(object: &str) -> Option<serde_json::Map<String, Value>> {
    let object: Value = serde_json::from_str(object).ok()?;
    object["data"].as_object().cloned()
}

/// The operator takes no kubeconfig: kubectl stands before the API server with the token of its service account.
fn proxy(folder: &Path) -> (Process, SocketAddr) {
    let token = cluster()
        .service_account_token(NAMESPACE, "promontory-operator")
        .unwrap();
    let kubeconfig = cluster().kubeconfig_with_token(&token).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let mut command = Command::new(peers::program("kubectl").unwrap());
    command
        .arg(format!("--kubeconfig={}", kubeconfig.display()))
        .args(["proxy", "--address=127.0.0.1"])
        .arg(format!("--port={}", address.port()));
    let mut proxy = Process::start(command, &folder.join("proxy.log")).unwrap();
    let version = Request::new("GET", "/version");
    proxy
        .wait_ready(|| version.send(address).is_ok_and(|it| it.status == 200))
        .unwrap();
    (proxy, address)
}

/// A compressed key of a Secret, if it is there.
fn unpacked(secret: &str, key: &str) -> Option<String> {
    let template = format!("--output=go-template={{{{index .data \"{key}\"}}}}");
    let namespace = format!("--namespace={NAMESPACE}");
    let packed = cluster()
        .kubectl(&["get", "secret", secret, &namespace, &template], "")
        .ok()?;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), packed).unwrap();
    let output = Command::new("sh")
        .args(["-c", "base64 -d | gzip -d"])
        .stdin(file.reopen().unwrap())
        .output()
        .unwrap();
    let whole = output.status.success();
    whole.then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_operators_configuration_makes_prometheus_find_the_programs() {
    let operated = Operated::start();
    let folder = operated.folder.path();
    let written = operated.configuration();
    let rules = operated.rules();
    for file in fs::read_dir(&rules).unwrap() {
        let file = file.unwrap().path();
        promtool(&["check", "rules"], &file).unwrap_or_else(|said| panic!("{said}"));
    }
    for wanted in [
        "url: http://promontory-influxdb:8086/api/v1/prom/write?db=prometheus",
        "url: http://promontory-influxdb:8086/api/v1/prom/read?db=prometheus",
        "scrape_interval: 1s",
        // Retention is no flag any more.
        "time: 15d",
    ] {
        assert!(written.contains(wanted), "no {wanted} in\n{written}");
    }
    let token = cluster()
        .service_account_token(NAMESPACE, "promontory-prometheus")
        .unwrap();
    let kubeconfig = cluster().kubeconfig_with_token(&token).unwrap();
    let configuration = folder.join("prometheus.yaml");
    fs::write(&configuration, here(&written, &rules, &kubeconfig)).unwrap();
    promtool(&["check", "config"], &configuration).unwrap_or_else(|said| panic!("{said}"));

    let prometheus = prometheus(&operated, &configuration);
    let targets = Targets::start(&operated);
    for (job, instance) in &targets.expected {
        let up = format!("up{{job=\"{job}\",instance=\"{instance}\"}}");
        prometheus
            .expect(&up, 1.0)
            .unwrap_or_else(|error| panic!("{error:#}\n{}", trouble(&prometheus)));
    }
    let pushed = "seen_by_all{job=\"nightly\",instance=\"db\",namespace=\"operated\"}";
    prometheus.expect(pushed, 42.0).unwrap();
    let kept = "kube_namespace_created{namespace=\"operated\",job=\"kube-state-metrics\"} > bool 0";
    prometheus.expect(kept, 1.0).unwrap();
    prometheus
        .expect("count(ALERTS{alertname=\"Watchdog\"})", 1.0)
        .unwrap();
    quiet(&operated, &prometheus);
}

/// What Prometheus knows of its targets and said, for the message of a failed test.
fn trouble(prometheus: &Prometheus) -> String {
    let answer = Request::new("GET", "/api/v1/targets").send(prometheus.address);
    let targets = answer.map_or_else(|error| error.to_string(), |answer| answer.text());
    format!("{targets}\n{}", prometheus.process.log())
}

/// Nobody was refused anything, and the names that the rules ask of the operator are there.
fn quiet(operated: &Operated, prometheus: &Prometheus) {
    for log in [operated.operator.log(), prometheus.process.log()] {
        assert!(!log.contains("forbidden"), "{log}");
    }
    let page = Request::new("GET", "/metrics")
        .send(operated.address)
        .unwrap()
        .text();
    let mut reconciled = false;
    for line in page.lines() {
        if line.starts_with("prometheus_operator_reconcile_errors_total{") {
            assert!(line.ends_with(" 0"), "{line}\n{}", operated.operator.log());
            reconciled = true;
        }
    }
    assert!(reconciled);
    for resource in ["ServiceMonitor", "PrometheusRule"] {
        for (state, is) in [("selected", true), ("rejected", false)] {
            let begin = "prometheus_operator_managed_resources{";
            let mut lines = page.lines().filter(|line| {
                line.starts_with(begin)
                    && line.contains(&format!("resource=\"{resource}\""))
                    && line.contains(&format!("state=\"{state}\""))
                    && line.contains("controller=\"prometheus\"")
            });
            let some = lines.any(|line| !line.ends_with(" 0"));
            assert_eq!(some, is, "{resource} {state}\n{page}");
        }
    }
    let alertmanager = unpacked("alertmanager-promontory-generated", "alertmanager.yaml.gz");
    assert!(alertmanager.unwrap().contains("receiver: \"null\""));
}

/// Prometheus as the operator's StatefulSet starts it.
fn prometheus(operated: &Operated, configuration: &Path) -> Prometheus {
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/prometheus-promontory");
    let set = cluster().wait_for(&path, |_| true).unwrap();
    let set: Value = serde_json::from_str(&set).unwrap();
    let containers = set["spec"]["template"]["spec"]["containers"]
        .as_array()
        .unwrap();
    let container = containers
        .iter()
        .find(|it| it["name"] == "prometheus")
        .unwrap();
    let given: Vec<String> = serde_json::from_value(container["args"].clone()).unwrap();
    let folder = operated.folder.path();
    let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let mut command = Command::new(peers::program("prometheus").unwrap());
    command
        .args(
            given
                .iter()
                .filter_map(|it| argument(it, configuration, folder)),
        )
        .arg(format!("--web.listen-address={address}"));
    let mut process = Process::start(command, &folder.join("prometheus.log")).unwrap();
    let ready = Request::new("GET", "/-/ready");
    process
        .wait_ready(|| ready.send(address).is_ok_and(|it| it.status == 200))
        .unwrap();
    Prometheus { process, address }
}

/// The three programs as processes, with the pods and endpoints that a kubelet and the controllers would have made.
struct Targets {
    _gateway: Gateway,
    _others: Vec<Process>,
    expected: Vec<(&'static str, String)>,
}

impl Targets {
    fn start(operated: &Operated) -> Self {
        let folder = operated.folder.path();
        let gateway = Gateway::start(Which::Ours, &[], folder).unwrap();
        let push = Request::new("PUT", "/metrics/job/nightly/instance/db").body("seen_by_all 42\n");
        assert_eq!(push.send(gateway.address).unwrap().status, 200);
        let [node, state, telemetry] = [(); 3].map(|()| free_port().unwrap());

        let node_exporter = process(operated, &NODE_EXPORTER, &[("port", node.to_string())]);

        let token = cluster()
            .service_account_token(NAMESPACE, "promontory-kube-state-exporter")
            .unwrap();
        let kubeconfig = cluster().kubeconfig_with_token(&token).unwrap();
        let words = [
            ("port", state.to_string()),
            ("telemetry", telemetry.to_string()),
            ("kubeconfig", kubeconfig.display().to_string()),
        ];
        let state_exporter = process(operated, &KUBE_STATE_EXPORTER, &words);

        let http = |port: u16| json!([{"name": "http", "port": port}]);
        let both = json!([{"name": "http", "port": state}, {"name": "metrics", "port": telemetry}]);
        running(
            operated,
            "StatefulSet",
            "pushgateway",
            &http(gateway.address.port()),
        );
        running(operated, "DaemonSet", "node-exporter", &http(node));
        running(operated, "Deployment", "kube-state-exporter", &both);
        let expected = vec![
            ("pushgateway", gateway.address.to_string()),
            // Not an address: the name of the node.
            ("node-exporter", "operated-node".to_owned()),
            ("kube-state-metrics", format!("127.0.0.1:{state}")),
            ("kube-state-exporter", format!("127.0.0.1:{telemetry}")),
        ];
        Self {
            _gateway: gateway,
            _others: vec![node_exporter, state_exporter],
            expected,
        }
    }
}

/// One of our programs with the arguments of the chart.
fn process(operated: &Operated, program: &Program, words: &[(&str, String)]) -> Process {
    let mut command = Command::new(ours(program.name).unwrap());
    command.args(program.arguments(&operated.documents, words).unwrap());
    let log = operated.folder.path().join(format!("{}.log", program.name));
    Process::start(command, &log).unwrap()
}

/// A pod of the workload that runs on the node `operated-node`, and its endpoint on this machine.
fn running(operated: &Operated, kind: &str, component: &str, ports: &Value) {
    let workload = find(&operated.documents, kind, component).unwrap();
    let service = find(&operated.documents, "Service", component).unwrap();
    let name = format!("{component}-0");
    let mut spec = workload["spec"]["template"]["spec"].clone();
    spec["nodeName"] = "operated-node".into();
    // The claim is not there, and nobody mounts it.
    spec["containers"][0]["volumeMounts"] = json!([]);
    let labels = &workload["spec"]["template"]["metadata"]["labels"];
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": spec, "metadata": {
        "name": name, "namespace": NAMESPACE, "labels": labels,
    }});
    let mut slice_labels = service["metadata"]["labels"].clone();
    slice_labels["kubernetes.io/service-name"] = service["metadata"]["name"].clone();
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": slice_labels},
        "ports": ports,
        "endpoints": [{
            "addresses": [POD], "conditions": {"ready": true}, "nodeName": "operated-node",
            "targetRef": {"kind": "Pod", "name": name, "namespace": NAMESPACE},
        }],
    });
    cluster().apply(&yaml(&[pod, slice])).unwrap();
    let status = json!({"phase": "Running", "podIP": POD, "podIPs": [{"ip": POD}]});
    cluster()
        .patch_status(NAMESPACE, "pod", &name, &status)
        .unwrap();
}
