//! What a process has cost so far, as the kernel accounts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks a second in `/proc/PID/stat`; fixed at 100 on Linux for user space (`proc(5)`).
const TICKS_PER_SECOND: u64 = 100;

/// CPU time, user and system, of all threads of a process, ended ones included. Steps of 10 ms.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    ticks(&format!("/proc/{pid}/stat"), [11, 12])
}

/// CPU time of all children of this process that have ended.
pub(crate) fn children_cpu() -> Result<Duration> {
    ticks("/proc/self/stat", [13, 14])
}

/// The sum of two fields of a `stat` file, counted behind the command name, which may hold blanks.
fn ticks(path: &str, fields: [usize; 2]) -> Result<Duration> {
    let stat = fs::read_to_string(path).context("reading a process' CPU time")?;
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let all: Vec<u64> = rest
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    let sum: u64 = fields.iter().filter_map(|&field| all.get(field)).sum();
    Ok(Duration::from_millis(sum * 1000 / TICKS_PER_SECOND))
}

/// Memory of a process in bytes: resident now, and at its highest.
pub(crate) fn memory(pid: u32) -> Result<(u64, u64)> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("reading a process' memory")?;
    let bytes = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key))?;
        line.split_whitespace()
            .nth(1)?
            .parse::<u64>()
            .ok()
            .map(|kib| kib * 1024)
    };
    Ok((bytes("VmRSS:").unwrap_or(0), bytes("VmHWM:").unwrap_or(0)))
}

/// Bytes a process has caused to be written to disk.
pub(crate) fn written(pid: u32) -> Result<u64> {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).context("reading a process' I/O")?;
    let line = io
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line
        .and_then(|value| value.trim().parse().ok())
        .unwrap_or(0))
}
