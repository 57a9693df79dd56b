//! Delimited protobuf against cases, against itself and against prost.

mod dice;
mod oracle;

use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::error::{ReadError, WriteError};
use crate::format::{self, Format, Limits, Target};
use crate::model::{Family, Label, Metric, Value};
use crate::name::Escaping;

fn read(bytes: &[u8]) -> Result<Vec<Family<'_>>, ReadError> {
    read_delimited(bytes, &Limits::default())
}

fn write(families: &[Family<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    write_delimited(families, Escaping::AllowUtf8, &mut out).unwrap();
    out
}

/// A family message as prost spells it.
fn message(family: &oracle::MetricFamily) -> Vec<u8> {
    family.encode_length_delimited_to_vec()
}

fn gauge(value: f64) -> oracle::Metric {
    oracle::Metric {
        gauge: Some(oracle::Gauge { value: Some(value) }),
        ..Default::default()
    }
}

fn family(name: &str, kind: i32, metric: Vec<oracle::Metric>) -> oracle::MetricFamily {
    oracle::MetricFamily {
        name: Some(name.to_owned()),
        r#type: Some(kind),
        metric,
        ..Default::default()
    }
}

#[track_caller]
fn check_error(bytes: &[u8], expected: &str) {
    match read(bytes) {
        Ok(families) => panic!("was read: {families:?}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[test]
fn families_are_read_in_their_order() {
    let bytes = [
        message(&family("b", 1, vec![gauge(1.0), gauge(2.0)])),
        message(&family("a", 1, vec![])),
        message(&family("b", 1, vec![gauge(3.0)])),
    ]
    .concat();
    let families = read(&bytes).unwrap();
    let names: Vec<_> = families
        .iter()
        .map(|family| (&*family.name, family.metrics.len()))
        .collect();
    assert_eq!(names, [("b", 2), ("a", 0), ("b", 1)]);
    assert_eq!(read(b"").unwrap(), []);
}

#[test]
fn a_missing_type_is_a_counter() {
    let counter = oracle::Counter {
        value: Some(1.5),
        ..Default::default()
    };
    let metric = oracle::Metric {
        counter: Some(counter),
        ..Default::default()
    };
    let untyped = oracle::MetricFamily {
        r#type: None,
        ..family("a", 0, vec![metric])
    };
    assert_eq!(
        read(&message(&untyped)).unwrap()[0].metrics[0].value,
        Value::Counter(1.5.into())
    );
}

#[test]
fn name_and_type_may_stand_behind_the_metrics() {
    let metrics = oracle::MetricFamily {
        metric: vec![gauge(1.0)],
        ..Default::default()
    }
    .encode_to_vec();
    let name = family("a", 1, vec![]).encode_to_vec();
    let mut bytes = vec![(metrics.len() + name.len()) as u8];
    bytes.extend(metrics);
    bytes.extend(name);
    assert_eq!(read(&bytes).unwrap()[0].metrics[0].value, Value::Gauge(1.0));
}

#[test]
fn the_value_of_the_type_counts() {
    let both = oracle::Metric {
        untyped: Some(oracle::Untyped { value: Some(7.0) }),
        ..gauge(1.0)
    };
    assert_eq!(
        read(&message(&family("a", 1, vec![both.clone()]))).unwrap()[0].metrics[0].value,
        Value::Gauge(1.0)
    );
    assert_eq!(
        read(&message(&family("a", 3, vec![both]))).unwrap()[0].metrics[0].value,
        Value::Untyped(7.0)
    );
}

#[test]
fn what_a_gateway_must_not_let_in() {
    check_error(
        &message(&family("", 1, vec![gauge(1.0)])),
        "message 1: the family has no name",
    );
    check_error(
        &message(&family("a", 9, vec![gauge(1.0)])),
        "message 1: unknown metric type 9",
    );
    check_error(
        &message(&family("a", -1, vec![])),
        "message 1: unknown metric type -1",
    );
    check_error(
        &message(&family("a", 0, vec![gauge(1.0)])),
        "family \"a\": a metric of the family is not a counter",
    );
    check_error(
        &message(&family("a", 1, vec![oracle::Metric::default()])),
        "family \"a\": a metric of the family is not a gauge",
    );
    let good = message(&family("good", 1, vec![]));
    check_error(
        &[&good[..], b"\x03\x0a\x01\xff"].concat(),
        "message 2: the family name is not valid UTF-8",
    );
    check_error(
        b"\x0f\x0a\x01a\x18\x01\x22\x08\x0a\x06\x0a\x01l\x12\x01\xff",
        "family \"a\", label \"l\": the label value is not valid UTF-8",
    );
}

/// Go decodes a body whole before it judges it; a gateway answers both, but remembers only one.
#[test]
fn broken_bytes_go_before_what_cannot_be_kept() {
    let refused = message(&family("a", 0, vec![gauge(1.0), gauge(2.0)]));
    let error = read(&refused).unwrap_err();
    assert!(error.well_formed);
    let good = message(&family("b", 1, vec![gauge(1.0)]));
    assert_eq!(read(&[&refused[..], &good].concat()).unwrap_err(), error);
    let cut = [&refused[..], &good[..5]].concat();
    assert!(!read(&cut).unwrap_err().well_formed);
    let nameless = message(&family("", 1, vec![]));
    assert!(read(&nameless).unwrap_err().well_formed);
    assert!(
        !read(&[&nameless[..], b"\x05"].concat())
            .unwrap_err()
            .well_formed
    );
}

#[test]
fn lengths_are_checked_before_anything_is_kept() {
    let claim = "of 68719476736 bytes, but only 0 are left";
    check_error(
        b"\x80\x80\x80\x80\x80\x02",
        &format!("message 1: unexpected end of input: a protobuf message {claim}"),
    );
    check_error(
        b"\x0a\x0a\x01a\x22\x80\x80\x80\x80\x80\x02",
        &format!("message 1: unexpected end of input: a protobuf message {claim}"),
    );
    let good = message(&family("good", 1, vec![gauge(1.0)]));
    for length in 1..good.len() {
        assert!(
            read(&good[..length]).is_err(),
            "{length} bytes of a message"
        );
    }
}

#[test]
fn what_is_unknown_is_skipped() {
    let known = family("a", 1, vec![gauge(1.0)]).encode_to_vec();
    let unknown: [&[u8]; 4] = [
        b"\xf8\x06\x05",
        b"\xfd\x06abcd",
        b"\xfb\x06\x08\x01\x13\x14\xfc\x06",
        b"\x08\x05",
    ];
    for field in unknown {
        let mut bytes = vec![(known.len() + field.len()) as u8];
        bytes.extend_from_slice(&known);
        bytes.extend_from_slice(field);
        assert_eq!(read(&bytes).unwrap()[0].metrics.len(), 1, "{field:?}");
    }
    for (bytes, message) in [
        (&b"\x01\x04"[..], "invalid protobuf field number 0"),
        (b"\x01\x0c", "a protobuf group ends that never began"),
        (b"\x02\x0b\x14", "a protobuf group ends that never began"),
        (
            b"\x01\x0b",
            "unexpected end of input within a protobuf varint",
        ),
        (b"\x01\x0e", "invalid protobuf wire type 6"),
        (
            b"\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            "a protobuf varint has more than 64 bits",
        ),
    ] {
        check_error(bytes, &format!("message 1: {message}"));
    }
    let deep = [&[101][..], &[0x0b; 101]].concat();
    check_error(&deep, "message 1: protobuf groups are nested too deep");
}

#[test]
fn limits_hold() {
    let limits = Limits {
        metrics: 3,
        labels: 2,
    };
    let error = |metric: Vec<_>, kind| {
        read_delimited(&message(&family("a", kind, metric)), &limits)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    let too_many = "family \"a\": more than 3 metrics in one body";
    assert_eq!(error(vec![gauge(0.0); 3], 1), too_many);
    let histogram = oracle::Histogram {
        bucket: vec![Default::default(); 2],
        ..Default::default()
    };
    assert_eq!(
        error(
            vec![oracle::Metric {
                histogram: Some(histogram),
                ..Default::default()
            }],
            4
        ),
        too_many
    );
    let labels = vec![Default::default(); 3];
    assert_eq!(
        error(
            vec![oracle::Metric {
                label: labels,
                ..gauge(0.0)
            }],
            1
        ),
        "family \"a\": a metric has more than 2 labels"
    );
    assert!(read_delimited(&message(&family("a", 1, vec![gauge(0.0); 2])), &limits).is_ok());
}

#[test]
fn packed_lists_are_read_too() {
    let deltas = oracle::Histogram {
        positive_delta: vec![1, -300],
        ..Default::default()
    };
    let unpacked = oracle::Metric {
        histogram: Some(deltas),
        ..Default::default()
    };
    let unpacked = message(&family("a", 4, vec![unpacked]));
    // The same with field 13 as one packed list: 1 and -300 are the zigzag varints 2 and 599.
    let packed = b"\x0e\x0a\x01a\x18\x04\x22\x07\x3a\x05\x6a\x03\x02\xd7\x04";
    assert_eq!(read(packed).unwrap(), read(&unpacked).unwrap());
}

#[test]
fn names_are_escaped_as_asked() {
    let mut family = Family::new("a.b", Kind::Gauge);
    family.metrics.push(Metric {
        labels: vec![
            Label::new("c.d", "e.f"),
            Label::new("__name__", "g.h"),
            Label::new("i_j", ""),
        ],
        value: Value::Gauge(1.0),
        timestamp_ms: None,
    });
    let mut out = Vec::new();
    write_delimited(&[family], Escaping::Underscores, &mut out).unwrap();
    let family = &read(&out).unwrap()[0];
    assert_eq!(family.name, "a_b");
    let labels = &family.metrics[0].labels;
    assert_eq!(
        *labels,
        [
            Label::new("c_d", "e.f"),
            Label::new("__name__", "g_h"),
            Label::new("i_j", "")
        ]
    );
}

#[test]
fn values_that_do_not_suit_are_not_written() {
    let mut family = Family::new("a", Kind::Counter);
    family.metrics.push(Metric {
        labels: vec![],
        value: Value::Gauge(1.0),
        timestamp_ms: None,
    });
    let written = write_delimited(&[family], Escaping::AllowUtf8, &mut Vec::new());
    assert_eq!(
        written,
        Err(WriteError::KindMismatch {
            family: "a".to_owned(),
            kind: Kind::Counter
        })
    );
}

#[track_caller]
fn check_text(format: Format, families: &[Family<'_>], expected: &str) {
    let mut out = Vec::new();
    format::write(
        Target {
            format,
            escaping: Escaping::AllowUtf8,
        },
        families,
        &mut out,
    )
    .unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

/// Expected as Go's `prototext` prints it, with one blank where Go prints one or two.
#[test]
fn text_for_people() {
    let mut first = Family::new("a.b", Kind::Gauge).with_help("Say \"hi\"\\\n\u{7}\u{7f}ä");
    first.unit = "seconds".into();
    first.metrics.push(Metric {
        labels: vec![Label::new("l", "v\t\r")],
        value: Value::Gauge(f64::NEG_INFINITY),
        timestamp_ms: Some(-5),
    });
    let mut second = Family::new("h", Kind::Histogram);
    let bucket = crate::model::Bucket {
        upper_bound: 1e6,
        cumulative_count: Default::default(),
        exemplar: None,
    };
    let created = Some(crate::model::Timestamp {
        seconds: 0,
        nanos: 0,
    });
    let histogram = crate::model::Histogram {
        buckets: vec![bucket],
        created,
        ..Default::default()
    };
    second.metrics.push(Metric {
        labels: vec![],
        value: Value::Histogram(Box::new(histogram)),
        timestamp_ms: None,
    });
    let families = [first, second];
    check_text(
        Format::ProtobufText,
        &families,
        r#"name: "a.b"
help: "Say \"hi\"\\\n\x07\x7fä"
type: GAUGE
metric: {
  label: {
    name: "l"
    value: "v\t\r"
  }
  gauge: {
    value: -inf
  }
  timestamp_ms: -5
}
unit: "seconds"

name: "h"
type: HISTOGRAM
metric: {
  histogram: {
    sample_count: 0
    sample_sum: 0
    bucket: {
      cumulative_count: 0
      upper_bound: 1e+06
    }
    created_timestamp: {}
  }
}

"#,
    );
    check_text(
        Format::ProtobufCompact,
        &families,
        concat!(
            r#"name:"a.b" help:"Say \"hi\"\\\n\x07\x7fä" type:GAUGE "#,
            r#"metric:{label:{name:"l" value:"v\t\r"} gauge:{value:-inf} timestamp_ms:-5} unit:"seconds""#,
            "\n",
            r#"name:"h" type:HISTOGRAM metric:{histogram:{sample_count:0 sample_sum:0 "#,
            r#"bucket:{cumulative_count:0 upper_bound:1e+06} created_timestamp:{}}}"#,
            "\n",
        ),
    );
}

proptest! {
    /// Reading gives back what was written, and prost reads and writes the very same bytes.
    #[test]
    fn nothing_is_lost(seed in any::<u64>()) {
        let families = dice::families(seed);
        let bytes = write(&families);
        // NaN is not equal to itself, so bits are compared by their printed form too.
        prop_assert_eq!(format!("{:?}", read(&bytes).unwrap()), format!("{families:?}"));
        let mut rest = &bytes[..];
        let mut again = Vec::new();
        while !rest.is_empty() {
            again.extend(message(&oracle::MetricFamily::decode_length_delimited(&mut rest).unwrap()));
        }
        prop_assert_eq!(again, bytes);
    }

    /// Each metric is found by where it starts and is read by itself as it is among the others.
    #[test]
    fn metrics_are_read_one_by_one(seed in any::<u64>()) {
        for family in dice::families(seed) {
            let bytes = write(std::slice::from_ref(&family));
            let read_back = read(&bytes).unwrap();
            let starts = metric_starts(&bytes).unwrap();
            let metrics: Vec<_> = starts
                .iter()
                .map(|&start| read_metric(&bytes[start..], read_back[0].kind, &Limits::default()).unwrap())
                .collect();
            prop_assert_eq!(format!("{metrics:?}"), format!("{:?}", read_back[0].metrics));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = metric_starts(&bytes);
        let _ = read_metric(&bytes, Kind::Histogram, &Limits::default());
    }

    /// Bytes that are nearly right go deeper than random ones.
    #[test]
    fn damaged_bytes_are_read_or_refused(seed in any::<u64>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = write(&dice::families(seed));
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(families) = read(&bytes) {
            prop_assert_eq!(format!("{:?}", read(&write(&families)).unwrap()), format!("{families:?}"));
        }
    }
}
