//! `make bench`: what things cost, ours beside the real program and the machine's limit, in one run.
//!
//! Each figure comes from whole processes on loopback: CPU from the kernel's accounting of the server
//! process, rates from what was answered. Times are printed and never asserted; read the ratios.
//! `bench PART…` measures only these parts (`formats`, `pushgateway`, `durable`, `node`, `kube`); `bench limit MODE FILE` is the
//! bench starting its own limit programs (see `limit`).

mod durable;
mod formats;
mod held;
mod kube;
mod limit;
mod load;
mod measure;
mod node;
mod objects;
mod pace;
mod pushgateway;
mod table;

use std::path::Path;

use anyhow::{Context, Result};

use table::Row;

/// A part: its name on the command line, and what measures it.
type Part = (&'static str, fn(&Path) -> Result<Vec<Row>>);

/// All parts, in the order of the table.
const PARTS: &[Part] = &[
    ("formats", formats::rows),
    ("pushgateway", pushgateway::rows),
    ("durable", durable::rows),
    ("node", node::rows),
    ("kube", kube::rows),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [word, mode, file] = arguments.as_slice()
        && word == "limit"
    {
        return limit::serve(mode, file);
    }
    for name in &arguments {
        let known = PARTS.iter().any(|(part, _)| part == name);
        anyhow::ensure!(known, "no part of the bench is called {name:?}");
    }
    let folder = tempfile::tempdir()?;
    let mut rows = Vec::new();
    for (name, measure) in PARTS {
        if arguments.is_empty() || arguments.iter().any(|wanted| wanted == name) {
            rows.extend(measure(folder.path()).with_context(|| format!("measuring {name}"))?);
        }
    }
    table::print(&rows);
    Ok(())
}
