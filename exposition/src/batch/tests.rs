use super::*;
use crate::error::WriteError;
use crate::format::{Format, Limits, Target};
use crate::model::{Counter, Timestamp};
use crate::name::Escaping;
use crate::protobuf;

const TARGET: Target = Target {
    format: Format::Protobuf,
    escaping: Escaping::AllowUtf8,
};

fn header(name: &str, kind: Kind) -> Header<'_> {
    Header {
        name,
        help: None,
        kind,
        unit: "",
    }
}

/// The page as `name{label values} number` words.
fn page(batch: &Batch) -> Result<String, WriteError> {
    let mut page = Vec::new();
    batch.write(TARGET, &mut page)?;
    let families = protobuf::read_delimited(&page, &Limits::default()).unwrap();
    assert_eq!(families, batch.families());
    let mut words = Vec::new();
    for family in &families {
        for metric in &family.metrics {
            let labels: Vec<_> = metric
                .labels
                .iter()
                .map(|label| format!("{}={}", label.name, label.value))
                .collect();
            let value = match &metric.value {
                Value::Counter(counter) => counter.value.to_string(),
                Value::Gauge(value) | Value::Untyped(value) => value.to_string(),
                other => format!("{other:?}"),
            };
            words.push(format!("{}{{{}}} {value}", family.name, labels.join(",")));
        }
    }
    Ok(words.join("; "))
}

#[track_caller]
fn check(fill: impl FnOnce(&mut Batch), expected: &str) {
    let mut batch = Batch::default();
    fill(&mut batch);
    let shown = page(&batch).unwrap_or_else(|error| error.to_string());
    assert_eq!(shown, expected);
}

#[test]
fn families_metrics_and_labels_are_sorted() {
    check(|_| {}, "");
    check(
        |batch| {
            let mut family = batch.family(header("b", Kind::Gauge));
            family.sample(&[("x", "2")], 1.0);
            family.sample(&[("x", "1")], 2.0);
            family.sample(&[], 3.0);
            family.sample(&[("y", "0"), ("x", "9")], 4.0);
            batch.family(header("a", Kind::Counter)).sample(&[], 5.0);
            batch.family(header("c", Kind::Untyped));
            batch
                .family(header("b", Kind::Gauge))
                .sample(&[("x", "0")], 6.0);
        },
        "a{} 5; b{} 3; b{x=0} 6; b{x=1} 2; b{x=2} 1; b{x=9,y=0} 4",
    );
}

#[test]
fn batches_join() {
    let part = |name: &str, label: &str| {
        let mut batch = Batch::default();
        let mut family = batch.family(header(name, Kind::Counter));
        family.sample(&[("l", label)], 1.0);
        let created = Some(Timestamp {
            seconds: 1,
            nanos: 0,
        });
        family.metric(
            &[("l", "whole")],
            &Value::Counter(Counter {
                value: 2.0,
                exemplar: None,
                created,
            }),
            None,
        );
        batch
    };
    check(
        |batch| {
            batch.append(&part("b", "1"));
            batch.append(&part("a", "2"));
            let mut more = part("c", "3");
            more.family(header("b", Kind::Counter))
                .sample(&[("l", "0")], 9.0);
            batch.append(&more);
        },
        "a{l=2} 1; a{l=whole} 2; b{l=0} 9; b{l=1} 1; b{l=whole} 2; c{l=3} 1; c{l=whole} 2",
    );
}

#[test]
fn the_first_help_stays() {
    let mut batch = Batch::default();
    batch.family(header("a", Kind::Gauge)).sample(&[], 1.0);
    for help in ["First.", "Second."] {
        batch.family(Header {
            help: Some(help),
            ..header("a", Kind::Gauge)
        });
    }
    assert_eq!(batch.families()[0].help.as_deref(), Some("First."));
}

#[test]
fn a_cleared_batch_is_empty() {
    let mut batch = Batch::default();
    batch.family(header("a", Kind::Gauge)).sample(&[], 1.0);
    batch.family(header("a", Kind::Counter));
    batch.clear();
    assert!(batch.is_empty());
    assert_eq!(page(&batch).unwrap(), "");
}

#[test]
fn what_no_page_may_hold() {
    check(
        |batch| {
            batch.family(header("a", Kind::Gauge)).sample(&[], 1.0);
            batch.family(header("a", Kind::Counter));
        },
        r#"family "a" is a gauge and a counter"#,
    );
    check(
        |batch| {
            let mut family = batch.family(header("a", Kind::Gauge));
            family.sample(&[("x", "1"), ("y", "2")], 1.0);
            family.sample(&[("y", "2"), ("x", "1")], 1.0);
        },
        r#"family "a" has the series {x="1",y="2"} twice"#,
    );
    let label = |kind, labels: &'static [(&'static str, &'static str)]| {
        move |batch: &mut Batch| {
            batch
                .family(header("a", kind))
                .metric(labels, &Value::Summary(Box::default()), None);
        }
    };
    check(
        label(Kind::Summary, &[("", "1")]),
        r#"family "a", label "": an empty name"#,
    );
    check(
        label(Kind::Summary, &[("__x", "1")]),
        r#"family "a", label "__x": a name that begins with two underscores"#,
    );
    check(
        label(Kind::Summary, &[("x", "1"), ("x", "2")]),
        r#"family "a", label "x": the same name as another label"#,
    );
    check(
        label(Kind::Summary, &[("quantile", "1")]),
        r#"family "a", label "quantile": a name that the metric's own parts use"#,
    );
    check(
        label(Kind::Histogram, &[("x", "1")]),
        r#"family "a" is a histogram, but one of its metrics holds another kind of value"#,
    );
    check(
        |batch| batch.family(header("", Kind::Gauge)).sample(&[], 1.0),
        "a family without a name",
    );
    check(
        |batch| {
            batch.family(header("a", Kind::Summary)).metric(
                &[],
                &Value::Summary(Box::default()),
                None,
            );
            batch.family(header("a_sum", Kind::Gauge)).sample(&[], 1.0);
        },
        r#"family "a_sum" collides with "a""#,
    );
}

#[test]
fn the_same_labels_at_two_times_are_two_metrics() {
    check(
        |batch| {
            let mut family = batch.family(header("a", Kind::Gauge));
            family.metric(&[], &Value::Gauge(1.0), None);
            family.metric(&[], &Value::Gauge(2.0), Some(7));
            family.metric(&[], &Value::Gauge(3.0), Some(-7));
        },
        "a{} 3; a{} 2; a{} 1",
    );
}

#[test]
fn names_that_become_one_are_refused() {
    let classic = Target {
        escaping: Escaping::Underscores,
        ..TARGET
    };
    let check = |names: [&str; 2], labels: [&[(&str, &str)]; 2], expected: Result<(), &str>| {
        let mut batch = Batch::default();
        for (name, labels) in names.iter().zip(labels) {
            batch.family(header(name, Kind::Gauge)).sample(labels, 1.0);
        }
        assert_eq!(batch.write(TARGET, &mut Vec::new()), Ok(()));
        let written = batch.write(classic, &mut Vec::new());
        assert_eq!(
            written.map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    };
    check(["a.b", "a.c"], [&[], &[]], Ok(()));
    check(
        ["a.b", "a_b"],
        [&[], &[]],
        Err(r#"family "a_b" collides with "a.b""#),
    );
    check(["a", "a"], [&[("l.m", "1")], &[("l_m", "2")]], Ok(()));
    check(
        ["a", "a"],
        [&[("l.m", "1")], &[("l_m", "1")]],
        Err(r#"family "a" has the series {l_m="1"} twice"#),
    );
    check(
        ["a", "b"],
        [&[("l.m", "1"), ("l_m", "2")], &[]],
        Err(r#"family "a" has the series {l.m="1",l_m="2"} twice"#),
    );
}
