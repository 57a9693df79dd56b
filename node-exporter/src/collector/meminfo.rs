//! `node_memory_*`: the fields of `/proc/meminfo` (proc_meminfo(5)), in bytes where they carry a unit.
//!
//! Upstream knows these fields and no others; what a kernel adds shows up here when it does there.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::Flags;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use super::{Row, Trouble, lock};
use crate::host::{Host, Source};
use crate::words::{fields, lines};

pub(super) const ROW: Row = Row {
    name: "meminfo",
    default: true,
    about: "Memory statistics.",
    reads: "`/proc/meminfo`",
    owns: |name| {
        let field = name.strip_prefix("node_memory_");
        FIELDS.iter().any(|(_, family)| field == Some(family))
    },
    flags: &[],
    start,
};

/// A field of the file, and what its family is called behind `node_memory_`. The counts of huge pages have no unit.
#[rustfmt::skip]
const FIELDS: &[(&str, &str)] = &[
    ("MemTotal:", "MemTotal_bytes"),
    ("MemFree:", "MemFree_bytes"),
    ("MemAvailable:", "MemAvailable_bytes"),
    ("Buffers:", "Buffers_bytes"),
    ("Cached:", "Cached_bytes"),
    ("SwapCached:", "SwapCached_bytes"),
    ("Active:", "Active_bytes"),
    ("Inactive:", "Inactive_bytes"),
    ("Active(anon):", "Active_anon_bytes"),
    ("Inactive(anon):", "Inactive_anon_bytes"),
    ("Active(file):", "Active_file_bytes"),
    ("Inactive(file):", "Inactive_file_bytes"),
    ("Unevictable:", "Unevictable_bytes"),
    ("Mlocked:", "Mlocked_bytes"),
    ("SwapTotal:", "SwapTotal_bytes"),
    ("SwapFree:", "SwapFree_bytes"),
    ("Zswap:", "Zswap_bytes"),
    ("Zswapped:", "Zswapped_bytes"),
    ("Dirty:", "Dirty_bytes"),
    ("Writeback:", "Writeback_bytes"),
    ("AnonPages:", "AnonPages_bytes"),
    ("Mapped:", "Mapped_bytes"),
    ("Shmem:", "Shmem_bytes"),
    ("Slab:", "Slab_bytes"),
    ("SReclaimable:", "SReclaimable_bytes"),
    ("SUnreclaim:", "SUnreclaim_bytes"),
    ("KernelStack:", "KernelStack_bytes"),
    ("PageTables:", "PageTables_bytes"),
    ("NFS_Unstable:", "NFS_Unstable_bytes"),
    ("Bounce:", "Bounce_bytes"),
    ("WritebackTmp:", "WritebackTmp_bytes"),
    ("CommitLimit:", "CommitLimit_bytes"),
    ("Committed_AS:", "Committed_AS_bytes"),
    ("VmallocTotal:", "VmallocTotal_bytes"),
    ("VmallocUsed:", "VmallocUsed_bytes"),
    ("VmallocChunk:", "VmallocChunk_bytes"),
    ("Percpu:", "Percpu_bytes"),
    ("HardwareCorrupted:", "HardwareCorrupted_bytes"),
    ("AnonHugePages:", "AnonHugePages_bytes"),
    ("ShmemHugePages:", "ShmemHugePages_bytes"),
    ("ShmemPmdMapped:", "ShmemPmdMapped_bytes"),
    ("CmaTotal:", "CmaTotal_bytes"),
    ("CmaFree:", "CmaFree_bytes"),
    ("HugePages_Total:", "HugePages_Total"),
    ("HugePages_Free:", "HugePages_Free"),
    ("HugePages_Rsvd:", "HugePages_Rsvd"),
    ("HugePages_Surp:", "HugePages_Surp"),
    ("Hugepagesize:", "Hugepagesize_bytes"),
    ("DirectMap4k:", "DirectMap4k_bytes"),
    ("DirectMap2M:", "DirectMap2M_bytes"),
    ("DirectMap1G:", "DirectMap1G_bytes"),
];

#[derive(Default)]
struct State {
    buffer: Vec<u8>,
    name: String,
    help: String,
}

struct Meminfo(Mutex<(Source, State)>);

fn start(_: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    let source = host.proc("meminfo");
    Ok(Box::new(Meminfo(Mutex::new((source, State::default())))))
}

impl Collector for Meminfo {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut locked = lock(&self.0);
        let (source, state) = &mut *locked;
        let mut trouble = Trouble::default();
        let values = parse(source.read(&mut state.buffer)?, &mut trouble);
        for ((_, family), value) in FIELDS.iter().zip(values) {
            let Some(value) = value else { continue };
            state.name.clear();
            state.help.clear();
            // Writing to a string cannot fail.
            let _ = write!(state.name, "node_memory_{family}");
            let _ = write!(state.help, "Memory information field {family}.");
            batch
                .family(Header::gauge(&state.name, &state.help))
                .sample(&[], value as f64);
        }
        trouble.outcome()
    }
}

/// The value of each field, in the order of the table; of two lines for one field the last counts.
fn parse(text: &[u8], trouble: &mut Trouble) -> [Option<u64>; FIELDS.len()] {
    let mut values = [None; FIELDS.len()];
    // The kernel keeps the order of its fields, so the next line is nearly always the next row.
    let mut next = 0;
    for line in lines(text) {
        let Some((field, value)) = parse_line(line) else {
            trouble.line("meminfo", line);
            continue;
        };
        let known = |at: &usize| {
            FIELDS
                .get(*at)
                .is_some_and(|(name, _)| name.as_bytes() == field)
        };
        if let Some(at) = Some(next)
            .filter(known)
            .or_else(|| (0..FIELDS.len()).find(known))
        {
            values[at] = Some(value);
            next = at + 1;
        }
    }
    values
}

/// `MemTotal:  16384 kB`, `HugePages_Total:  0`.
fn parse_line(line: &[u8]) -> Option<(&[u8], u64)> {
    let mut fields = fields(line);
    let (name, value) = (fields.next()?, based(fields.next()?)?);
    match (fields.next(), fields.next()) {
        (None, _) => Some((name, value)),
        (Some(b"kB"), None) => Some((name, value.wrapping_mul(1024))),
        _ => None,
    }
}

/// A number as upstream reads this file: a prefix may tell its base.
fn based(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    let (digits, base) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', b'b' | b'B', ..] => (&text[2..], 2),
        [b'0', b'o' | b'O', ..] => (&text[2..], 8),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    // Rust would take a sign.
    digits
        .starts_with(|digit: char| digit.is_ascii_hexdigit())
        .then(|| u64::from_str_radix(digits, base).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, field: &str) -> Option<u64> {
        let values = parse(text.as_bytes(), &mut Trouble::default());
        let at = FIELDS.iter().position(|(name, _)| *name == field);
        values[at.unwrap()]
    }

    #[test]
    fn fields_with_and_without_a_unit() {
        let text =
            "MemTotal:       16384 kB\nHugePages_Free:    7\nActive(anon): 1 kB\nNew: 1 kB\n";
        assert_eq!(value(text, "MemTotal:"), Some(16384 * 1024));
        assert_eq!(value(text, "HugePages_Free:"), Some(7));
        assert_eq!(value(text, "Active(anon):"), Some(1024));
        assert_eq!(value(text, "MemFree:"), None);
    }

    #[test]
    fn a_bad_line_costs_itself() {
        let text = b"MemTotal: x kB\nMemFree: 1 MB\nCached:\nBuffers: 2 kB\nMemFree: 1 kB 2\n";
        let mut trouble = Trouble::default();
        let values = parse(text, &mut trouble);
        assert_eq!(values.iter().flatten().count(), 1);
        assert!(
            trouble
                .outcome()
                .unwrap_err()
                .to_string()
                .contains("MemTotal: x kB")
        );
    }

    #[test]
    fn numbers_of_any_base() {
        for (text, number) in [("0x10", 16), ("010", 8), ("0", 0), ("0b11", 3)] {
            assert_eq!(based(text.as_bytes()), Some(number), "{text}");
        }
        assert_eq!(based(b"+1"), None);
        assert_eq!(based(b"0x"), None);
    }
}
