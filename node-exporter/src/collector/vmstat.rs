//! `node_vmstat_*`: chosen fields of `/proc/vmstat` (proc_vmstat(5)).

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::{Flag, Flags};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::{Header, Kind};
use regex::Regex;

use super::{Row, Trouble, lock};
use crate::host::{Host, Source};
use crate::pattern::compile;
use crate::words::{fields, float, lines, name_part, text};

pub(super) const ROW: Row = Row {
    name: "vmstat",
    default: true,
    about: "Chosen fields of the virtual memory statistics.",
    reads: "`/proc/vmstat`",
    owns: |name| name.starts_with("node_vmstat_"),
    flags: &[FIELDS],
    start,
};

const FIELDS: Flag = Flag::text(
    "collector.vmstat.fields",
    "^(oom_kill|pgpg|pswp|pg.*fault).*",
    "Regexp of fields to return for vmstat collector.",
);

struct Vmstat {
    fields: Regex,
    state: Mutex<State>,
}

struct State {
    source: Source,
    buffer: Vec<u8>,
    name: String,
    help: String,
}

fn start(flags: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    Ok(Box::new(Vmstat {
        fields: compile(&FIELDS.name, flags.text(&FIELDS.name))?,
        state: Mutex::new(State {
            source: host.proc("vmstat"),
            buffer: Vec::new(),
            name: String::new(),
            help: String::new(),
        }),
    }))
}

impl Collector for Vmstat {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut locked = lock(&self.state);
        let state = &mut *locked;
        let mut trouble = Trouble::default();
        let mut shown = HashSet::new();
        for line in lines(state.source.read(&mut state.buffer)?) {
            let Some((field, value)) = parse_line(line) else {
                trouble.line("vmstat", line);
                continue;
            };
            // A field twice would be a series twice, which no page may have.
            if !self.fields.is_match(&text(field)) || !shown.insert(field) {
                continue;
            }
            // A field that could not be part of a metric's name is garbage, where it is asked for.
            let Some(field) = name_part(field) else {
                trouble.line("vmstat", line);
                continue;
            };
            state.name.clear();
            state.help.clear();
            // Writing to a string cannot fail.
            let _ = write!(state.name, "node_vmstat_{field}");
            let _ = write!(state.help, "/proc/vmstat information field {field}.");
            batch
                .family(Header::of(&state.name, &state.help, Kind::Untyped))
                .sample(&[], value);
        }
        trouble.outcome()
    }
}

/// `pgfault 12345`
fn parse_line(line: &[u8]) -> Option<(&[u8], f64)> {
    let mut fields = fields(line);
    Some((fields.next()?, float(fields.next()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_file() {
        assert_eq!(
            parse_line(b"pgfault 2320168809"),
            Some((&b"pgfault"[..], 2320168809.0))
        );
        assert_eq!(parse_line(b"9p 1 2"), Some((&b"9p"[..], 1.0)));
        for bad in [&b"pgfault"[..], b"", b"pgfault x"] {
            assert_eq!(parse_line(bad), None);
        }
    }
}
