use promontory_exposition::Kind;
use promontory_exposition::gzip::{self, Compressor};
use promontory_exposition::line::Format;

use super::*;
use crate::object::Meta;
use crate::resource::Part;
use crate::samples::{Samples, Selection};

const COMMON: &[(&str, Part)] = &[("namespace", Part::Namespace), ("pod", Part::Name)];

fn lines(scopes: usize) -> Lines {
    let about = |name| About {
        name,
        help: "Help.",
        kind: Kind::Gauge,
        stable: name == "a",
        opt_in: false,
    };
    Lines::new(vec![about("a"), about("b"), about("c")], scopes)
}

fn object(namespace: &str, name: &str, samples: &[(usize, &str, f64)]) -> Rendering {
    let meta = Meta {
        namespace: namespace.into(),
        name: name.into(),
        ..Meta::default()
    };
    let mut rendering = Rendering::default();
    rendering.begin(&meta, COMMON);
    for &(family, label, value) in samples {
        let selection = Selection::default();
        let mut samples = Samples::new(family, &selection, &mut rendering);
        if label.is_empty() {
            samples.value(value);
        } else {
            samples.add(&[("l", label)], value);
        }
    }
    rendering
}

fn owner(namespace: &str, name: &str) -> Owner {
    Owner {
        namespace: namespace.into(),
        name: name.into(),
    }
}

fn text(lines: &Lines) -> String {
    let page = lines.page().expect("whole");
    let mut text = Vec::new();
    page.text(Format::Text, |piece| {
        text.append(piece);
        true
    });
    let mut joined = Vec::new();
    let mut pieces = Vec::new();
    page.compressed(Format::Text, &mut Compressor::default(), |piece| {
        pieces.push(Arc::clone(piece));
        true
    });
    gzip::join(pieces.iter().map(|piece| &**piece), &mut joined);
    assert_eq!(
        gzip::inflate(&joined, 1 << 30).unwrap(),
        text,
        "gzip is the same page"
    );
    String::from_utf8(text).unwrap()
}

/// The page without its comments.
fn samples(lines: &Lines) -> Vec<String> {
    let text = text(lines);
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_page_has_families_in_order_and_every_kind_of_value() {
    let lines = lines(1);
    lines.begin_list(0);
    lines.put(
        0,
        &object(
            "n",
            "x",
            &[(0, "", 0.0), (1, "1", 1.0), (1, "2", 77.0), (2, "", 1e15)],
        ),
    );
    lines.put(
        0,
        &object(
            "n",
            "y\"",
            &[(1, "1", 0.5), (1, "2", -3.0), (2, "", f64::NAN)],
        ),
    );
    lines.end_list(0);
    assert_eq!(
        text(&lines),
        "# HELP a [STABLE] Help.\n# TYPE a gauge\n\
         a{namespace=\"n\",pod=\"x\"} 0\n\
         # HELP b Help.\n# TYPE b gauge\n\
         b{namespace=\"n\",pod=\"x\",l=\"1\"} 1\n\
         b{namespace=\"n\",pod=\"x\",l=\"2\"} 77\n\
         b{namespace=\"n\",pod=\"y\\\"\",l=\"1\"} 0.5\n\
         b{namespace=\"n\",pod=\"y\\\"\",l=\"2\"} -3\n\
         # HELP c Help.\n# TYPE c gauge\n\
         c{namespace=\"n\",pod=\"x\"} 1e+15\n\
         c{namespace=\"n\",pod=\"y\\\"\"} NaN\n"
    );
}

#[test]
fn nothing_is_shown_before_every_scope_is_whole() {
    let lines = lines(2);
    lines.begin_list(0);
    lines.put(0, &object("n", "x", &[(0, "", 1.0)]));
    lines.end_list(0);
    assert!(lines.page().is_none());
    lines.begin_list(1);
    assert!(lines.page().is_none());
    lines.end_list(1);
    assert_eq!(samples(&lines), [r#"a{namespace="n",pod="x"} 1"#]);
}

#[test]
fn a_list_made_again_changes_nothing_until_its_end() {
    let lines = lines(2);
    for (scope, namespace) in ["n", "m"].into_iter().enumerate() {
        lines.begin_list(scope);
        lines.put(scope, &object(namespace, "x", &[(0, "", 1.0)]));
        lines.put(scope, &object(namespace, "y", &[(0, "", 1.0)]));
        lines.end_list(scope);
    }
    lines.begin_list(0);
    lines.put(0, &object("n", "y", &[(0, "", 2.0)]));
    assert_eq!(samples(&lines).len(), 4);
    lines.end_list(0);
    assert_eq!(
        samples(&lines),
        [
            r#"a{namespace="n",pod="y"} 2"#,
            r#"a{namespace="m",pod="x"} 1"#,
            r#"a{namespace="m",pod="y"} 1"#
        ]
    );
    assert_eq!(lines.objects(), 3);
}

#[test]
fn an_object_made_again_under_its_name_is_one_series() {
    let lines = lines(1);
    lines.begin_list(0);
    lines.put(0, &object("n", "x", &[(0, "", 1.0)]));
    lines.end_list(0);
    lines.begin_list(0);
    lines.put(0, &object("n", "x", &[(0, "", 2.0)]));
    assert_eq!(samples(&lines), [r#"a{namespace="n",pod="x"} 2"#]);
}

#[test]
fn a_page_stays_what_it_was_when_objects_change() {
    let lines = lines(1);
    lines.begin_list(0);
    lines.put(0, &object("n", "x", &[(0, "old", 1.0)]));
    lines.put(0, &object("n", "y", &[(0, "old", 1.0)]));
    lines.end_list(0);
    let before = lines.page().unwrap();
    lines.put(0, &object("n", "x", &[(0, "new", 1.0)]));
    lines.remove(&owner("n", "y"));
    let mut text = Vec::new();
    before.text(Format::Text, |piece| {
        text.append(piece);
        true
    });
    assert_eq!(String::from_utf8(text).unwrap().matches("old").count(), 2);
    assert_eq!(samples(&lines), [r#"a{namespace="n",pod="x",l="new"} 1"#]);
}

#[test]
fn a_resource_without_objects_shows_nothing() {
    let lines = lines(1);
    lines.begin_list(0);
    lines.end_list(0);
    assert_eq!(text(&lines), "");
    lines.put(0, &object("n", "x", &[]));
    assert!(
        text(&lines).contains("# TYPE c gauge"),
        "headers come with the first object"
    );
}

#[test]
fn one_series_twice_in_an_object_is_kept_once() {
    let lines = lines(1);
    lines.begin_list(0);
    lines.put(
        0,
        &object(
            "n",
            "x",
            &[(0, "l", 1.0), (0, "m", 2.0), (0, "l", 3.0), (1, "l", 4.0)],
        ),
    );
    lines.end_list(0);
    assert_eq!(samples(&lines).len(), 3);
}

/// Random puts, removes and lists beside a plain map.
#[test]
fn lines_are_those_of_a_map() {
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = move |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % sides
    };
    let lines = lines(1);
    let mut expected = std::collections::BTreeMap::new();
    lines.begin_list(0);
    lines.end_list(0);
    for step in 0..4000 {
        let name = format!("p{}", roll(700));
        if roll(4) == 0 {
            lines.remove(&owner("n", &name));
            expected.remove(&name);
        } else {
            let label = format!("v{}", roll(20));
            let value = roll(3) as f64;
            lines.put(
                0,
                &object("n", &name, &[(0, &label, value), (2, "", value)]),
            );
            let series = format!(r#"namespace="n",pod="{name}""#);
            let shown = [
                format!(r#"a{{{series},l="{label}"}} {value}"#),
                format!("c{{{series}}} {value}"),
            ];
            expected.insert(name, shown);
        }
        if step % 500 == 499 {
            let mut ours = samples(&lines);
            ours.sort();
            let mut theirs: Vec<_> = expected.values().flatten().cloned().collect();
            theirs.sort();
            assert_eq!(ours, theirs);
        }
    }
}
