//! Metrics that others leave in files: every `*.prom` in the folders of `--collector.textfile.directory`.
//!
//! Whatever the files hold, one bad file costs only itself: `textfile/files.rs` reads them one by one,
//! `textfile/merge.rs` puts together what fits together. How it went is `node_textfile_scrape_error`.

mod files;
mod merge;

use std::sync::Arc;

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::{Flag, Flags};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use super::Row;
use crate::host::Host;
use files::{Room, read_folder};
use merge::Merged;

pub(super) const ROW: Row = Row {
    name: "textfile",
    default: true,
    about: "Metrics from files that other programs write.",
    reads: "`*.prom` in `--collector.textfile.directory`",
    owns: |name| name == MTIME || name == ERROR,
    flags: &[DIRECTORY],
    start,
};

const MTIME: &str = "node_textfile_mtime_seconds";
const MTIME_HELP: &str = "Unixtime mtime of textfiles successfully read.";
const ERROR: &str = "node_textfile_scrape_error";
const ERROR_HELP: &str = "1 if there was an error opening or reading a file, 0 otherwise";

const DIRECTORY: Flag = Flag::texts(
    "collector.textfile.directory",
    &[""],
    "Directory to read text files with metrics from, supports glob matching. (repeatable)",
);

/// Whether a name belongs to the program itself.
fn is_own(name: &str) -> bool {
    name == "node_exporter_build_info"
        || ["node_scrape_collector_", "process_", "promhttp_"]
            .iter()
            .any(|own| name.starts_with(own))
}

struct Textfile {
    folders: Vec<String>,
    /// The other collectors that run: a file must not bring their families too.
    rows: Vec<&'static Row>,
}

fn start(flags: &Flags, _: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    let rows = super::ROWS
        .iter()
        .filter(|row| super::enabled(flags, row.name));
    Ok(Box::new(Textfile {
        folders: flags.texts(&DIRECTORY.name).to_vec(),
        rows: rows.collect(),
    }))
}

impl Collector for Textfile {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let (mut contents, mut failed) = (Vec::new(), Vec::new());
        let mut room = Room::default();
        for folder in files::folders(&self.folders) {
            read_folder(&folder, &mut room, &mut |read| match read {
                Ok(content) => contents.push(content),
                Err(failure) => failed.push(failure),
            });
        }
        let mut merged = Merged::default();
        for (path, err) in &failed {
            merged.fail(path, err);
        }
        let is_taken = |name: &str| is_own(name) || self.rows.iter().any(|row| (row.owns)(name));
        for content in &contents {
            merged.add(content, &is_taken);
        }
        merged.write(batch);
        let mut family = batch.family(Header::gauge(MTIME, MTIME_HELP));
        for (path, seconds) in merged.mtimes() {
            family.sample(&[("file", path)], seconds);
        }
        let errored = f64::from(u8::from(merged.errored()));
        batch
            .family(Header::gauge(ERROR, ERROR_HELP))
            .sample(&[], errored);
        Ok(())
    }
}
