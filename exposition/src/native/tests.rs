use super::*;
use crate::model::Span;

fn side(spans: &[(i32, u32)], deltas: &[i64], counts: &[f64]) -> NativeBuckets {
    let spans = spans
        .iter()
        .map(|&(offset, length)| Span { offset, length })
        .collect();
    NativeBuckets {
        spans,
        deltas: deltas.to_vec(),
        counts: counts.to_vec(),
    }
}

#[track_caller]
fn check(
    count: Count,
    schema: i32,
    zero: Count,
    positive: NativeBuckets,
    expected: Result<(), &str>,
) {
    let native = Native {
        schema,
        zero_count: zero,
        positive,
        ..Native::default()
    };
    let histogram = Histogram {
        count,
        native: Some(Box::new(native)),
        ..Histogram::default()
    };
    assert_eq!(histogram.check_native(), expected);
}

#[test]
fn integer_histograms() {
    let check = |count, positive, expected| {
        check(
            Count::Integer(count),
            3,
            Count::Integer(1),
            positive,
            expected,
        )
    };
    check(6, side(&[(-5, 2), (1, 1)], &[1, 1, 0], &[]), Ok(()));
    check(
        7,
        side(&[(0, 3)], &[1, 1, 0], &[]),
        Err("the count is not that of the buckets together"),
    );
    check(
        5,
        side(&[(0, 3)], &[1, 1, 0], &[]),
        Err("the count is not that of the buckets together"),
    );
    check(
        1,
        side(&[(0, 2)], &[1, -2], &[]),
        Err("a bucket's count is negative"),
    );
    check(
        1,
        side(&[(0, 2)], &[i64::MAX, 1], &[]),
        Err("a bucket's count is negative"),
    );
    check(
        2,
        side(&[(0, 2)], &[1], &[]),
        Err("the spans tell of another number of buckets than there are"),
    );
    check(
        3,
        side(&[(0, 1), (-1, 1)], &[1, 0], &[]),
        Err("a span's offset is negative"),
    );
    check(
        1,
        side(&[(0, u32::MAX); 3], &[], &[]),
        Err("the spans tell of another number of buckets than there are"),
    );
}

#[test]
fn observations_that_are_no_number_are_in_no_bucket() {
    let native = Native {
        positive: side(&[(0, 1)], &[1], &[]),
        ..Native::default()
    };
    let native = Some(Box::new(native));
    let histogram = Histogram {
        count: Count::Integer(3),
        sum: f64::NAN,
        native,
        ..Histogram::default()
    };
    assert_eq!(histogram.check_native(), Ok(()));
}

#[test]
fn float_histograms() {
    let check = |count, positive, expected| {
        check(
            Count::Float(count),
            3,
            Count::Float(1.0),
            positive,
            expected,
        )
    };
    check(6.5, side(&[(0, 2)], &[], &[1.0, 4.5]), Ok(()));
    check(
        6.5,
        side(&[(0, 2)], &[], &[1.0, -4.5]),
        Err("a bucket's or the whole count is negative"),
    );
    check(
        -6.5,
        side(&[(0, 1)], &[], &[1.0]),
        Err("a bucket's or the whole count is negative"),
    );
    check(
        6.5,
        side(&[(0, 2)], &[1, 1], &[]),
        Err("the spans tell of another number of buckets than there are"),
    );
}

#[test]
fn schemas() {
    let check = |schema, expected| {
        check(
            Count::Integer(1),
            schema,
            Count::Integer(0),
            side(&[(0, 1)], &[1], &[]),
            expected,
        );
    };
    check(-4, Ok(()));
    check(52, Ok(()));
    check(-5, Err("the schema is unknown"));
    check(53, Err("the schema is unknown"));
    check(-53, Ok(()));
}

#[test]
fn custom_buckets_need_bounds() {
    let two = side(&[(0, 2)], &[1, 0], &[]);
    check(
        Count::Integer(2),
        -53,
        Count::Integer(0),
        two,
        Err("custom buckets have no bounds"),
    );
    let one = side(&[(0, 1)], &[1], &[]);
    let expected = Err("custom buckets go with negative ones or a zero bucket");
    check(Count::Integer(2), -53, Count::Integer(1), one, expected);
}

#[test]
fn classic_histograms_are_fine() {
    assert_eq!(Histogram::default().check_native(), Ok(()));
    check(
        Count::Integer(2),
        99,
        Count::Integer(0),
        NativeBuckets::default(),
        Ok(()),
    );
}
