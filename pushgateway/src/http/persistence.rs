//! What is told about the persistence file; nothing where there is none.

use std::sync::Arc;

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exposition::Kind;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use crate::store::Figures;

/// Name, type, help and value of each family.
type Row = (&'static str, Kind, &'static str, fn(&Figures) -> f64);

/// The other program tells nothing of its file; the names are ours.
pub(super) const ROWS: &[Row] = &[
    (
        "pushgateway_persistence_last_sync_timestamp_seconds",
        Kind::Gauge,
        "When everything acknowledged was last on disk, in seconds since the epoch; 0 if nothing was written since the start.",
        Figures::last_sync_seconds,
    ),
    (
        "pushgateway_persistence_failures_total",
        Kind::Counter,
        "Writes to the persistence file that failed; their pushes were refused.",
        |figures| figures.failures() as f64,
    ),
    (
        "pushgateway_persistence_file_size_bytes",
        Kind::Gauge,
        "Size of the persistence file.",
        |figures| figures.file_bytes() as f64,
    ),
    (
        "pushgateway_persistence_written_bytes_total",
        Kind::Counter,
        "Bytes written to the persistence file, those of compactions among them.",
        |figures| figures.written_bytes() as f64,
    ),
    (
        "pushgateway_persistence_records",
        Kind::Gauge,
        "Families of groups that the persistence file holds.",
        |figures| figures.records() as f64,
    ),
    (
        "pushgateway_persistence_compactions_total",
        Kind::Counter,
        "Times the persistence file was rewritten without what no longer counts.",
        |figures| figures.compactions() as f64,
    ),
    (
        "pushgateway_persistence_compaction_failures_total",
        Kind::Counter,
        "Times that rewriting the persistence file failed.",
        |figures| figures.compaction_failures() as f64,
    ),
    (
        "pushgateway_persistence_damaged_bytes",
        Kind::Gauge,
        "Bytes of the persistence file that were damaged at the start; the file was set aside and what was whole recovered.",
        |figures| figures.damaged_bytes() as f64,
    ),
    (
        "pushgateway_persistence_torn_bytes",
        Kind::Gauge,
        "Bytes of a last, unfinished and never acknowledged write that were set aside at the start.",
        |figures| figures.torn_bytes() as f64,
    ),
];

/// Tells the figures of a persistence file.
pub(super) struct Persistence(pub(super) Option<Arc<Figures>>);

impl Collector for Persistence {
    fn name(&self) -> &str {
        "persistence"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let Some(figures) = &self.0 else {
            return Ok(());
        };
        for (name, kind, help, value) in ROWS {
            batch
                .family(Header::of(name, help, *kind))
                .sample(&[], value(figures));
        }
        Ok(())
    }
}
