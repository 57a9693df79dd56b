//! Families at random: everything the model holds, and the part of it a format can carry.

use promontory_exposition::model::{
    Bucket, Count, Counter, Exemplar, Histogram, Native, NativeBuckets, Quantile, Span, Summary,
    Timestamp,
};
use promontory_exposition::{Family, Kind, Label, Metric, Value};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// What is asked of the values, beside that they suit their family.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Carrier {
    /// Text 0.0.4 carries numbers and labels, but no negative zero among sample values.
    Text,
    /// OpenMetrics carries exemplars and times of millisecond resolution besides.
    OpenMetrics,
    /// Protobuf carries the whole model.
    Protobuf,
}

/// Up to eight families of different names.
pub(crate) fn families(carrier: Carrier) -> impl Strategy<Value = Vec<Family<'static>>> {
    vec(family(carrier), 0..8).prop_map(|mut families| {
        // The number in front keeps names apart, also from another family's `_count`.
        for (number, family) in families.iter_mut().enumerate() {
            family.name = format!("m{number}{}", family.name).into();
        }
        families
    })
}

fn family(carrier: Carrier) -> impl Strategy<Value = Family<'static>> {
    let kinds = vec![
        Kind::Counter,
        Kind::Gauge,
        Kind::Untyped,
        Kind::Summary,
        Kind::Histogram,
        Kind::GaugeHistogram,
    ];
    // Text has no word for gauge histograms that its writers use.
    let kinds = if carrier == Carrier::Text {
        kinds[..5].to_vec()
    } else {
        kinds
    };
    prop::sample::select(kinds).prop_flat_map(move |kind| {
        (
            name(),
            option::of("[^ \t\n].{0,20}"),
            vec(metric(kind, carrier), 1..5),
        )
            .prop_map(move |(name, help, metrics)| {
                let suffix = if kind == Kind::Counter && carrier == Carrier::OpenMetrics {
                    "_total"
                } else {
                    ""
                };
                let mut family = Family::new(format!("{name}{suffix}"), kind);
                family.help = help.map(Into::into);
                family.metrics = metrics;
                // A label that tells the members apart, wherever it stands.
                for (number, metric) in family.metrics.iter_mut().enumerate() {
                    metric.labels.push(Label::new("member", number.to_string()));
                }
                family
            })
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-zA-Z_:]{0,8}", 1 => "\\PC{0,6}"]
}

fn labels() -> impl Strategy<Value = Vec<Label<'static>>> {
    vec(
        (
            prop_oneof![3 => "[a-z_]{0,5}", 1 => "\\PC{0,4}"],
            prop_oneof![2 => "[a-z/0-9]{0,8}", 1 => ".{0,6}", 1 => "[\\\\\n\"]{1,3}"],
        ),
        0..5,
    )
    .prop_map(|pairs| {
        pairs
            .into_iter()
            .enumerate()
            .map(|(number, (name, value))| Label::new(format!("l{number}{name}"), value))
            .collect()
    })
}

fn metric(kind: Kind, carrier: Carrier) -> impl Strategy<Value = Metric<'static>> {
    let timestamp = match carrier {
        // Seconds as a float must give the same millisecond back.
        Carrier::OpenMetrics => {
            option::of((-1_000_000_000..1_000_000_000i64).prop_map(|s| s * 1000)).boxed()
        }
        _ => option::of(any::<i64>()).boxed(),
    };
    (labels(), value(kind, carrier), timestamp).prop_map(|(labels, value, timestamp_ms)| Metric {
        labels,
        value,
        timestamp_ms,
    })
}

fn value(kind: Kind, carrier: Carrier) -> BoxedStrategy<Value<'static>> {
    match kind {
        Kind::Counter => (
            number(carrier),
            option::of(exemplar(carrier)),
            created(carrier),
        )
            .prop_map(move |(value, exemplar, created)| {
                let exemplar = exemplar.filter(|_| carrier != Carrier::Text).map(Box::new);
                Value::Counter(Counter {
                    value,
                    exemplar,
                    created,
                })
            })
            .boxed(),
        Kind::Gauge => number(carrier).prop_map(Value::Gauge).boxed(),
        Kind::Untyped => number(carrier).prop_map(Value::Untyped).boxed(),
        Kind::Summary => summary(carrier)
            .prop_map(|summary| Value::Summary(Box::new(summary)))
            .boxed(),
        _ => histogram(carrier)
            .prop_map(|histogram| Value::Histogram(Box::new(histogram)))
            .boxed(),
    }
}

/// Any float; the writers of lines print a negative zero without its sign, as Go's do.
fn number(carrier: Carrier) -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        prop::num::f64::ANY,
        (-1000..1000i32).prop_map(f64::from)
    ]
    .prop_map(move |value| {
        if value == 0.0 && carrier != Carrier::Protobuf {
            0.0
        } else {
            value
        }
    })
}

fn created(carrier: Carrier) -> BoxedStrategy<Option<Timestamp>> {
    match carrier {
        // Created lines are an option of the OpenMetrics writer; text has no place for them.
        Carrier::Text | Carrier::OpenMetrics => Just(None).boxed(),
        Carrier::Protobuf => option::of(time(carrier)).boxed(),
    }
}

fn time(carrier: Carrier) -> impl Strategy<Value = Timestamp> {
    let whole = carrier != Carrier::Protobuf;
    (0..4_000_000_000i64, 0..1_000_000_000i32).prop_map(move |(seconds, nanos)| Timestamp {
        seconds,
        nanos: if whole { 0 } else { nanos },
    })
}

fn exemplar(carrier: Carrier) -> impl Strategy<Value = Exemplar<'static>> {
    (labels(), number(carrier), option::of(time(carrier))).prop_map(
        |(mut labels, value, timestamp)| {
            // client_golang writes no exemplar without labels; OpenMetrics allows 128 characters in all.
            labels.truncate(2);
            labels.push(Label::new("trace", "1"));
            Exemplar {
                labels,
                value,
                timestamp,
            }
        },
    )
}

fn summary(carrier: Carrier) -> impl Strategy<Value = Summary> {
    let quantile =
        (0.0..1.0, number(carrier)).prop_map(|(quantile, value)| Quantile { quantile, value });
    // A count passes through a float in the line formats.
    (
        0..1u64 << 53,
        number(carrier),
        vec(quantile, 0..4),
        created(carrier),
    )
        .prop_map(|(count, sum, quantiles, created)| Summary {
            count,
            sum,
            quantiles,
            created,
        })
}

fn histogram(carrier: Carrier) -> BoxedStrategy<Histogram<'static>> {
    let bucket = (-1e6..1e6f64, 0..1u64 << 53, option::of(exemplar(carrier)));
    let classic = (
        0..1u64 << 53,
        number(carrier),
        vec(bucket, 0..5),
        created(carrier),
        option::of(exemplar(carrier)),
    )
        .prop_map(move |(count, sum, mut buckets, created, last)| {
            buckets.sort_by(|a: &(f64, _, _), b| a.0.total_cmp(&b.0));
            buckets.dedup_by(|a, b| a.0 == b.0);
            // The lines end with a +Inf bucket that says the count.
            buckets.push((f64::INFINITY, count, last));
            let buckets = buckets
                .into_iter()
                .map(|(upper_bound, cumulative, exemplar)| Bucket {
                    upper_bound: if upper_bound == 0.0 { 0.0 } else { upper_bound },
                    cumulative_count: Count::Integer(cumulative),
                    exemplar: exemplar.filter(|_| carrier != Carrier::Text).map(Box::new),
                });
            Histogram {
                count: Count::Integer(count),
                sum,
                buckets: buckets.collect(),
                created,
                native: None,
            }
        });
    if carrier != Carrier::Protobuf {
        return classic.boxed();
    }
    (classic, option::of(native()), option::of(0.001..1e300))
        .prop_map(|(mut histogram, native, float)| {
            if let Some(float) = float {
                histogram.count = Count::Float(float);
            }
            histogram.native = native.map(Box::new);
            histogram
        })
        .boxed()
}

fn native() -> impl Strategy<Value = Native<'static>> {
    let count = prop_oneof![
        any::<u64>().prop_map(Count::Integer),
        (0.001..1e300).prop_map(Count::Float)
    ];
    let exemplars = vec(exemplar(Carrier::Protobuf), 0..3);
    (-53..9i32, 0.001..1.0, count, side(), side(), exemplars).prop_map(
        |(schema, zero_threshold, zero_count, negative, positive, exemplars)| Native {
            schema,
            zero_threshold,
            zero_count,
            negative,
            positive,
            exemplars,
        },
    )
}

fn side() -> impl Strategy<Value = NativeBuckets> {
    let span = (any::<i32>(), any::<u32>()).prop_map(|(offset, length)| Span { offset, length });
    (
        vec(span, 0..3),
        vec(any::<i64>(), 0..4),
        vec(any::<f64>(), 0..4),
    )
        .prop_map(|(spans, deltas, counts)| NativeBuckets {
            spans,
            deltas,
            counts,
        })
}
