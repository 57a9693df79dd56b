//! Pages in parts equal pages written whole from the values, and kept parts equal fresh ones.

use promontory_exposition::format::Writer;
use promontory_exposition::model::{
    Bucket, Count, Counter, Histogram, Native, Quantile, Summary, Timestamp,
};
use promontory_exposition::{Escaping, Kind, Label, Metric, Value, gzip};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::family::{Origin, PushedFamily};
use crate::group::GroupingKey;
use crate::shape::READY;
use crate::time::UnixNanos;

/// Labels before, between and after the grouping labels `job`, `k` and `m`.
const NAMES: &[&str] = &["a", "instance", "ja", "kz", "z"];
const VALUES: &[&str] = &["", "1", "2", "ü\n\"\\", "\u{1}"];

/// Each way in which metrics are written.
const TARGETS: [(Format, Escaping); 7] = [
    (Format::Text, Escaping::Underscores),
    (Format::Text, Escaping::Dots),
    (Format::Text, Escaping::AllowUtf8),
    (Format::Protobuf, Escaping::AllowUtf8),
    (Format::Protobuf, Escaping::Dots),
    (Format::ProtobufText, Escaping::Underscores),
    (Format::ProtobufCompact, Escaping::Underscores),
];

/// A family of one group: type, metrics by their labels, a seed for the numbers.
type Wish = (Kind, Vec<Vec<(&'static str, &'static str)>>, u32);

fn wish() -> impl Strategy<Value = Wish> {
    let kinds = [
        Kind::Gauge,
        Kind::Counter,
        Kind::Untyped,
        Kind::Summary,
        Kind::Histogram,
    ];
    // Own labels without a value would make one series twice, which is never held.
    let label = (select(NAMES), select(&VALUES[1..]));
    let labels = prop::collection::vec(label, 0..3).prop_map(|mut labels| {
        labels.sort_unstable();
        labels.dedup_by_key(|label| label.0);
        labels
    });
    let metrics =
        prop::collection::btree_set(labels, 1..4).prop_map(|set| set.into_iter().collect());
    (select(kinds.to_vec()), metrics, 0..1000_u32)
}

fn key() -> impl Strategy<Value = GroupingKey> {
    let rest = prop::collection::vec((select(&["k", "m"][..]), select(VALUES)), 0..3);
    (select(&["x", "y"][..]), rest).prop_map(|(job, rest)| {
        let labels = rest.into_iter().chain([("job", job)]);
        GroupingKey::from_labels(
            labels
                .map(|(name, value)| Label::new(name, value))
                .collect(),
        )
    })
}

fn value(kind: Kind, seed: u32) -> Value<'static> {
    let number = f64::from(seed) / 8.0;
    let count = Count::Integer(u64::from(seed));
    match kind {
        Kind::Gauge => Value::Gauge(number),
        Kind::Counter => Value::Counter(Counter {
            created: seed.is_multiple_of(3).then(|| Timestamp {
                seconds: seed.into(),
                nanos: 5,
            }),
            ..number.into()
        }),
        Kind::Summary => Value::Summary(Box::new(Summary {
            count: 7,
            sum: number,
            quantiles: vec![Quantile {
                quantile: 0.5,
                value: number,
            }],
            created: None,
        })),
        Kind::Histogram => Value::Histogram(Box::new(Histogram {
            count,
            sum: number,
            buckets: [0.25, 4.0]
                .map(|upper_bound| Bucket {
                    upper_bound,
                    cumulative_count: if seed.is_multiple_of(2) {
                        count
                    } else {
                        Count::Float(number)
                    },
                    exemplar: None,
                })
                .into(),
            // Its numbers stay in the shape.
            native: seed.is_multiple_of(5).then(|| {
                Box::new(Native {
                    schema: 3,
                    zero_count: count,
                    ..Native::default()
                })
            }),
            ..Histogram::default()
        })),
        _ => Value::Untyped(number),
    }
}

/// A family under the name `f`.
fn family((_, metrics, seed): &Wish, kind: Kind) -> Family<'static> {
    let mut family = Family::new("f", kind).with_help("Help.");
    for (at, labels) in (0..).zip(metrics) {
        family.metrics.push(Metric {
            labels: labels
                .iter()
                .map(|(name, value)| Label::new(*name, *value))
                .collect(),
            value: value(kind, seed + at),
            timestamp_ms: None,
        });
    }
    family
}

fn put(view: &mut View, key: &GroupingKey, family: Family<'_>) {
    put_from(view, key, family, Origin::Classic);
}

fn put_from(view: &mut View, key: &GroupingKey, family: Family<'_>, origin: Origin) {
    let pushed = PushedFamily::new(key, family, origin, UnixNanos(1)).unwrap();
    view.put_group(key.clone(), vec![Arc::new(pushed)]);
}

/// The page as the format's writer writes it from all values, some of them the program's own.
fn rendered(view: &View, own: &[Family<'_>], target: Target) -> Vec<u8> {
    let pushed = view.groups().map(|group| group.families()[0].decode());
    let pushed: Vec<Family<'_>> = pushed.map(Result::unwrap).collect();
    let families: Vec<_> = own.iter().chain(&pushed).collect();
    let mut metrics: Vec<_> = families.iter().flat_map(|family| &family.metrics).collect();
    metrics.sort_by_key(|metric| {
        let values = metric.labels.iter().map(|label| label.value.clone());
        (metric.labels.len(), values.collect::<Vec<_>>())
    });
    let mut out = Vec::new();
    let mut writer = Writer::new(target, &mut out);
    writer.begin(families[0].header());
    for metric in metrics {
        writer.metric(&metric.labels, &metric.value, None).unwrap();
    }
    writer.finish();
    out
}

/// The page, and what its gzip stream is when it is unpacked.
fn pages(pages: &Pages, view: &View, own: &[Family<'_>], target: Target) -> [Vec<u8>; 2] {
    let (mut page, mut blocks) = (Vec::new(), Vec::new());
    for compressed in [false, true] {
        let mut sink = |piece: Piece<'_>| {
            match piece {
                Piece::Block(block) => blocks.push(block.clone()),
                Piece::Text(text) if compressed => blocks.push(Block::compress(text)),
                Piece::Text(text) => page.extend_from_slice(text),
            }
            Ok::<(), PageError>(())
        };
        pages
            .write(view, target, own, compressed, &mut sink)
            .unwrap();
    }
    let mut stream = Vec::new();
    gzip::join(&blocks, &mut stream);
    [page, gzip::inflate(&stream, 1 << 20).unwrap()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parts_and_kept_parts_show_what_is_held(
        kind in wish().prop_map(|wish| wish.0),
        pushes in prop::collection::vec((key(), wish()), 1..20),
        own in prop::option::of(wish()),
        target in select(&TARGETS[..]),
    ) {
        let (format, escaping) = target;
        let target = Target { format, escaping };
        let kept = Pages::default();
        let mut view = View::default();
        let mut own: Vec<_> = own.iter().map(|own| family(own, kind)).collect();
        // The program's metrics have fewer labels than any group's have.
        for metric in own.iter_mut().flat_map(|own| &mut own.metrics) {
            metric.labels.truncate(1);
        }
        own.iter_mut().for_each(|own| own.metrics.truncate(1));
        for (key, wish) in &pushes {
            put(&mut view, key, family(wish, kind));
            let expected = rendered(&view, &own, target);
            let [page, unpacked] = pages(&kept, &view, &own, target);
            prop_assert_eq!(String::from_utf8_lossy(&page), String::from_utf8_lossy(&expected));
            prop_assert_eq!(&unpacked, &expected);
            prop_assert_eq!(&page, &expected);
        }
    }

    /// OpenMetrics has rules of its own, so only kept parts are compared, and what is left when types differ.
    #[test]
    fn kept_parts_of_openmetrics_are_as_fresh_ones(
        kind in wish().prop_map(|wish| wish.0),
        pushes in prop::collection::vec((key(), wish(), any::<bool>()), 1..12),
    ) {
        let target = Target { format: Format::OpenMetrics, escaping: Escaping::Underscores };
        let kept = Pages::default();
        let mut view = View::default();
        for (key, wish, native) in &pushes {
            let origin = if *native { Origin::OpenMetrics } else { Origin::Classic };
            put_from(&mut view, key, family(wish, kind), origin);
            let [page, unpacked] = pages(&kept, &view, &[], target);
            prop_assert_eq!(String::from_utf8_lossy(&unpacked), String::from_utf8_lossy(&page));
            prop_assert_eq!(&view.page(target, &[]).unwrap().concat(), &page);
        }
    }
}

/// Gauge histograms that were not pushed as OpenMetrics are shown by their parts, whose names others may have.
#[test]
fn openmetrics_names_each_family_once() {
    let mut view = View::default();
    let names = [
        ("x", Kind::GaugeHistogram),
        ("x_sum", Kind::Gauge),
        ("x_count_total", Kind::Counter),
    ];
    for (name, kind) in names {
        let value_kind = match kind {
            Kind::GaugeHistogram => Kind::Histogram,
            kind => kind,
        };
        let mut family = Family::new(name, kind);
        family.metrics.push(Metric {
            labels: Vec::new(),
            value: value(value_kind, 8),
            timestamp_ms: None,
        });
        let key = GroupingKey::from_labels(vec![Label::new("job", name)]);
        put_from(&mut view, &key, family, Origin::Classic);
    }
    let target = Target {
        format: Format::OpenMetrics,
        escaping: Escaping::Underscores,
    };
    let page = view.page(target, &[]).unwrap().concat();
    let page = String::from_utf8(page).unwrap();
    let types = page.lines().filter(|line| line.starts_with("# TYPE"));
    let types: Vec<_> = types.collect();
    let expected = [
        "# TYPE x_bucket unknown",
        "# TYPE x_count unknown",
        "# TYPE x_count_total unknown",
        "# TYPE x_sum gauge",
    ];
    assert_eq!(types, expected, "{page}");
}

/// A change compresses the part of its group alone, also when it brings a new group.
#[test]
fn a_change_leaves_other_parts_as_they_are() {
    let pages = Pages::default();
    let mut view = View::default();
    let key = |at: usize| GroupingKey::from_labels(vec![Label::new("job", format!("{at:05}"))]);
    let gauge = |number| family(&(Kind::Gauge, vec![vec![]], number), Kind::Gauge);
    for at in 0..20_000 {
        put(&mut view, &key(at), gauge(1));
    }
    let blocks = |view: &View| {
        let mut blocks = Vec::new();
        let mut note = |piece: Piece<'_>| {
            if let Piece::Block(block) = piece {
                blocks.push(std::ptr::from_ref(block) as usize);
            }
            Ok::<(), PageError>(())
        };
        pages.write(view, READY, &[], true, &mut note).unwrap();
        blocks
    };
    let new = |before: &[usize], after: &[usize]| {
        after.iter().filter(|block| !before.contains(block)).count()
    };
    let first = blocks(&view);
    assert!(first.len() > 20, "{}", first.len());
    assert_eq!(blocks(&view), first, "nothing is new");
    put(&mut view, &key(7_000), gauge(2));
    // Kept alive, so that no new block can get the address of an old one.
    let plan = pages.plan.load_full();
    let second = blocks(&view);
    assert_eq!(new(&first, &second), 1, "another number");
    put(&mut view, &key(30_000), gauge(2));
    let third = blocks(&view);
    assert_eq!(new(&second, &third), 1, "another group");
    drop(plan);
}
