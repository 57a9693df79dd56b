//! What sysfs says of each CPU: whether it is online, and how often its core and package were throttled.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

use crate::host::{Host, Source, list, read};
use crate::words::{trim, uint};

const FOLDER: &str = "devices/system/cpu";

/// The CPUs as of the last scrape.
pub(super) struct Places {
    host: Arc<Host>,
    folder: PathBuf,
    /// In the order of their names as texts (`cpu10` before `cpu2`): upstream takes what a core says of throttling
    /// from the first of its threads in this order.
    cpus: Vec<Cpu>,
}

struct Cpu {
    name: String,
    online: Source,
    package: Source,
    core: Source,
    core_throttles: Source,
    package_throttles: Source,
    /// Package and core, once the kernel has told them: they do not change while the CPU is there.
    place: Option<(u64, u64)>,
}

impl Places {
    pub(super) fn new(host: &Arc<Host>) -> Self {
        Self {
            host: Arc::clone(host),
            folder: host.sys_path(FOLDER),
            cpus: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, buffer: &mut Vec<u8>, batch: &mut Batch) {
        self.refresh();
        self.write_throttles(buffer, batch);
        self.write_online(buffer, batch);
    }

    /// Looks which CPUs there are. Where sysfs says nothing about them, there are none.
    fn refresh(&mut self) {
        let names: Vec<String> = list(&self.folder)
            .unwrap_or_default()
            .iter()
            .filter_map(|name| name.to_str())
            .filter(|name| is_cpu(name))
            .map(str::to_owned)
            .collect();
        if self.cpus.iter().map(|cpu| &cpu.name).eq(&names) {
            return;
        }
        let source = |name: &str, file: &str| self.host.sys(&format!("{FOLDER}/{name}/{file}"));
        self.cpus = names
            .into_iter()
            .map(|name| Cpu {
                online: source(&name, "online"),
                package: source(&name, "topology/physical_package_id"),
                core: source(&name, "topology/core_id"),
                core_throttles: source(&name, "thermal_throttle/core_throttle_count"),
                package_throttles: source(&name, "thermal_throttle/package_throttle_count"),
                place: None,
                name,
            })
            .collect();
    }

    /// Threads of one core share its counter, and so do cores of one package: the first that has it counts.
    fn write_throttles(&mut self, buffer: &mut Vec<u8>, batch: &mut Batch) {
        let mut cores: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        let mut packages: BTreeMap<u64, u64> = BTreeMap::new();
        for cpu in &mut self.cpus {
            // Virtual machines have no counters, single boards no topology: neither is trouble.
            let Some((package, core)) = cpu.place(buffer) else {
                continue;
            };
            if !cores.contains_key(&(package, core))
                && let Some(count) = number(&mut cpu.core_throttles, buffer)
            {
                cores.insert((package, core), count);
            }
            if !packages.contains_key(&package)
                && let Some(count) = number(&mut cpu.package_throttles, buffer)
            {
                packages.insert(package, count);
            }
        }
        let help = "Number of times this CPU core has been throttled.";
        let mut family = batch.family(Header::counter("node_cpu_core_throttles_total", help));
        for ((package, core), count) in cores {
            let labels = [
                ("core", &*core.to_string()),
                ("package", &package.to_string()),
            ];
            family.sample(&labels, count as f64);
        }
        let help = "Number of times this CPU package has been throttled.";
        let mut family = batch.family(Header::counter("node_cpu_package_throttles_total", help));
        for (package, count) in packages {
            family.sample(&[("package", &package.to_string())], count as f64);
        }
    }

    /// Where the first CPU cannot be taken offline (x86), the kernel gives it no such file, and upstream shows none.
    /// As upstream, a CPU that does not say whether it is online is not; where the first one has no such file, the
    /// kernel cannot take CPUs out, and there is no family.
    fn write_online(&mut self, buffer: &mut Vec<u8>, batch: &mut Batch) {
        let help = "CPUs that are online and being scheduled.";
        let mut family = batch.family(Header::gauge("node_cpu_online", help));
        for (at, cpu) in self.cpus.iter_mut().enumerate() {
            let online = match cpu.online.read(buffer) {
                Ok(text) => trim(text) == b"1",
                Err(err) if err.kind() == ErrorKind::NotFound && at == 0 => return,
                Err(_) => false,
            };
            let number = cpu.name.trim_start_matches("cpu");
            family.sample(&[("cpu", number)], f64::from(u8::from(online)));
        }
    }
}

impl Cpu {
    fn place(&mut self, buffer: &mut Vec<u8>) -> Option<(u64, u64)> {
        if self.place.is_some() {
            return self.place;
        }
        let package = number(&mut self.package, buffer)?;
        let core = number(&mut self.core, buffer)?;
        if self.package.is_kernel() && self.core.is_kernel() {
            self.place = Some((package, core));
            self.package.release();
            self.core.release();
        }
        Some((package, core))
    }
}

fn number(source: &mut Source, buffer: &mut Vec<u8>) -> Option<u64> {
    uint(trim(source.read(buffer).ok()?))
}

/// `cpu0`, as the pattern `cpu[0-9]*` has it.
fn is_cpu(name: &str) -> bool {
    name.strip_prefix("cpu")
        .is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
}

/// The CPUs that the scheduler leaves alone (`isolcpus`); none where the kernel does not say.
///
/// # Errors
/// The file cannot be read, or says something else.
pub(super) fn isolated(host: &Host) -> anyhow::Result<Vec<u16>> {
    let mut buffer = Vec::new();
    let path = host.sys_path(&format!("{FOLDER}/isolated"));
    match read(&path, 64 << 10, &mut buffer) {
        Ok(_) => {}
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(err.into()),
    }
    range(&buffer).ok_or_else(|| anyhow::anyhow!("{}: no list of CPUs", path.display()))
}

/// `2-3,8` as numbers.
fn range(text: &[u8]) -> Option<Vec<u16>> {
    let number = |digits: &[u8]| u16::try_from(uint(digits)?).ok();
    let mut cpus = Vec::new();
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for part in text
        .split(|&byte| byte == b',')
        .filter(|part| !part.is_empty())
    {
        match memchr::memchr(b'-', part) {
            Some(at) => cpus.extend(number(&part[..at])?..=number(&part[at + 1..])?),
            None => cpus.push(number(part)?),
        }
    }
    cpus.sort_unstable();
    cpus.dedup();
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus() {
        assert_eq!(range(b"2-4,8,3\n"), Some(vec![2, 3, 4, 8]));
        assert_eq!(range(b"\n"), Some(vec![]));
        assert_eq!(range(b"5-3"), Some(vec![]));
        for bad in [&b"1-2-3"[..], b"a", b"1,x", b"70000"] {
            assert_eq!(range(bad), None);
        }
    }
}
