//! The command line: the rows of the collectors, the switches of all of them, and what belongs to none.
//!
//! Names, defaults and words are upstream's. Its flags of Go's runtime are taken and do nothing.

use promontory_exporter::build;
use promontory_exporter::flag::{Flag, Takes};
use promontory_exporter::program::Program;

use crate::collector::{DISABLE_DEFAULTS, ROWS, Row};
use crate::{host, missing};

/// Upstream's bound on Go's threads; there is nothing here to bound.
pub const GOMAXPROCS: Flag =
    Flag::integer("runtime.gomaxprocs", 1, "Known, without effect.").hidden();

/// The program with its flags. It carries upstream's name: the build metric and the version line have it.
pub fn program() -> Program {
    let options = ROWS.iter().flat_map(|row| row.flags).cloned();
    Program::new("node_exporter", "Prometheus Node Exporter", build!())
        .flags(host::FLAGS.iter().cloned())
        .flags(options)
        .flags(ROWS.iter().map(switch))
        .flags([DISABLE_DEFAULTS, GOMAXPROCS])
        .flags(missing::flags())
}

/// The pair of flags that switches a collector on and off.
fn switch(row: &Row) -> Flag {
    let state = if row.default { "enabled" } else { "disabled" };
    let mut flag = Flag::new(
        "",
        Takes::Switch {
            default: row.default,
        },
        "",
    );
    flag.name = format!("collector.{}", row.name).into();
    flag.help = format!("Enable the {} collector (default: {state}).", row.name).into();
    flag
}
