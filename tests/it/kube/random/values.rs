//! What random objects are filled with: few values, among them the odd ones, so that everything meets everything.

use promontory_tests::random::Dice;
use serde_json::{Map, Value, json};

/// Where all of them live.
pub(super) const NAMESPACE: &str = "random";

/// Several become one name when they are made labels of Prometheus.
const KEYS: [&str; 14] = [
    "app",
    "APP",
    "a.b",
    "a-b",
    "a_b",
    "a_b_conflict1",
    "a_b_conflict2",
    "a.b/c",
    "aB",
    "a_B",
    "1a",
    "x1Y2Z",
    "HTTPServer",
    "example.org/Some.Thing-else_x",
];
const LABELS: [&str; 5] = ["", "x", "Y.z_1-2", "0", "a-very-long-value-0123456789"];
const TEXTS: [&str; 12] = [
    "",
    "plain",
    "with \"quotes\"",
    "back\\slash",
    "trailing\\",
    "two\nlines",
    "cr\r\nlf",
    "tab\there",
    "größe 世界 🦀",
    "\u{7}\u{1b}[31m",
    "{a=\"b\"} 1",
    " # HELP ",
];
const REASONS: [&str; 16] = [
    "",
    "Evicted",
    "NodeLost",
    "NodeAffinity",
    "Shutdown",
    "UnexpectedAdmissionError",
    "Completed",
    "Error",
    "OOMKilled",
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "SchedulingGated",
    "PreemptionByScheduler",
    "MinimumReplicasAvailable",
    "NewReplicaSetAvailable",
    "Something \"odd\"",
];
const TIMES: [&str; 8] = [
    "2026-11-01T10:00:00Z",
    "2026-11-01T10:00:01Z",
    "2024-02-29T23:59:59Z",
    "1969-07-20T20:17:40Z",
    "2026-03-29T01:30:00Z",
    "2026-10-25T00:59:59Z",
    "1970-01-01T00:00:01Z",
    "2038-01-19T03:14:08Z",
];

pub(super) fn chance(dice: &mut Dice, of: usize) -> bool {
    dice.roll(of) == 0
}

/// The value in one case of `of`, else nothing: [`tidy`] takes it out.
pub(super) fn maybe(dice: &mut Dice, of: usize, make: impl FnOnce(&mut Dice) -> Value) -> Value {
    if chance(dice, of) {
        make(dice)
    } else {
        Value::Null
    }
}

/// Up to `max` values.
pub(super) fn list(
    dice: &mut Dice,
    max: usize,
    make: impl FnMut(&mut Dice, usize) -> Value,
) -> Value {
    let count = dice.roll(max + 1);
    some(dice, count, make)
}

/// Exactly `count` values.
pub(super) fn some(
    dice: &mut Dice,
    count: usize,
    mut make: impl FnMut(&mut Dice, usize) -> Value,
) -> Value {
    (0..count).map(|at| make(dice, at)).collect()
}

pub(super) fn text(dice: &mut Dice) -> &'static str {
    TEXTS[dice.roll(TEXTS.len())]
}

pub(super) fn reason(dice: &mut Dice) -> Value {
    json!(REASONS[dice.roll(REASONS.len())])
}

pub(super) fn time(dice: &mut Dice) -> Value {
    json!(dice.pick(&TIMES))
}

/// A small number, or now and then one that is written with an exponent.
pub(super) fn count(dice: &mut Dice) -> usize {
    match dice.roll(8) {
        0 => 0,
        1 => 1_000_000 + dice.roll(1_000_000_000),
        _ => dice.roll(30),
    }
}

pub(super) fn status(dice: &mut Dice) -> Value {
    json!(dice.pick(&["True", "False", "Unknown"]))
}

/// Conditions of these types, each at most once.
pub(super) fn conditions(dice: &mut Dice, types: &[&str]) -> Value {
    let mut out = Vec::new();
    for of in types {
        if chance(dice, 2) {
            out.push(json!({
                "type": of,
                "status": status(dice),
                "reason": maybe(dice, 2, reason),
                "lastTransitionTime": time(dice),
            }));
        }
    }
    out.into()
}

fn pairs(dice: &mut Dice, max: usize, values: &[&str]) -> Value {
    let mut out = Map::new();
    for _ in 0..dice.roll(max + 1) {
        out.insert(dice.pick(&KEYS).to_owned(), json!(dice.pick(values)));
    }
    out.into()
}

/// Labels, also for selectors of nodes.
pub(super) fn labels(dice: &mut Dice) -> Value {
    pairs(dice, 6, &LABELS)
}

/// Name and all else that any object has.
pub(super) fn metadata(dice: &mut Dice, name: &str) -> Value {
    json!({
        "name": name,
        "namespace": NAMESPACE,
        "labels": labels(dice),
        "annotations": pairs(dice, 5, &TEXTS),
        "ownerReferences": owners(dice),
    })
}

fn owners(dice: &mut Dice) -> Value {
    let controller = dice.roll(4);
    list(dice, 2, |dice, at| {
        json!({
            "apiVersion": "example.org/v1",
            "kind": dice.pick(&["ReplicaSet", "Job", "Node", "Odd Kind"]),
            "name": dice.pick(&["x", "with \"quotes\"", "back\\slash"]),
            "uid": format!("uid-{at}"),
            "controller": maybe(dice, 2, |_| json!(at == controller)),
        })
    })
}

/// An amount in one of its spellings; `whole` for those that may not have a fraction.
pub(super) fn quantity(dice: &mut Dice, whole: bool) -> Value {
    const WHOLE: [&str; 14] = [
        "0", "1", "7", "1k", "64Ki", "128Mi", "1Gi", "3e3", "1e9", "2E3", "12345678", "1000000",
        "9P", "4Ti",
    ];
    const ANY: [&str; 12] = [
        "1m",
        "100m",
        "1500m",
        "0.5",
        "0.1",
        "1.5Gi",
        "250u",
        "1n",
        "0.0001",
        "1.001",
        "2.5k",
        "123456789m",
    ];
    if whole || chance(dice, 2) {
        json!(dice.pick(&WHOLE))
    } else {
        json!(dice.pick(&ANY))
    }
}

/// Takes every `null` out: the object has no such field.
pub(super) fn tidy(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| (key, tidy(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(tidy).collect(),
        other => other,
    }
}
