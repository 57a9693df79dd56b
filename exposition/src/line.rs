//! Parts of classic lines, for who keeps many lines ready and puts pages together from them.
//!
//! kube-state-metrics is the model: it spells the labels of an object once, keeps the order in which
//! they were added, and prints the same lines in text 0.0.4 and in OpenMetrics. Only the word of a
//! type and the end of the page differ; a counter is `x_total` in its header too. Numbers are written
//! by [`number::write_sample`](crate::number::write_sample). Nothing is sorted or checked here; where
//! an `Accept` header chose the format, [`Format::of`] says which of the two it is.

use std::borrow::Cow;

use crate::model::{Header, Kind};
use crate::series::{put_label, put_quoted};
use crate::target;
use crate::text::write as text;

/// The value of a label as it stands between its quotes: `\`, `"` and line feed are escaped.
pub fn label_value(value: &str) -> Cow<'_, [u8]> {
    if memchr::memchr3(b'\\', b'"', b'\n', value.as_bytes()).is_none() {
        return Cow::Borrowed(value.as_bytes());
    }
    let mut out = Vec::with_capacity(value.len() + 8);
    put_quoted(value, &mut out);
    Cow::Owned(out)
}

/// The format that the lines stand in.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// OpenMetrics.
    OpenMetrics,
}

impl Format {
    /// The format of lines for a negotiated one: who asked for protobuf gets text, as
    /// kube-state-metrics answers.
    pub fn of(format: target::Format) -> Self {
        match format {
            target::Format::OpenMetrics => Self::OpenMetrics,
            _ => Self::Text,
        }
    }
}

/// Writes labels in the order given, with commas between and without braces.
///
/// ```
/// let mut out = Vec::new();
/// promontory_exposition::line::labels(&[("pod", "a"), ("namespace", "b")], &mut out);
/// assert_eq!(out, br#"pod="a",namespace="b""#);
/// ```
pub fn labels(labels: &[(&str, &str)], out: &mut Vec<u8>) {
    for (at, (name, value)) in labels.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        put_label(name, value, out);
    }
}

/// Writes HELP and TYPE under the family's own name, whatever the format. HELP is escaped as in text
/// 0.0.4 in both: kube-state-metrics leaves quotes as they are.
pub fn header(header: Header<'_>, format: Format, out: &mut Vec<u8>) {
    let kind = match (format, header.kind) {
        (Format::Text, kind) => text::kind(kind),
        (Format::OpenMetrics, Kind::Info) => "info",
        (Format::OpenMetrics, Kind::StateSet) => "stateset",
        (Format::OpenMetrics, Kind::Untyped) => "unknown",
        (Format::OpenMetrics, Kind::GaugeHistogram) => "gaugehistogram",
        (Format::OpenMetrics, kind) => text::kind(kind),
    };
    text::put_header(header.name, header.help, kind, out);
}

/// Ends the page: only OpenMetrics has a line for it.
pub fn end(format: Format, out: &mut Vec<u8>) {
    if format == Format::OpenMetrics {
        crate::openmetrics::write::finish(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn labels_keep_their_order_and_are_escaped() {
        for (given, expected) in [
            (&[][..], ""),
            (&[("b", "2"), ("a", "1")], r#"b="2",a="1""#),
            (&[("a", "")], r#"a="""#),
            (&[("a", "x\\y\"z\nend")], r#"a="x\\y\"z\nend""#),
            (&[("a", "é\t")], "a=\"é\t\""),
            (&[("a.b", "1"), ("c", "2")], r#""a.b"="1",c="2""#),
        ] {
            assert_eq!(written(|out| labels(given, out)), expected, "{given:?}");
        }
    }

    #[test]
    fn headers_differ_by_the_word_of_the_type_only() {
        for (kind, text, openmetrics) in [
            (Kind::Counter, "counter", "counter"),
            (Kind::Gauge, "gauge", "gauge"),
            (Kind::Info, "gauge", "info"),
            (Kind::StateSet, "gauge", "stateset"),
            (Kind::Untyped, "untyped", "unknown"),
            (Kind::Summary, "summary", "summary"),
            (Kind::Histogram, "histogram", "histogram"),
            (Kind::GaugeHistogram, "histogram", "gaugehistogram"),
        ] {
            let of = Header::of("x_total", "A \"b\"\\c\nd.", kind);
            let expected =
                |word| format!("# HELP x_total A \"b\"\\\\c\\nd.\n# TYPE x_total {word}\n");
            let found = |format| written(|out| header(of, format, out));
            assert_eq!(found(Format::Text), expected(text));
            assert_eq!(found(Format::OpenMetrics), expected(openmetrics));
        }
    }

    #[test]
    fn only_openmetrics_ends_with_a_line() {
        assert_eq!(written(|out| end(Format::Text, out)), "");
        assert_eq!(written(|out| end(Format::OpenMetrics, out)), "# EOF\n");
        assert_eq!(Format::of(target::Format::OpenMetrics), Format::OpenMetrics);
        assert_eq!(Format::of(target::Format::Protobuf), Format::Text);
    }
}
