//! A family with its type.

use promontory_exposition::model::Header;
use promontory_exposition::openmetrics::write::Style;
use promontory_exposition::{Kind, Metric, Value, WriteError};

use super::super::sheet::{Place, Sheet};
use super::created::Created;
use super::exemplar::keep_valid_exemplars;
use crate::family::Origin;

/// How the metrics of a family that has its type are written.
pub(in crate::page) struct Typed<'p> {
    pub(in crate::page) style: Style,
    /// Created times that are pushed as a gauge.
    pub(super) created: Option<Created<'p>>,
}

impl Typed<'_> {
    /// Whether created times are pushed as a gauge.
    pub(in crate::page) fn has_created(&self) -> bool {
        self.created.is_some()
    }

    /// Writes a metric that was pushed as so manieth, with what may be shown of it here.
    pub(in crate::page) fn write(
        &self,
        header: Header<'_>,
        mut metric: Metric<'_>,
        pushed_as: usize,
        place: Place,
        sheet: &Sheet<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        if sheet.family(place).origin == Origin::Classic
            && let Some(created) = metric.value.created_mut()
        {
            *created = None;
        }
        keep_valid_exemplars(&mut metric);
        let Metric { labels, value, .. } = &metric;
        self.style.metric(header, labels, value, None, out)?;
        let Some(created) = &self.created else {
            return Ok(());
        };
        let Some(time) = created.time(pushed_as, place, sheet) else {
            return Ok(());
        };
        // The gauge's sample as it was pushed.
        let header = Header {
            name: &created.name,
            help: None,
            kind: Kind::Untyped,
            unit: "",
        };
        self.style
            .metric(header, labels, &Value::Untyped(time), None, out)
    }
}
