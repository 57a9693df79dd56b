//! What a process has cost so far, as the kernel accounts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks a second in `/proc/PID/stat`; fixed at 100 on Linux for user space (`proc(5)`).
const TICKS_PER_SECOND: u64 = 100;

/// CPU time, user and system, of all threads of a process, ended ones included. Steps of 10 ms.
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let stat =
        fs::read_to_string(format!("/proc/{pid}/stat")).context("reading a process' CPU time")?;
    // The command name may hold blanks; fields are counted after its closing parenthesis.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<u64>().ok())
            .unwrap_or(0)
    };
    Ok(Duration::from_millis(
        (ticks(11) + ticks(12)) * 1000 / TICKS_PER_SECOND,
    ))
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
