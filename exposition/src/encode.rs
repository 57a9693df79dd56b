//! One family at a time, in any format: where the formats' writers meet.
//!
//! [`format::Writer`](crate::format::Writer) and [`page`](crate::page) both stand on this. The bytes
//! of a metric never depend on what was written before, in no format: that is what lets pages be
//! put together from ready pieces. A new format is a row in each function here.

use crate::error::WriteError;
use crate::model::{Header, Label, Value};
use crate::target::{Format, Target};
use crate::{openmetrics, protobuf, text};

/// A family that was begun and must be ended.
#[must_use = "a family that is not ended leaves an invalid page"]
pub(crate) enum Open {
    /// The line-based formats end a family with nothing.
    Lines,
    Protobuf(protobuf::Open),
    ProtobufText(protobuf::text::Open),
}

/// Writes what stands above a family's metrics.
pub(crate) fn begin(target: Target, header: Header<'_>, out: &mut Vec<u8>) -> Open {
    match target.format {
        Format::Text => text::write::begin(header, target.escaping, out),
        Format::OpenMetrics => style(target).begin(header, out),
        Format::Protobuf => return Open::Protobuf(protobuf::begin(header, target.escaping, out)),
        Format::ProtobufText | Format::ProtobufCompact => {
            return Open::ProtobufText(protobuf::text::begin(
                layout(target),
                header,
                target.escaping,
                out,
            ));
        }
    }
    Open::Lines
}

/// Writes one member.
pub(crate) fn metric(
    target: Target,
    header: Header<'_>,
    labels: &[Label<'_>],
    value: &Value<'_>,
    timestamp_ms: Option<i64>,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    let escaping = target.escaping;
    match target.format {
        Format::Text => text::write::metric(header, labels, value, timestamp_ms, escaping, out),
        Format::OpenMetrics => style(target).metric(header, labels, value, timestamp_ms, out),
        Format::Protobuf => protobuf::metric(header, labels, value, timestamp_ms, escaping, out),
        Format::ProtobufText | Format::ProtobufCompact => protobuf::text::metric(
            layout(target),
            header,
            labels,
            value,
            timestamp_ms,
            escaping,
            out,
        ),
    }
}

/// Ends a family.
pub(crate) fn end(open: Open, out: &mut Vec<u8>) {
    match open {
        Open::Lines => {}
        Open::Protobuf(open) => protobuf::end(open, out),
        Open::ProtobufText(open) => protobuf::text::end(open, out),
    }
}

/// Ends a page.
pub(crate) fn finish(target: Target, out: &mut Vec<u8>) {
    if target.format == Format::OpenMetrics {
        openmetrics::write::finish(out);
    }
}

/// OpenMetrics as `expfmt` writes it without options: no `_created` lines, no units.
fn style(target: Target) -> openmetrics::write::Style {
    openmetrics::write::Style {
        escaping: target.escaping,
        ..Default::default()
    }
}

fn layout(target: Target) -> protobuf::text::Layout {
    if target.format == Format::ProtobufCompact {
        protobuf::text::Layout::OneLine
    } else {
        protobuf::text::Layout::Lines
    }
}
