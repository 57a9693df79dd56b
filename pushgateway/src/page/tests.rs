//! Pages from templates equal pages rendered from the values, and kept parts equal fresh ones.

use promontory_exposition::format::Writer;
use promontory_exposition::model::{Bucket, Count, Histogram, Native, Quantile, Summary};
use promontory_exposition::{Kind, Label, Metric, Value, gzip};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::family::{Origin, PushedFamily};
use crate::group::GroupingKey;
use crate::shape::{READY, compare};
use crate::time::UnixNanos;

/// Labels before, between and after the grouping labels `job`, `k` and `m`.
const NAMES: &[&str] = &["a", "instance", "ja", "kz", "z"];
const VALUES: &[&str] = &["", "1", "2", "ü\n\"\\", "\u{1}"];

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
        Kind::Counter => Value::Counter(number.into()),
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
    let pushed = PushedFamily::new(key, family, Origin::Classic, UnixNanos(1)).unwrap();
    view.put_group(key.clone(), vec![Arc::new(pushed)]);
}

/// The page as the text writer writes it from all values.
fn rendered(view: &View) -> String {
    let families: Vec<_> = view
        .groups()
        .map(|group| group.families()[0].decode().unwrap())
        .collect();
    let mut metrics: Vec<_> = families.iter().flat_map(|family| &family.metrics).collect();
    metrics.sort_by(|a, b| compare(a, b));
    let mut out = Vec::new();
    let mut writer = Writer::new(READY, &mut out);
    writer.begin(families[0].header());
    for metric in metrics {
        writer.metric(&metric.labels, &metric.value, None).unwrap();
    }
    writer.finish();
    String::from_utf8(out).unwrap()
}

/// The page as one gzip stream, unpacked.
fn unpacked(pages: &Pages, view: &View) -> String {
    let mut blocks = Vec::new();
    pages
        .write(view, READY, &[], true, &mut |piece| {
            match piece {
                Piece::Block(block) => blocks.push(block.clone()),
                Piece::Text(text) => blocks.push(Block::compress(text)),
            }
            Ok::<(), PageError>(())
        })
        .unwrap();
    let mut stream = Vec::new();
    gzip::join(&blocks, &mut stream);
    String::from_utf8(gzip::inflate(&stream, 1 << 20).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn templates_and_kept_parts_show_what_is_held(
        kind in wish().prop_map(|wish| wish.0),
        pushes in prop::collection::vec((key(), wish()), 1..20),
    ) {
        let pages = Pages::default();
        let mut view = View::default();
        for (key, wish) in &pushes {
            put(&mut view, key, family(wish, kind));
            let expected = rendered(&view);
            let page = view.page(READY, &[]).unwrap().concat();
            prop_assert_eq!(std::str::from_utf8(&page).unwrap(), &expected);
            prop_assert_eq!(unpacked(&pages, &view), expected);
        }
    }
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
