//! `node_load1`, `node_load5`, `node_load15`: how many tasks run or wait, averaged (proc_loadavg(5)).

use std::sync::{Arc, Mutex};

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::Flags;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use super::{Row, Trouble, lock};
use crate::host::{Host, Source};
use crate::words::{fields, float};

pub(super) const ROW: Row = Row {
    name: "loadavg",
    default: true,
    about: "Load averages.",
    reads: "`/proc/loadavg`",
    owns: |name| FAMILIES.iter().any(|(own, _)| *own == name),
    flags: &[],
    start,
};

const FAMILIES: [(&str, &str); 3] = [
    ("node_load1", "1m load average."),
    ("node_load5", "5m load average."),
    ("node_load15", "15m load average."),
];

struct Loadavg(Mutex<(Source, Vec<u8>)>);

fn start(_: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    let source = host.proc("loadavg");
    Ok(Box::new(Loadavg(Mutex::new((source, Vec::new())))))
}

impl Collector for Loadavg {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut state = lock(&self.0);
        let (source, buffer) = &mut *state;
        let mut trouble = Trouble::default();
        let text = source.read(buffer)?;
        for ((name, help), load) in FAMILIES.into_iter().zip(parse(text)) {
            match load {
                Some(load) => batch.family(Header::gauge(name, help)).sample(&[], load),
                None => trouble.line("loadavg", text),
            }
        }
        trouble.outcome()
    }
}

/// The three averages at the beginning of the line.
fn parse(text: &[u8]) -> [Option<f64>; 3] {
    let mut fields = fields(text);
    [(); 3].map(|()| float(fields.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages() {
        let loads = parse(b"0.21 0.37 10.5 1/719 19737\n");
        assert_eq!(loads, [Some(0.21), Some(0.37), Some(10.5)]);
        assert_eq!(parse(b"0.21 x\n"), [Some(0.21), None, None]);
        assert_eq!(parse(b""), [None; 3]);
    }
}
