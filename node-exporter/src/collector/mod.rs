//! The collectors: the table, and what they share.
//!
//! A collector is a file here: a pure `parse` from bytes to values, and the families it writes. What it reads it asks
//! [`Host`] for. A new one is a file and a row.

mod cpu;
mod diskstats;
mod entropy;
mod filesystem;
mod loadavg;
mod meminfo;
mod netdev;
mod netstat;
mod os;
mod pressure;
mod stat;
mod textfile;
mod time;
mod trouble;
mod uname;
mod vmstat;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use promontory_exporter::collector::Collector;
use promontory_exporter::flag::{Flag, Flags};

use crate::host::Host;
use trouble::Trouble;

/// Makes a collector out of the flags.
pub type Start = fn(&Flags, &Arc<Host>) -> anyhow::Result<Box<dyn Collector>>;

/// A collector: a row of the table.
#[derive(Clone, Copy)]
pub struct Row {
    /// Its name in flags, in `collect[]` and in logs.
    pub name: &'static str,
    /// Whether it runs unless told otherwise.
    pub default: bool,
    /// What it shows, for the README.
    pub about: &'static str,
    /// Where it reads, for the README.
    pub reads: &'static str,
    /// Whether a family of this name is its own: a text file must not bring it too.
    pub owns: fn(&str) -> bool,
    /// Its flags, besides the switch.
    pub flags: &'static [Flag],
    /// Makes one out of the flags.
    pub start: Start,
}

/// Switches every collector off that is not asked for.
pub const DISABLE_DEFAULTS: Flag = Flag::switch(
    "collector.disable-defaults",
    "Set all collectors to disabled by default.",
);

/// All collectors, by name.
pub const ROWS: &[Row] = &[
    cpu::ROW,
    diskstats::ROW,
    entropy::ROW,
    filesystem::ROW,
    loadavg::ROW,
    meminfo::ROW,
    netdev::ROW,
    netstat::ROW,
    os::ROW,
    pressure::ROW,
    stat::ROW,
    textfile::ROW,
    time::ROW,
    uname::ROW,
    vmstat::ROW,
];

/// Whether a collector is to run, built or not: what the command line says of it, or else its default unless all
/// defaults are off.
pub fn enabled(flags: &Flags, name: &str) -> bool {
    let switch = format!("collector.{name}");
    flags.on(&switch) && (flags.given(&switch) || !flags.on(&DISABLE_DEFAULTS.name))
}

/// What a collector keeps between scrapes. A scrape that panicked leaves values, not broken promises.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
