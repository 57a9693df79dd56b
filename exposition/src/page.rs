//! The parts of a family's page apart from each other, for who makes metrics in pieces: what stands around
//! them ([`Frame`]), and each of them by itself. The bytes of a metric never depend on what is written before it.

use crate::encode;
use crate::error::WriteError;
use crate::model::{Header, Label, Value};
use crate::protobuf;
use crate::target::{Format, Target};

/// What stands before and behind the metrics of one family.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// HELP and TYPE, or the beginning of a message.
    pub before: Vec<u8>,
    /// The end of a message; nothing in formats of lines.
    pub after: Vec<u8>,
}

impl Frame {
    /// The frame of a family whose metrics take `bytes` bytes in all; only formats whose families
    /// [begin with their length](Self::has_length) look at that.
    pub fn new(target: Target, header: Header<'_>, bytes: u64) -> Self {
        let mut frame = Self::default();
        match encode::begin(target, header, &mut frame.before) {
            encode::Open::Protobuf(open) => {
                frame.after = protobuf::end_apart(open, &mut frame.before, bytes);
            }
            open => encode::end(open, &mut frame.after),
        }
        frame
    }

    /// Whether a family begins with its length.
    pub fn has_length(format: Format) -> bool {
        format == Format::Protobuf
    }
}

/// Writes one metric of a family.
///
/// # Errors
/// See [`WriteError`].
pub fn write_metric(
    target: Target,
    header: Header<'_>,
    labels: &[Label<'_>],
    value: &Value<'_>,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    encode::metric(target, header, labels, value, None, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format;
    use crate::model::{Counter, Family, Kind, Metric};
    use crate::name::Escaping;

    const FORMATS: [Format; 5] = [
        Format::Text,
        Format::OpenMetrics,
        Format::Protobuf,
        Format::ProtobufText,
        Format::ProtobufCompact,
    ];

    /// In each format, whatever lengths of lengths there are.
    #[test]
    fn parts_make_the_page_that_is_written_whole() {
        for metrics in [1, 3, 400] {
            let mut family = Family::new("f_total", Kind::Counter).with_help("Help.");
            family.unit = "seconds".into();
            family.metrics = (0..metrics)
                .map(|at| Metric {
                    labels: vec![Label::new("at", at.to_string())],
                    value: Value::Counter(Counter::from(f64::from(at))),
                    timestamp_ms: None,
                })
                .collect();
            for format in FORMATS {
                let target = Target {
                    format,
                    escaping: Escaping::Underscores,
                };
                let mut inside = Vec::new();
                for metric in &family.metrics {
                    let (header, labels) = (family.header(), &metric.labels);
                    write_metric(target, header, labels, &metric.value, &mut inside).unwrap();
                }
                let Frame { before, after } =
                    Frame::new(target, family.header(), inside.len() as u64);
                let mut end = Vec::new();
                format::Writer::new(target, &mut end).finish();
                let mut whole = Vec::new();
                format::write(target, std::slice::from_ref(&family), &mut whole).unwrap();
                assert_eq!([before, inside, after, end].concat(), whole, "{format:?}");
            }
        }
    }
}
