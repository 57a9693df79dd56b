use super::*;
use crate::model::{Bucket, Count, Counter, Exemplar, Histogram, Quantile, Summary, Timestamp};

fn label(name: &'static str, value: &'static str) -> Label<'static> {
    Label::new(name, value)
}

#[track_caller]
fn check(header: Header<'_>, labels: &[Label<'_>], value: &Value<'_>, expected: &str) {
    check_style(
        Style {
            created_lines: true,
            ..Style::default()
        },
        header,
        labels,
        value,
        expected,
    );
}

#[track_caller]
fn check_style(
    style: Style,
    header: Header<'_>,
    labels: &[Label<'_>],
    value: &Value<'_>,
    expected: &str,
) {
    let mut out = Vec::new();
    style.begin(header, &mut out);
    if let Err(error) = style.metric(header, labels, value, None, &mut out) {
        out.extend_from_slice(format!("! {error}\n").as_bytes());
    }
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

fn header(name: &'static str, kind: Kind) -> Header<'static> {
    Header {
        name,
        help: None,
        kind,
        unit: "",
    }
}

fn exemplar() -> Option<Box<Exemplar<'static>>> {
    let timestamp = Some(Timestamp {
        seconds: 1_520_879_607,
        nanos: 789_000_000,
    });
    Some(Box::new(Exemplar {
        labels: vec![label("trace_id", "KO\"x")],
        value: 0.67,
        timestamp,
    }))
}

const CREATED: Option<Timestamp> = Some(Timestamp {
    seconds: 123,
    nanos: 456_000_000,
});

#[test]
fn counters() {
    let counter = |value| {
        Value::Counter(Counter {
            value,
            exemplar: exemplar(),
            created: CREATED,
        })
    };
    check(
        Header {
            help: Some("Say \"hi\"\n\\"),
            ..header("x_total", Kind::Counter)
        },
        &[label("a", "b\n")],
        &counter(42.0),
        "# HELP x Say \\\"hi\\\"\\n\\\\\n# TYPE x counter\n\
         x_total{a=\"b\\n\"} 42.0 # {trace_id=\"KO\\\"x\"} 0.67 1.520879607789e+09\nx_created{a=\"b\\n\"} 123.456\n",
    );
    check(
        header("x", Kind::Counter),
        &[],
        &Value::Counter(1e21.into()),
        "# TYPE x unknown\nx 1e+21\n",
    );
    check(
        header("_total", Kind::Counter),
        &[],
        &Value::Counter((-0.0).into()),
        "# TYPE \"\" counter\n_total 0.0\n",
    );
}

#[test]
fn plain_numbers() {
    check(
        header("x", Kind::Gauge),
        &[],
        &Value::Gauge(f64::NAN),
        "# TYPE x gauge\nx NaN\n",
    );
    check(
        header("x", Kind::Untyped),
        &[],
        &Value::Untyped(-1.0),
        "# TYPE x unknown\nx -1.0\n",
    );
    check(
        header("x", Kind::Gauge),
        &[],
        &Value::Gauge(f64::NEG_INFINITY),
        "# TYPE x gauge\nx -Inf\n",
    );
    check(
        header("x_info", Kind::Info),
        &[label("v", "1")],
        &Value::Gauge(1.0),
        "# TYPE x info\nx_info{v=\"1\"} 1.0\n",
    );
    check(
        header("x", Kind::StateSet),
        &[label("x", "on")],
        &Value::Gauge(0.0),
        "# TYPE x stateset\nx{x=\"on\"} 0.0\n",
    );
    check(
        header("x", Kind::Gauge),
        &[],
        &Value::Untyped(0.0),
        "# TYPE x gauge\n! family \"x\" is a gauge, but one of its metrics holds another kind of value\n",
    );
}

#[test]
fn summaries_and_histograms() {
    let quantiles = vec![Quantile {
        quantile: 0.5,
        value: 2.0,
    }];
    let summary = Summary {
        count: 3,
        sum: 1.5,
        quantiles,
        created: CREATED,
    };
    check(
        header("s", Kind::Summary),
        &[label("a", "b")],
        &Value::Summary(Box::new(summary)),
        "# TYPE s summary\ns{a=\"b\",quantile=\"0.5\"} 2.0\ns_sum{a=\"b\"} 1.5\ns_count{a=\"b\"} 3\n\
         s_created{a=\"b\"} 123.456\n",
    );
    let bucket = |upper_bound, count| Bucket {
        upper_bound,
        cumulative_count: count,
        exemplar: exemplar(),
    };
    let mut histogram = Histogram {
        count: Count::Integer(3),
        sum: 1.5,
        buckets: vec![bucket(1.0, Count::Integer(2))],
        created: CREATED,
        native: None,
    };
    check(
        header("h", Kind::Histogram),
        &[],
        &Value::Histogram(Box::new(histogram.clone())),
        "# TYPE h histogram\nh_bucket{le=\"1.0\"} 2 # {trace_id=\"KO\\\"x\"} 0.67 1.520879607789e+09\n\
         h_bucket{le=\"+Inf\"} 3\nh_sum 1.5\nh_count 3\nh_created 123.456\n",
    );
    histogram.buckets.push(bucket(2.0, Count::Float(0.5)));
    check(
        header("h", Kind::GaugeHistogram),
        &[],
        &Value::Histogram(Box::new(histogram)),
        "# TYPE h gaugehistogram\n! family \"h\": OpenMetrics 1.0 does not support float histograms\n",
    );
}

#[test]
fn names_outside_the_classic_alphabet() {
    let labels = [label("la.bel", "1"), label("__name__", "o.ther")];
    let value = Value::Counter(1.0.into());
    let style = |escaping| Style {
        escaping,
        ..Style::default()
    };
    let name = header("my.x_total", Kind::Counter);
    check_style(
        style(Escaping::AllowUtf8),
        name,
        &labels,
        &value,
        "# TYPE \"my.x\" counter\n{\"my.x_total\",\"la.bel\"=\"1\",__name__=\"o.ther\"} 1.0\n",
    );
    check_style(
        style(Escaping::Underscores),
        name,
        &labels,
        &value,
        "# TYPE my_x counter\nmy_x_total{la_bel=\"1\",__name__=\"o_ther\"} 1.0\n",
    );
    check_style(
        style(Escaping::Dots),
        name,
        &[],
        &value,
        "# TYPE my_dot_x_ counter\nmy_dot_x__total 1.0\n",
    );
    check_style(
        style(Escaping::Values),
        name,
        &[],
        &value,
        "# TYPE U__my_2e_x_ counter\nU__my_2e_x__total 1.0\n",
    );
}

#[test]
fn units() {
    let style = Style {
        units: true,
        ..Style::default()
    };
    let unit = |name| Header {
        unit: "seconds",
        ..header(name, Kind::Counter)
    };
    let value = Value::Counter(1.0.into());
    let expected = "# TYPE x_seconds counter\n# UNIT x_seconds seconds\nx_seconds_total 1.0\n";
    check_style(style, unit("x_seconds_total"), &[], &value, expected);
    check_style(style, unit("x_total"), &[], &value, expected);
    check(
        unit("x_total"),
        &[],
        &value,
        "# TYPE x counter\nx_total 1.0\n",
    );
}
