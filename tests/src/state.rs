//! What a gateway holds, as text in which only real differences differ.
//!
//! Hidden are the programs' own families (ours has no `go_*`, and counters move) and the values of push times; kept are
//! names, types, help, labels, values and their order. See [`answer`] for one response and [`whole`] for all.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

use crate::gateway::Gateway;
use crate::http::{Request, Response};
use crate::wire::{self, Field};

/// Families the programs themselves own.
const OWN: [&str; 3] = ["go_", "process_", "pushgateway_"];
/// The group that only serves as a barrier between a queued delete and a read.
const BARRIER: &str = "~barrier";
/// The push time families, whose values are the time of the test.
const TIMES: [&str; 2] = ["push_time_seconds", "push_failure_time_seconds"];
/// Headers that are interface.
const HEADERS: [&str; 13] = [
    "allow",
    "location",
    "content-type",
    "content-encoding",
    "www-authenticate",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "x-frame-options",
    "x-content-type-options",
    "x-xss-protection",
    "strict-transport-security",
    "content-security-policy",
];

/// What our pages say to browsers and the real program's do not.
const OWN_OF_PAGES: [(&str, &str); 2] = [
    ("x-content-type-options", "nosniff"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
];

/// Waits until all that was sent before is applied: the real program answers a DELETE before doing it, but takes pushes
/// in order.
///
/// # Errors
/// If the gateway does not answer.
pub fn settle(gateway: &Gateway) -> Result<()> {
    gateway
        .push("PUT", &format!("/metrics/job/{BARRIER}"), "")
        .map(drop)
}

/// The whole state: a text scrape and the JSON API, normalised.
///
/// # Errors
/// If the gateway does not answer.
pub fn whole(gateway: &Gateway) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for path in ["/metrics", "/api/v1/metrics"] {
        let response = gateway.send(&Request::new("GET", format!("{}{path}", gateway.prefix)))?;
        lines.push(format!("{path}: {}", response.status));
        if response.status == 200 {
            lines.extend(body(&response, None));
        }
    }
    Ok(lines)
}

/// One answer: status, the headers that are interface, and the body where it is interface.
#[must_use]
pub fn answer(response: &Response, keep: Option<&str>) -> Vec<String> {
    let mut lines = vec![format!("status {}", response.status)];
    let kind = response.header("content-type").unwrap_or_default();
    let own = |name, value| kind.starts_with("text/html") && OWN_OF_PAGES.contains(&(name, value));
    for name in HEADERS {
        let values: Vec<&str> = response
            .headers
            .iter()
            .filter(|(key, value)| key == name && !own(name, value))
            .map(|(_, value)| value.as_str())
            .collect();
        if !values.is_empty() {
            lines.push(format!("{name}: {}", values.join(" | ")));
        }
    }
    // The prose of an error is not interface, and an inconsistent scrape is nothing but prose.
    if !matches!(response.status, 400 | 413 | 500..=599) {
        lines.extend(
            body(response, keep)
                .into_iter()
                .map(|line| format!("body {line}")),
        );
    }
    lines
}

fn body(response: &Response, keep: Option<&str>) -> Vec<String> {
    let Some(bytes) = decoded(response) else {
        return vec!["a broken content encoding".to_owned()];
    };
    let kind = response.header("content-type").unwrap_or_default();
    if kind.starts_with("text/html") && bytes.starts_with(b"<!DOCTYPE")
        || kind.starts_with("text/css")
    {
        return vec!["a page".to_owned()];
    }
    if kind.contains("encoding=delimited") {
        return families(&bytes).unwrap_or_else(|error| vec![format!("broken protobuf: {error}")]);
    }
    let text = String::from_utf8_lossy(&bytes);
    if kind.contains("encoding=text") || kind.contains("encoding=compact-text") {
        return prototext(&text);
    }
    if kind.starts_with("text/plain; version=") {
        return exposition(&text, keep);
    }
    if kind.contains("json") {
        return serde_json::from_str(&text)
            .map_or_else(|error| vec![format!("broken JSON: {error}")], json);
    }
    text.split_inclusive('\n')
        .map(|line| format!("{line:?}"))
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "our own gateways answer the tests"
)]
fn decoded(response: &Response) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    match response.header("content-encoding") {
        Some("gzip") => {
            flate2::read::MultiGzDecoder::new(response.body.as_slice())
                .read_to_end(&mut bytes)
                .ok()?;
            Some(bytes)
        }
        _ => Some(response.body.clone()),
    }
}

/// A text page without own families, push times replaced.
fn exposition(text: &str, keep: Option<&str>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let rest = line
            .strip_prefix("# HELP ")
            .or_else(|| line.strip_prefix("# TYPE "))
            .unwrap_or(line);
        let own = OWN.iter().any(|prefix| rest.starts_with(prefix));
        // A pushed metric carries a job label, an own one never does.
        let pushed = !line.starts_with('#') && line.contains("job=\"");
        let kept = keep.is_some_and(|keep| rest.starts_with(keep));
        if own && !pushed && !kept || line.contains(&format!("job=\"{BARRIER}\"")) {
            continue;
        }
        let times = TIMES
            .iter()
            .any(|name| rest.starts_with(&format!("{name}{{")));
        match line.rsplit_once(' ') {
            Some((series, value)) if times && !line.starts_with('#') => {
                lines.push(format!("{series} {}", time(value)));
            }
            _ => lines.push(line.to_owned()),
        }
    }
    without_empty_times(lines)
}

/// Only the barrier may have been in the push time families: then their headers are not part of the state.
fn without_empty_times(lines: Vec<String>) -> Vec<String> {
    if lines.iter().any(|line| {
        TIMES
            .iter()
            .any(|name| line.starts_with(&format!("{name}{{")))
    }) {
        return lines;
    }
    lines
        .into_iter()
        .filter(|line| !TIMES.iter().any(|name| line.contains(&format!(" {name} "))))
        .collect()
}

fn time(value: &str) -> &str {
    // The test runs after 2001: a value of today is hidden, a pushed one stays visible.
    match value.parse::<f64>() {
        Ok(seconds) if seconds > 1e9 => "NOW",
        _ => value,
    }
}

/// The families of a delimited protobuf page, one line each, without own ones, push times replaced.
fn families(bytes: &[u8]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for message in wire::split(bytes)? {
        let name = wire::parse(message)?
            .into_iter()
            .find_map(|field| match field {
                (1, Field::Bytes(name)) => Some(String::from_utf8_lossy(name).into_owned()),
                _ => None,
            });
        let name = name.unwrap_or_default();
        if OWN.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        lines.push(if TIMES.contains(&name.as_str()) {
            wire::dump_with(message, |value| time(&format!("{value:?}")).to_owned())?
        } else {
            wire::dump(message)?
        });
    }
    Ok(lines)
}

/// The families of a protobuf text page. Go puts random blanks between fields to keep readers from relying on them.
fn prototext(text: &str) -> Vec<String> {
    let hidden = |line: &str| {
        OWN.iter()
            .chain(&TIMES)
            .any(|prefix| line.starts_with(&format!("name:\"{prefix}")))
    };
    let mut lines = Vec::new();
    let mut hide = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().collect();
        let line = format!("{}{}", " ".repeat(indent), words.join(" ")).replace(": ", ":");
        if line.starts_with("name:") {
            hide = hidden(&line);
        }
        if !hide {
            lines.push(line);
        }
    }
    lines
}

/// The JSON API's answer, groups in order of their labels.
fn json(mut value: Value) -> Vec<String> {
    scrub(&mut value);
    let Some(groups) = value.pointer_mut("/data").and_then(Value::as_array_mut) else {
        if let Some(data) = value.pointer_mut("/data").and_then(Value::as_object_mut) {
            // Version, build, start time and flags differ between the programs; their names do not.
            let names: BTreeSet<String> = data.keys().cloned().collect();
            return vec![format!("{value_status} {names:?}", value_status = "status")];
        }
        return vec![value.to_string()];
    };
    let mut lines: Vec<String> = groups
        .iter()
        .filter(|group| group.pointer("/labels/job").and_then(Value::as_str) != Some(BARRIER))
        .map(Value::to_string)
        .collect();
    lines.sort();
    lines
}

/// Replaces the times of a JSON answer: stamps, and the values of the push time families.
fn scrub(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                if key == "time_stamp" {
                    *field = Value::from("NOW");
                } else if TIMES.contains(&key.as_str()) {
                    let metrics = field.get_mut("metrics").and_then(Value::as_array_mut);
                    for metric in metrics.into_iter().flatten() {
                        if let Some(Value::String(text)) = metric.get_mut("value") {
                            *text = time(text).to_owned();
                        }
                    }
                    if let Some(stamp) = field.get_mut("time_stamp") {
                        *stamp = Value::from("NOW");
                    }
                } else {
                    scrub(field);
                }
            }
        }
        _ => {}
    }
}
