//! Pages as `expfmt.MetricFamilyToText` prints them.

use crate::error::WriteError;
use crate::format::{self, Format, Target};
use crate::model::{
    Bucket, Count, Counter, Family, Histogram, Kind, Label, Metric, Quantile, Summary, Value,
};
use crate::name::Escaping;

fn one(
    kind: Kind,
    labels: &[(&'static str, &'static str)],
    value: Value<'static>,
) -> Family<'static> {
    let mut family = Family::new("x", kind);
    let labels = labels
        .iter()
        .map(|&(name, value)| Label::new(name, value))
        .collect();
    family.metrics.push(Metric {
        labels,
        value,
        timestamp_ms: None,
    });
    family
}

fn page(family: &Family<'_>, escaping: Escaping) -> String {
    let mut out = Vec::new();
    let target = Target {
        format: Format::Text,
        escaping,
    };
    format::write(target, std::slice::from_ref(family), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn check(family: &Family<'_>, expected: &str) {
    assert_eq!(page(family, Escaping::Underscores), expected);
}

#[test]
fn plain_values() {
    check(
        &one(Kind::Counter, &[], Value::Counter(Counter::from(2.0))),
        "# TYPE x counter\nx 2\n",
    );
    check(
        &one(Kind::Gauge, &[], Value::Gauge(-0.0)),
        "# TYPE x gauge\nx 0\n",
    );
    check(
        &one(Kind::Untyped, &[], Value::Untyped(f64::NAN)),
        "# TYPE x untyped\nx NaN\n",
    );
    check(
        &one(Kind::Info, &[("v", "1")], Value::Gauge(1.0)),
        "# TYPE x gauge\nx{v=\"1\"} 1\n",
    );
    let mut timed = one(Kind::Gauge, &[], Value::Gauge(1e6));
    timed.metrics[0].timestamp_ms = Some(-3);
    check(&timed, "# TYPE x gauge\nx 1e+06 -3\n");
}

#[test]
fn escapes_help_and_values() {
    let family = one(
        Kind::Gauge,
        &[("a", "q\"b\\n\nü"), ("b", "")],
        Value::Gauge(0.5),
    )
    .with_help("\"h\" \\ \n");
    check(
        &family,
        "# HELP x \"h\" \\\\ \\n\n# TYPE x gauge\nx{a=\"q\\\"b\\\\n\\nü\",b=\"\"} 0.5\n",
    );
    check(
        &one(Kind::Gauge, &[], Value::Gauge(1.0)).with_help(""),
        "# HELP x \n# TYPE x gauge\nx 1\n",
    );
}

#[test]
fn summaries() {
    let summary = Summary {
        count: 7,
        sum: 1.5,
        quantiles: vec![
            Quantile {
                quantile: 0.5,
                value: f64::NAN,
            },
            Quantile {
                quantile: 1.0,
                value: 3.0,
            },
        ],
        created: None,
    };
    check(
        &one(
            Kind::Summary,
            &[("a", "\"")],
            Value::Summary(Box::new(summary)),
        ),
        "# TYPE x summary\nx{a=\"\\\"\",quantile=\"0.5\"} NaN\nx{a=\"\\\"\",quantile=\"1\"} 3\nx_sum{a=\"\\\"\"} 1.5\nx_count{a=\"\\\"\"} 7\n",
    );
}

fn histogram(count: Count, buckets: &[(f64, Count)]) -> Value<'static> {
    let buckets = buckets
        .iter()
        .map(|&(upper_bound, cumulative_count)| Bucket {
            upper_bound,
            cumulative_count,
            exemplar: None,
        })
        .collect();
    Value::Histogram(Box::new(Histogram {
        count,
        sum: 4.0,
        buckets,
        ..Histogram::default()
    }))
}

#[test]
fn histograms_get_their_infinite_bucket() {
    let value = histogram(Count::Integer(9), &[(0.1, Count::Integer(2))]);
    check(
        &one(Kind::Histogram, &[], value),
        "# TYPE x histogram\nx_bucket{le=\"0.1\"} 2\nx_bucket{le=\"+Inf\"} 9\nx_sum 4\nx_count 9\n",
    );
    let value = histogram(Count::Float(2.5), &[(f64::INFINITY, Count::Float(2.5))]);
    check(
        &one(Kind::GaugeHistogram, &[], value),
        "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 2.5\nx_sum 4\nx_count 2.5\n",
    );
    check(
        &one(Kind::Histogram, &[], histogram(Count::Integer(3), &[])),
        "# TYPE x histogram\nx_bucket{le=\"+Inf\"} 3\nx_sum 4\nx_count 3\n",
    );
}

#[test]
fn foreign_names_are_escaped_or_quoted() {
    let mut family = one(
        Kind::Summary,
        &[("lä", "v")],
        Value::Summary(Box::default()),
    )
    .with_help("h");
    family.name = "a.b\"".into();
    let check = |escaping, expected: &str| assert_eq!(page(&family, escaping), expected);
    check(
        Escaping::AllowUtf8,
        "# HELP \"a.b\\\"\" h\n# TYPE \"a.b\\\"\" summary\n{\"a.b\\\"_sum\",\"lä\"=\"v\"} 0\n{\"a.b\\\"_count\",\"lä\"=\"v\"} 0\n",
    );
    check(
        Escaping::Underscores,
        "# HELP a_b_ h\n# TYPE a_b_ summary\na_b__sum{l_=\"v\"} 0\na_b__count{l_=\"v\"} 0\n",
    );
    check(
        Escaping::Dots,
        "# HELP a_dot_b__ h\n# TYPE a_dot_b__ summary\na_dot_b___sum{l__=\"v\"} 0\na_dot_b___count{l__=\"v\"} 0\n",
    );
    let mut bare = one(Kind::Gauge, &[], Value::Gauge(1.0));
    bare.name = "a b".into();
    assert_eq!(
        page(&bare, Escaping::AllowUtf8),
        "# TYPE \"a b\" gauge\n{\"a b\"} 1\n"
    );
}

#[test]
fn refuses_what_does_not_fit() {
    let target = Target {
        format: Format::Text,
        escaping: Escaping::Underscores,
    };
    let family = one(Kind::Counter, &[], Value::Gauge(1.0));
    let error = format::write(target, &[family], &mut Vec::new()).unwrap_err();
    assert_eq!(
        error,
        WriteError::KindMismatch {
            family: "x".into(),
            kind: Kind::Counter
        }
    );
    let mut family = one(Kind::Gauge, &[], Value::Gauge(1.0));
    family.name = "".into();
    assert_eq!(
        format::write(target, &[family], &mut Vec::new()),
        Err(WriteError::NoName)
    );
}
