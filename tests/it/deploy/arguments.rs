//! The command lines of the chart are the programs' own: each program is started with exactly what its container would
//! be given; `promontory_tests::chart` lists what must differ on a test's machine.

use std::net::SocketAddr;
use std::process::Command;

use promontory_tests::chart::{NODE_EXPORTER, PUSHGATEWAY};
use promontory_tests::gateway::ours;
use promontory_tests::helm::{arguments, find};
use promontory_tests::http::Request;
use promontory_tests::process::{Process, free_port};
use serde_json::{Value, json};

use super::{PROGRAMS, documents, merged};

/// More flags than the chart gives by itself, for each program: the ones that people are told to add.
const MORE: &str = r#"{
    "pushgateway": {"extraArgs": ["--log.level=debug", "--web.enable-admin-api", "--persistence.interval=5m"]},
    "nodeExporter": {"extraArgs": ["--no-collector.netstat", "--collector.netdev.device-exclude=^veth.*$"]},
    "kubeStateExporter": {"extraArgs": ["--metric-labels-allowlist=pods=[*]", "--namespaces=default"]}
}"#;

#[test]
fn each_program_takes_the_arguments_of_its_container() {
    for values in [json!({}), serde_json::from_str(MORE).unwrap()] {
        let documents = documents(values);
        for (program, kind) in PROGRAMS {
            let given = arguments(&documents, kind, program).unwrap();
            let output = Command::new(ours(program).unwrap())
                .args(&given)
                .arg("--help")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program} {given:?}: {said}");
        }
    }
}

/// Else a parser that stops at `--help` would pass above.
#[test]
fn an_argument_that_no_program_knows_is_noticed() {
    let documents = documents(json!({}));
    for (program, kind) in PROGRAMS {
        let mut given = arguments(&documents, kind, program).unwrap();
        given.push("--not.a.flag=1".to_owned());
        given.push("--help".to_owned());
        let program = ours(program).unwrap();
        let output = Command::new(program).args(&given).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("not.a.flag"), "{given:?}: {said}");
    }
}

/// The two programs that need nothing around them are started, and answer their probes and their scrape.
#[test]
fn programs_answer_the_probes_of_their_containers() {
    let values = merged(serde_json::from_str(MORE).unwrap(), json!({}));
    let documents = documents(values);
    for program in [&PUSHGATEWAY, &NODE_EXPORTER] {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().unwrap();
        let words = [
            ("port", port.to_string()),
            ("folder", folder.path().display().to_string()),
        ];
        let mut command = Command::new(ours(program.name).unwrap());
        command.args(program.arguments(&documents, &words).unwrap());
        let mut process = Process::start(command, &folder.path().join("log")).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let status = |path: &str| Some(Request::new("GET", path).send(address).ok()?.status);
        process.wait_ready(|| status("/").is_some()).unwrap();
        let workload = find(&documents, program.kind, program.name).unwrap();
        let container = &workload["spec"]["template"]["spec"]["containers"][0];
        for path in [
            probe(container, "livenessProbe"),
            probe(container, "readinessProbe"),
            "/metrics",
        ] {
            assert_eq!(
                status(path),
                Some(200),
                "{} {path}: {}",
                program.name,
                process.log()
            );
        }
    }
}

fn probe<'a>(container: &'a Value, name: &str) -> &'a str {
    container[name]["httpGet"]["path"].as_str().unwrap()
}
