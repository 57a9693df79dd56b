//! The one door to the formats: read bytes into families, write families as bytes.

use crate::encode;
use crate::error::{ReadError, WriteError};
use crate::model::{Family, Header, Kind, Label, Value};
use crate::name::NameRules;
use crate::{openmetrics, protobuf, text};

pub use crate::limits::Limits;
pub use crate::target::{Format, Target};

/// Reads a whole body; names may be any UTF-8 ([`text::read()`] and [`openmetrics::read()`] can be stricter).
///
/// # Errors
/// The first thing that is wrong, with its place. `ProtobufText` and `ProtobufCompact` are refused.
pub fn read<'a>(
    format: Format,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Vec<Family<'a>>, ReadError> {
    match format {
        Format::Text => text::read(bytes, NameRules::Utf8, limits),
        Format::OpenMetrics => openmetrics::read(bytes, NameRules::Utf8, limits),
        Format::Protobuf => protobuf::read_delimited(bytes, limits),
        Format::ProtobufText | Format::ProtobufCompact => {
            Err(ReadError::new("protobuf as text is written, never read"))
        }
    }
}

/// Writes whole families, with the end mark where the format has one (`# EOF`).
///
/// # Errors
/// See [`WriteError`]; `out` then holds a part of the page and must be thrown away.
pub fn write(target: Target, families: &[Family<'_>], out: &mut Vec<u8>) -> Result<(), WriteError> {
    let mut writer = Writer::new(target, out);
    for family in families {
        writer.begin(family.header());
        for metric in &family.metrics {
            writer.metric(&metric.labels, &metric.value, metric.timestamp_ms)?;
        }
        writer.end();
    }
    writer.finish();
    Ok(())
}

/// Writes one page piece by piece, without holding families.
///
/// `begin`, then `metric` for each member, then `end`; `finish` after the last family.
pub struct Writer<'o> {
    target: Target,
    out: &'o mut Vec<u8>,
    /// The family at hand: name, unit and type (its help is written and gone).
    name: String,
    unit: String,
    kind: Kind,
    open: Option<encode::Open>,
}

impl<'o> Writer<'o> {
    /// A writer that appends to `out`.
    pub fn new(target: Target, out: &'o mut Vec<u8>) -> Self {
        Self {
            target,
            out,
            name: String::new(),
            unit: String::new(),
            kind: Kind::Untyped,
            open: None,
        }
    }

    /// Starts a family: HELP, TYPE and UNIT where the format prints them. Ends the one before.
    pub fn begin(&mut self, header: Header<'_>) {
        self.end();
        self.name.clear();
        self.name.push_str(header.name);
        self.unit.clear();
        self.unit.push_str(header.unit);
        self.kind = header.kind;
        self.open = Some(encode::begin(self.target, header, self.out));
    }

    /// Writes one member of the current family.
    ///
    /// # Errors
    /// [`WriteError::KindMismatch`] where the value does not suit the family, [`WriteError::NoName`]
    /// where none was begun.
    pub fn metric(
        &mut self,
        labels: &[Label<'_>],
        value: &Value<'_>,
        timestamp_ms: Option<i64>,
    ) -> Result<(), WriteError> {
        let header = Header {
            name: &self.name,
            help: None,
            kind: self.kind,
            unit: &self.unit,
        };
        encode::metric(self.target, header, labels, value, timestamp_ms, self.out)
    }

    /// Ends the current family.
    pub fn end(&mut self) {
        if let Some(open) = self.open.take() {
            encode::end(open, self.out);
        }
    }

    /// Ends the page.
    pub fn finish(mut self) {
        self.end();
        encode::finish(self.target, self.out);
    }
}
