//! What is kept of a family is all of it, and what families have in common is kept once.

use promontory_exposition::model::{
    Bucket, Count, Counter, Exemplar, Histogram, Native, Quantile, Summary, Timestamp,
};
use promontory_exposition::{Label, Metric, Value};

use super::*;
use crate::family::{Origin, PushedFamily};
use crate::time::UnixNanos;

fn key(host: &str) -> GroupingKey {
    GroupingKey::from_labels(vec![
        Label::new("job", "j"),
        Label::new("host", host.to_owned()),
    ])
}

fn family(kind: Kind, values: Vec<Value<'static>>) -> Family<'static> {
    let mut family = Family::new("f", kind).with_help("Help.");
    for (at, value) in values.into_iter().enumerate() {
        family.metrics.push(Metric {
            labels: vec![
                Label::new("at", at.to_string()),
                Label::new("host", "pushed"),
            ],
            value,
            timestamp_ms: None,
        });
    }
    family
}

fn push(key: &GroupingKey, family: &Family<'static>) -> PushedFamily {
    PushedFamily::new(key, family.clone(), Origin::Classic, UnixNanos(1)).unwrap()
}

/// A family of each type, with numbers that are easily lost.
fn families() -> Vec<Family<'static>> {
    let odd = [-0.0, f64::NAN, f64::INFINITY, 5e-324, 0.1 + 0.2, 1e300];
    let histogram = |count, native: Option<Native<'static>>| {
        Value::Histogram(Box::new(Histogram {
            count,
            sum: -0.0,
            buckets: vec![Bucket {
                upper_bound: 0.5,
                cumulative_count: count,
                exemplar: Some(Box::new(Exemplar {
                    labels: vec![Label::new("trace", "t")],
                    value: 0.25,
                    timestamp: None,
                })),
            }],
            created: None,
            native: native.map(Box::new),
        }))
    };
    let summary = Summary {
        count: u64::MAX,
        sum: f64::NEG_INFINITY,
        quantiles: vec![Quantile {
            quantile: 0.5,
            value: f64::NAN,
        }],
        created: None,
    };
    let native = Native {
        schema: 3,
        zero_count: Count::Integer(2),
        ..Native::default()
    };
    vec![
        family(Kind::Gauge, odd.map(Value::Gauge).into()),
        family(Kind::Untyped, odd.map(Value::Untyped).into()),
        family(
            Kind::Counter,
            odd.map(|value| Value::Counter(value.into())).into(),
        ),
        family(Kind::Summary, vec![Value::Summary(Box::new(summary))]),
        family(
            Kind::Histogram,
            vec![
                histogram(Count::Integer(7), None),
                histogram(Count::Float(0.0), None),
                histogram(Count::Float(2.5), None),
                histogram(Count::Integer(2), Some(native)),
            ],
        ),
        family(Kind::Counter, created().map(counter).into()),
        family(Kind::Gauge, Vec::new()),
    ]
}

/// Created times in and out of the range that a column has, and none.
fn created() -> [Option<Timestamp>; 7] {
    let time = |seconds, nanos| Some(Timestamp { seconds, nanos });
    [
        time(1_700_000_000, 999_999_999),
        time(0, 0),
        time(-1, 1),
        time(-62_135_596_800, 0),
        time(i64::MAX, 0),
        time(5, -1),
        None,
    ]
}

fn counter(created: Option<Timestamp>) -> Value<'static> {
    Value::Counter(Counter {
        value: 2.5,
        exemplar: None,
        created,
    })
}

#[test]
fn numbers_come_back_bit_by_bit() {
    for family in families() {
        let key = key("a");
        let pushed = push(&key, &family);
        let kept = format!("{:?}", pushed.decode().unwrap());
        let mut expected = family.clone();
        for metric in &mut expected.metrics {
            metric.labels = vec![metric.labels[0].clone(), Label::new("host", "a")];
            metric.labels.push(Label::new("instance", ""));
            metric.labels.push(Label::new("job", "j"));
        }
        assert_eq!(kept, format!("{expected:?}"));
    }
}

/// Each run of a job has another time at which its counters began.
#[test]
fn created_times_are_numbers_too() {
    let began = |seconds| {
        let created = Some(Timestamp { seconds, nanos: 7 });
        push(&key("a"), &family(Kind::Counter, vec![counter(created)]))
    };
    assert!(Arc::ptr_eq(&began(1).shape, &began(1_700_000_000).shape));
    let without = push(&key("a"), &family(Kind::Counter, vec![counter(None)]));
    assert!(!Arc::ptr_eq(&began(1).shape, &without.shape));
}

#[test]
fn metrics_are_read_one_by_one() {
    for family in families() {
        let pushed = push(&key("a"), &family);
        let metrics: Vec<_> = (0..pushed.metrics())
            .map(|at| pushed.metric(at).unwrap())
            .collect();
        let whole = pushed.decode().unwrap();
        assert_eq!(format!("{metrics:?}"), format!("{:?}", whole.metrics));
    }
}

/// Labels stand in each line of text, so a template can be far larger than its family.
#[test]
fn a_template_is_not_much_larger_than_its_family() {
    let buckets = |count: u32| {
        let bucket = |at| Bucket {
            upper_bound: f64::from(at),
            cumulative_count: Count::Integer(0),
            exemplar: None,
        };
        let histogram = Histogram {
            buckets: (0..count).map(bucket).collect(),
            ..Histogram::default()
        };
        let mut family = family(Kind::Histogram, vec![Value::Histogram(Box::new(histogram))]);
        family.metrics[0].labels[0].value = "x".repeat(10_000).into();
        push(&key("a"), &family)
    };
    assert!(buckets(4).shape.template.is_some());
    assert!(buckets(1000).shape.template.is_none());
}

#[test]
fn what_families_have_in_common_is_kept_once() {
    let gauges = |first| family(Kind::Gauge, vec![Value::Gauge(first), Value::Gauge(2.0)]);
    let pushed = push(&key("a"), &gauges(1.0));
    let same = [
        push(&key("a"), &gauges(7.0)),
        push(&key("b"), &gauges(f64::NAN)),
    ];
    for other in &same {
        assert!(Arc::ptr_eq(&pushed.shape, &other.shape));
    }
    let other_key = GroupingKey::from_labels(vec![Label::new("job", "j")]);
    let others = [
        push(&other_key, &gauges(1.0)),
        push(&key("a"), &gauges(1.0).with_help("Other help.")),
        push(&key("a"), &family(Kind::Gauge, vec![Value::Gauge(1.0)])),
        push(
            &key("a"),
            &family(
                Kind::Untyped,
                vec![Value::Untyped(1.0), Value::Untyped(2.0)],
            ),
        ),
    ];
    for other in &others {
        assert!(!Arc::ptr_eq(&pushed.shape, &other.shape));
    }
}

#[test]
fn a_shape_goes_with_its_last_user() {
    let once = family(Kind::Gauge, vec![Value::Gauge(1.0)]).with_help("Only here.");
    let shape = Arc::downgrade(&push(&key("a"), &once).shape);
    assert!(shape.upgrade().is_none());
}

/// The refusal of such a family names its labels, so it is nobody else's.
#[test]
fn what_is_wrong_in_itself_is_not_shared() {
    let mut twice = family(Kind::Gauge, vec![Value::Gauge(1.0), Value::Gauge(2.0)]);
    twice.metrics[1].labels = twice.metrics[0].labels.clone();
    for host in ["a", "b"] {
        let refusal = push(&key(host), &twice).shape.unsound.clone().unwrap();
        assert!(
            refusal.to_string().contains(&format!("host={host:?}")),
            "{refusal}"
        );
    }
}
