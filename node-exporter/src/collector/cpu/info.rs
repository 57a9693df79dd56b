//! `node_cpu_info` and what goes with it: `/proc/cpuinfo`, as x86 kernels write it.
//!
//! Other machines have other keys under other headings; what is not found is empty.

use std::collections::HashSet;
use std::sync::Arc;

use promontory_exporter::flag::{Flag, Flags};
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;
use regex::Regex;

use super::Trouble;
use crate::host::{Host, Source};
use crate::pattern::compile;
use crate::words::{fields, float, lines, text, trim, uint};

pub(super) const FLAGS_INCLUDE: Flag = Flag::text(
    "collector.cpu.info.flags-include",
    "",
    "Filter the `flags` field in cpuInfo with a value that must be a regular expression",
)
.placeholder("COLLECTOR.CPU.INFO.FLAGS-INCLUDE");
pub(super) const BUGS_INCLUDE: Flag = Flag::text(
    "collector.cpu.info.bugs-include",
    "",
    "Filter the `bugs` field in cpuInfo with a value that must be a regular expression",
)
.placeholder("COLLECTOR.CPU.INFO.BUGS-INCLUDE");

/// Which words of the fields `flags` and `bugs` become series.
pub(super) struct Filters {
    flags: Option<Regex>,
    bugs: Option<Regex>,
}

impl Filters {
    pub(super) fn new(flags: &Flags) -> anyhow::Result<Self> {
        let filter = |flag: &Flag| {
            let pattern = flags.text(&flag.name);
            (!pattern.is_empty())
                .then(|| compile(&flag.name, pattern))
                .transpose()
        };
        Ok(Self {
            flags: filter(&FLAGS_INCLUDE)?,
            bugs: filter(&BUGS_INCLUDE)?,
        })
    }

    pub(super) fn any(&self) -> bool {
        self.flags.is_some() || self.bugs.is_some()
    }
}

pub(super) struct Info {
    source: Source,
    filters: Filters,
    frequency: bool,
}

/// Keys of the file and the labels they become, in the order of the labels; `cpu` is the number in front.
const LABELS: [(&str, &str); 9] = [
    ("cache size", "cachesize"),
    ("core id", "core"),
    ("cpu family", "family"),
    ("microcode", "microcode"),
    ("model", "model"),
    ("model name", "model_name"),
    ("physical id", "package"),
    ("stepping", "stepping"),
    ("vendor_id", "vendor"),
];
const CORE: usize = 1;
const PACKAGE: usize = 6;
const VENDOR: usize = 8;

/// One processor of the file.
#[derive(Debug, Default, PartialEq)]
struct Processor<'t> {
    number: u64,
    labels: [&'t [u8]; LABELS.len()],
    megahertz: f64,
    flags: &'t [u8],
    bugs: &'t [u8],
}

impl Info {
    pub(super) fn new(host: &Arc<Host>, filters: Filters, frequency: bool) -> Self {
        Self {
            source: host.proc("cpuinfo"),
            filters,
            frequency,
        }
    }

    pub(super) fn write(&mut self, buffer: &mut Vec<u8>, batch: &mut Batch, trouble: &mut Trouble) {
        let bytes = match self.source.read(buffer) {
            Ok(bytes) => bytes,
            Err(err) => return trouble.note(err),
        };
        let processors = parse(bytes, trouble);
        let header = Header::gauge("node_cpu_info", "CPU information from /proc/cpuinfo.");
        let mut family = batch.family(header);
        for processor in &processors {
            let values = processor.labels.map(text);
            let number = processor.number.to_string();
            let mut labels = vec![("cpu", &*number)];
            let pairs = LABELS.iter().zip(&values);
            labels.extend(pairs.map(|((_, label), value)| (*label, &**value)));
            family.sample(&labels, 1.0);
        }
        if self.frequency {
            write_frequencies(&processors, batch);
        }
        // The flags of the first stand for all.
        if let Some(first) = processors.first() {
            let Filters { flags, bugs } = &self.filters;
            write_words(flags.as_ref(), first.flags, ("flag", "flags"), batch);
            write_words(bugs.as_ref(), first.bugs, ("bug", "bugs"), batch);
        }
    }
}

fn write_frequencies(processors: &[Processor<'_>], batch: &mut Batch) {
    let help = "CPU frequency in hertz from /proc/cpuinfo.";
    let mut family = batch.family(Header::gauge("node_cpu_frequency_hertz", help));
    for processor in processors {
        family.sample(
            &[
                ("core", &text(processor.labels[CORE])),
                ("cpu", &processor.number.to_string()),
                ("package", &text(processor.labels[PACKAGE])),
            ],
            processor.megahertz * 1e6,
        );
    }
}

/// A series for each chosen word of a field.
fn write_words(
    filter: Option<&Regex>,
    field: &[u8],
    (label, key): (&str, &str),
    batch: &mut Batch,
) {
    let Some(filter) = filter else { return };
    let name = format!("node_cpu_{label}_info");
    let help = format!(
        "The `{key}` field of CPU information from /proc/cpuinfo taken from the first core."
    );
    let mut family = batch.family(Header::gauge(&name, &help));
    let mut seen = HashSet::new();
    for word in fields(field).map(text) {
        if filter.is_match(&word) && seen.insert(word.clone()) {
            family.sample(&[(label, &word)], 1.0);
        }
    }
}

/// The processors, each from its line `processor : 0` to the next; of two with one number the first counts.
fn parse<'t>(bytes: &'t [u8], trouble: &mut Trouble) -> Vec<Processor<'t>> {
    let mut processors: Vec<Processor<'t>> = Vec::new();
    for line in lines(bytes) {
        let Some(at) = memchr::memmem::find(line, b": ") else {
            continue;
        };
        let (key, value) = (trim(&line[..at]), &line[at + 2..]);
        if key == b"processor" {
            match uint(value).filter(|number| *number <= u64::from(u32::MAX)) {
                Some(number) => processors.push(Processor {
                    number,
                    ..Processor::default()
                }),
                None => trouble.line("cpuinfo", line),
            }
            continue;
        }
        let Some(processor) = processors.last_mut() else {
            trouble.line("cpuinfo", line);
            continue;
        };
        let label = LABELS.iter().position(|(own, _)| own.as_bytes() == key);
        match (label, key) {
            (Some(label), _) => processor.labels[label] = value,
            (None, b"vendor") => processor.labels[VENDOR] = value,
            (None, b"flags") => processor.flags = value,
            (None, b"bugs") => processor.bugs = value,
            (None, b"cpu MHz") => match float(value) {
                Some(megahertz) => processor.megahertz = megahertz,
                None => trouble.line("cpuinfo", line),
            },
            _ => {}
        }
    }
    if processors.is_empty() {
        trouble.say("cpuinfo: no processor");
    }
    let mut seen = HashSet::new();
    processors.retain(|processor| seen.insert(processor.number));
    processors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors() {
        let text = b"processor\t: 0\nvendor_id\t: GenuineIntel\ncpu MHz\t\t: 799.998\nflags\t\t: aes avx\npower management:\n\nprocessor\t: 2\nmodel name\t: X: Y\n";
        let mut trouble = Trouble::default();
        let found = parse(text, &mut trouble);
        trouble.outcome().unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].labels[VENDOR], b"GenuineIntel");
        assert_eq!(
            (found[0].megahertz, found[0].flags),
            (799.998, &b"aes avx"[..])
        );
        assert_eq!((found[1].number, found[1].labels[5]), (2, &b"X: Y"[..]));
    }

    #[test]
    fn a_bad_line_costs_itself() {
        let mut trouble = Trouble::default();
        let found = parse(
            b"model\t: 1\nprocessor\t: x\nprocessor\t: 1\ncpu MHz\t: fast\n",
            &mut trouble,
        );
        assert_eq!(found.len(), 1);
        assert!(trouble.outcome().is_err());
    }
}
