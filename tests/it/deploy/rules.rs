//! The alerts: accepted by promtool, and each fires when it should and keeps quiet when it should.
//!
//! The series are in `tests/fixtures/deploy/rules`, one file in promtool's own format for each file of rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use promontory_tests::helm::chart;
use promontory_tests::{peers, root};
use serde_json::{Value, json};

use super::documents;

/// How grave an alert can be; `none` is for the one that always fires.
const SEVERITIES: &[&str] = &["critical", "warning", "info", "none"];

/// The files of rules, by name.
pub(super) fn files() -> Vec<(String, PathBuf)> {
    let folder = chart().join("rules");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                path,
            )
        })
        .collect();
    files.sort();
    files
}

/// The rules of a file.
pub(super) fn rules(path: &Path) -> Vec<Value> {
    let file = yaml(path);
    let groups = file["groups"].as_array().unwrap();
    groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap().clone())
        .collect()
}

#[test]
fn promtool_accepts_every_file() {
    for (name, path) in files() {
        let said = promtool(&["check", "rules", "--lint=all", "--lint-fatal"], &path);
        assert!(said.is_ok(), "{name}: {said:?}");
    }
}

#[test]
fn alerts_fire_and_keep_quiet_as_their_tests_say() {
    for (name, _) in files() {
        let said = promtool(&["test", "rules"], &cases(&name));
        assert!(said.is_ok(), "{name}: {said:?}");
    }
}

/// Alerts that are never quiet.
const ALWAYS: &[&str] = &["Watchdog"];

#[test]
fn each_alert_is_seen_firing_and_quiet() {
    for (name, path) in files() {
        let cases = yaml(&cases(&name));
        let (mut firing, mut quiet) = (BTreeSet::new(), BTreeSet::new());
        for case in cases["tests"].as_array().unwrap() {
            for test in case["alert_rule_test"].as_array().unwrap() {
                let expected = test["exp_alerts"].as_array().unwrap();
                let seen = if expected.is_empty() {
                    &mut quiet
                } else {
                    &mut firing
                };
                seen.insert(test["alertname"].as_str().unwrap().to_owned());
            }
        }
        for rule in rules(&path) {
            let alert = rule["alert"].as_str().unwrap();
            assert!(firing.contains(alert), "{alert} is never seen firing");
            let either = quiet.contains(alert) || ALWAYS.contains(&alert);
            assert!(either, "{alert} is never seen quiet");
        }
    }
}

#[test]
fn each_alert_says_how_grave_it_is_and_what_happened() {
    let mut names = BTreeSet::new();
    for (_, path) in files() {
        for rule in rules(&path) {
            let alert = rule["alert"].as_str().unwrap().to_owned();
            let severity = rule["labels"]["severity"].as_str().unwrap();
            assert!(SEVERITIES.contains(&severity), "{alert}: {severity}");
            for text in ["summary", "description"] {
                let text = rule["annotations"][text].as_str().unwrap();
                assert!(text.ends_with('.'), "{alert}: {text}");
            }
            assert!(names.insert(alert.clone()), "{alert} stands twice");
        }
    }
}

/// What the chart installs is what the tests above read, template marks and all.
#[test]
fn the_chart_installs_the_files_as_they_are() {
    let documents = documents(json!({}));
    for (name, path) in files() {
        let rule = promontory_tests::helm::find(&documents, "PrometheusRule", &name).unwrap();
        assert_eq!(rule["spec"], yaml(&path), "{name}");
    }
}

fn cases(name: &str) -> PathBuf {
    root().join(format!("tests/fixtures/deploy/rules/{name}.yaml"))
}

fn yaml(path: &Path) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Runs promtool on a file; what it says if it refuses.
pub(super) fn promtool(arguments: &[&str], file: &Path) -> Result<(), String> {
    let output = Command::new(peers::program("promtool").unwrap())
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() {
        Ok(())
    } else {
        Err(said)
    }
}
