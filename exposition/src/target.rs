//! The formats, and what a page is written for. Names only: how a format looks is in its own module, and
//! [`negotiate`](crate::negotiate) says which of them a reader asked for.

use crate::name::Escaping;

/// An exposition format.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// OpenMetrics 0.0.1 (as Prometheus 2 asked for it) and 1.0.0.
    OpenMetrics,
    /// Length-delimited `io.prometheus.client.MetricFamily` messages.
    Protobuf,
    /// The protobuf text format, for people. Write only.
    ProtobufText,
    /// The protobuf text format, one family a line. Write only.
    ProtobufCompact,
}

/// What a reader of ours asked for: a format and how to spell names it cannot take.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Target {
    /// The format.
    pub format: Format,
    /// The escaping scheme for names outside the classic alphabet.
    pub escaping: Escaping,
}
