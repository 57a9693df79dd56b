//! `node_entropy_*`: how much randomness the kernel holds, and how much it can hold (random(4)).

use std::sync::{Arc, Mutex};

use promontory_exporter::collector::{CollectError, Collector};
use promontory_exporter::flag::Flags;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use super::{Row, Trouble, lock};
use crate::host::{Host, Source};
use crate::words::{trim, uint};

pub(super) const ROW: Row = Row {
    name: "entropy",
    default: true,
    about: "Entropy that the kernel holds, and the size of its pool.",
    reads: "`/proc/sys/kernel/random/{entropy_avail,poolsize}`",
    owns: |name| FILES.iter().any(|(_, own, _)| *own == name),
    flags: &[],
    start,
};

/// Files, and the family that each makes.
const FILES: [(&str, &str, &str); 2] = [
    (
        "entropy_avail",
        "node_entropy_available_bits",
        "Bits of available entropy.",
    ),
    (
        "poolsize",
        "node_entropy_pool_size_bits",
        "Bits of entropy pool.",
    ),
];

struct Entropy(Mutex<([Source; FILES.len()], Vec<u8>)>);

fn start(_: &Flags, host: &Arc<Host>) -> anyhow::Result<Box<dyn Collector>> {
    let sources = FILES.map(|(file, ..)| host.proc(&format!("sys/kernel/random/{file}")));
    Ok(Box::new(Entropy(Mutex::new((sources, Vec::new())))))
}

impl Collector for Entropy {
    fn name(&self) -> &str {
        ROW.name
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let mut state = lock(&self.0);
        let (sources, buffer) = &mut *state;
        let mut trouble = Trouble::default();
        for ((file, name, help), source) in FILES.into_iter().zip(sources) {
            let text = match source.read(buffer) {
                Ok(text) => text,
                Err(err) => {
                    trouble.note(err);
                    continue;
                }
            };
            match parse(text) {
                Some(bits) => batch
                    .family(Header::gauge(name, help))
                    .sample(&[], bits as f64),
                None => trouble.line(file, text),
            }
        }
        trouble.outcome()
    }
}

/// The one number of a file, in bits.
fn parse(text: &[u8]) -> Option<u64> {
    uint(trim(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits() {
        assert_eq!(parse(b"256\n"), Some(256));
        assert_eq!(parse(b" \t4096"), Some(4096));
        for bad in ["", "\n", "-1", "+1", "256 1", "0x100"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
