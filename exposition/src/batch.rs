//! What a collector writes into: families and metrics in one arena, without an allocation per sample.

use crate::error::WriteError;
use crate::format::Target;
use crate::model::{Family, Header, Value};

/// Families as one or more collectors wrote them, in any order, of any kind.
#[derive(Default)]
pub struct Batch {}

impl Batch {
    /// Opens a family; opening the same name again adds to it.
    pub fn family(&mut self, header: Header<'_>) -> BatchFamily<'_> {
        let _ = header;
        todo!()
    }

    /// Adds a whole family.
    pub fn add(&mut self, family: &Family<'_>) {
        let _ = family;
        todo!()
    }

    /// Adds everything another batch holds.
    pub fn append(&mut self, other: Batch) {
        let _ = other;
        todo!()
    }

    /// Writes one valid page: families by name, metrics in client_golang's order.
    ///
    /// # Errors
    /// Two types for one name, one series twice, a value that does not suit its family.
    pub fn write(&mut self, target: Target, out: &mut Vec<u8>) -> Result<(), WriteError> {
        let _ = (target, out);
        todo!()
    }
}

/// One open family of a batch.
pub struct BatchFamily<'b> {
    #[expect(dead_code, reason = "skeleton")]
    batch: &'b mut Batch,
}

impl BatchFamily<'_> {
    /// Adds a counter, gauge or untyped member, whichever the family is.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        let _ = (labels, value);
        todo!()
    }

    /// Adds a member of any kind.
    pub fn metric(
        &mut self,
        labels: &[(&str, &str)],
        value: &Value<'_>,
        timestamp_ms: Option<i64>,
    ) {
        let _ = (labels, value, timestamp_ms);
        todo!()
    }
}
