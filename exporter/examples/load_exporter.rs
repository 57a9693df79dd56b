//! The load of the machine as a metric: a complete exporter.

use std::process::ExitCode;

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::exposition::batch::Batch;
use promontory_exporter::exposition::model::Header;
use promontory_exporter::program::Program;

struct Load;

impl Collector for Load {
    fn name(&self) -> &str {
        "load"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let text = std::fs::read_to_string("/proc/loadavg")?;
        let load = text
            .split(' ')
            .next()
            .and_then(|number| number.parse().ok());
        let mut family = batch.family(Header::gauge("load1", "1m load average."));
        family.sample(&[], load.ok_or(CollectError::NoData)?);
        Ok(())
    }
}

fn main() -> ExitCode {
    Program::new(
        "load_exporter",
        "Load Exporter",
        promontory_exporter::build!(),
    )
    .export(&[":9999"], |_flags, registry| {
        registry.scrape_series("load", "load_exporter").add(Load);
        Ok(())
    })
}
