use proptest::prelude::*;

use super::*;
use crate::format::{Format, Limits};
use crate::model::{Family, Kind, Value};
use crate::name::Escaping;
use crate::protobuf;

const TARGET: Target = Target {
    format: Format::Protobuf,
    escaping: Escaping::AllowUtf8,
};

fn metric(
    labels: &[(&'static str, &str)],
    value: f64,
    timestamp_ms: Option<i64>,
) -> Metric<'static> {
    let labels = labels
        .iter()
        .map(|&(name, value)| Label::new(name, value.to_owned()))
        .collect();
    Metric {
        labels,
        value: Value::Gauge(value),
        timestamp_ms,
    }
}

/// client_golang's `MetricSorter`, spelled out.
fn compare(a: &Metric<'_>, b: &Metric<'_>) -> std::cmp::Ordering {
    let values = |metric: &Metric<'_>| {
        let mut labels = metric.labels.clone();
        labels.sort_by(|a, b| a.name.cmp(&b.name));
        labels
            .into_iter()
            .map(|label| label.value.into_owned())
            .collect::<Vec<_>>()
    };
    (a.labels.len().cmp(&b.labels.len()))
        .then_with(|| values(a).cmp(&values(b)))
        .then_with(|| {
            (a.timestamp_ms.is_none(), a.timestamp_ms)
                .cmp(&(b.timestamp_ms.is_none(), b.timestamp_ms))
        })
}

/// Renders each owner's metrics, merges the chunks, and reads the page back.
fn merged(owners: &[Vec<Metric<'static>>]) -> Vec<Metric<'static>> {
    let family = Family::new("f", Kind::Gauge).with_help("Help.");
    let header = family.header();
    let mut chunks: Vec<_> = owners
        .iter()
        .filter_map(|metrics| Chunk::render(TARGET, header, metrics).unwrap())
        .collect();
    chunks.sort_by(|a, b| a.first().cmp(b.first()));
    let mut page = Vec::new();
    write_family(TARGET, header, &chunks, &mut page);
    let families = protobuf::read_delimited(&page, &Limits::default()).unwrap();
    families
        .first()
        .map(|family| {
            family
                .metrics
                .iter()
                .map(|metric| Metric {
                    labels: metric
                        .labels
                        .iter()
                        .map(|label| Label::new(label.name.to_string(), label.value.to_string()))
                        .collect(),
                    value: match metric.value {
                        Value::Gauge(value) => Value::Gauge(value),
                        _ => panic!("only gauges were written"),
                    },
                    timestamp_ms: metric.timestamp_ms,
                })
                .collect()
        })
        .unwrap_or_default()
}

#[test]
fn nothing_is_written_without_metrics() {
    let family = Family::new("f", Kind::Gauge);
    assert!(
        Chunk::render(TARGET, family.header(), &[])
            .unwrap()
            .is_none()
    );
    let mut page = Vec::new();
    write_family(TARGET, family.header(), [], &mut page);
    assert!(page.is_empty());
}

#[test]
fn labels_are_sorted_and_metrics_ordered() {
    let page = merged(&[
        vec![
            metric(&[("b", "2"), ("a", "x")], 1.0, None),
            metric(&[("z", "1")], 2.0, None),
        ],
        vec![
            metric(&[("a", "w"), ("b", "9")], 3.0, None),
            metric(&[], 4.0, None),
        ],
    ]);
    let values: Vec<_> = page.iter().map(|metric| metric.value.clone()).collect();
    assert_eq!(values, [4.0, 2.0, 3.0, 1.0].map(Value::Gauge));
    assert_eq!(page[3].labels, [Label::new("a", "x"), Label::new("b", "2")]);
}

#[test]
fn a_value_that_does_not_suit_is_refused() {
    let family = Family::new("f", Kind::Counter);
    let wrong = [metric(&[], 1.0, None)];
    assert_eq!(
        Chunk::render(TARGET, family.header(), &wrong).unwrap_err(),
        WriteError::KindMismatch {
            family: "f".to_owned(),
            kind: Kind::Counter
        }
    );
}

proptest! {
    /// Whoever owns what, the page is the sorted whole.
    #[test]
    fn owners_do_not_show_on_the_page(
        owners in prop::collection::vec(
            prop::collection::vec(
                (prop::collection::vec("[\u{0}-\u{3}a]{0,3}", 0..4), prop::option::of(-2i64..2)), 0..6),
            0..5),
    ) {
        const NAMES: [&str; 4] = ["d", "b", "c", "a"];
        let mut number = 0.0;
        let owners: Vec<Vec<_>> = owners.iter().map(|metrics| metrics.iter().map(|(values, timestamp)| {
            number += 1.0;
            let labels: Vec<_> = NAMES.iter().copied().zip(values.iter().map(String::as_str)).collect();
            metric(&labels, number, *timestamp)
        }).collect()).collect();
        let page = merged(&owners);
        prop_assert_eq!(page.len(), owners.iter().map(Vec::len).sum::<usize>());
        prop_assert!(page.is_sorted_by(|a, b| compare(a, b).is_le()));
        let mut values: Vec<_> = page.iter().map(|metric| match metric.value {
            Value::Gauge(value) => value as usize,
            _ => 0,
        }).collect();
        values.sort_unstable();
        prop_assert!(values.iter().copied().eq(1..=page.len()));
    }
}
