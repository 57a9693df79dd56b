//! One file of a machine is damaged at a time: everything else is shown as before, and of that file as much as the
//! real program shows, or more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::Result;
use promontory_tests::node::page::{Scene, name, sample};
use promontory_tests::node::textfiles::pipe;
use promontory_tests::node::tree::Tree;
use promontory_tests::node::trees::server;
use promontory_tests::node::{Exporter, Which};

/// Nobody in particular: root may read everything, whatever its permissions say.
const NOBODY: u32 = 65_534;

const SCENE: Scene = Scene {
    machine: false,
    netlink: false,
};

/// Which collectors read a file, by the beginning of its path; none read it where there are none.
const READERS: &[(&str, &[&str])] = &[
    ("proc/stat", &["cpu", "stat"]),
    ("proc/cpuinfo", &["cpu"]),
    ("proc/diskstats", &["diskstats"]),
    ("proc/1/mountinfo", &["filesystem"]),
    ("proc/loadavg", &["loadavg"]),
    ("proc/meminfo", &["meminfo"]),
    ("proc/net/dev", &["netdev"]),
    ("proc/net/", &["netstat"]),
    ("proc/pressure/", &["pressure"]),
    ("proc/vmstat", &["vmstat"]),
    ("root/etc/os-release", &["os"]),
    ("root/mnt/", &[]),
    ("sys/block/", &["diskstats"]),
    ("sys/class/net/", &["netdev"]),
    // Read once, when the program starts.
    ("sys/devices/system/cpu/isolated", &[]),
    ("sys/devices/system/cpu/online", &[]),
    ("sys/devices/system/cpu/", &["cpu"]),
    ("sys/devices/system/clocksource/", &["time"]),
    ("text/", &["textfile"]),
    ("udev/", &["diskstats"]),
];

/// Whose families they are, by the beginnings of their names; the rest comes from text files.
const FAMILIES: &[(&str, &str)] = &[
    ("node_boot_time_", "stat"),
    ("node_context_switches_", "stat"),
    ("node_cpu_", "cpu"),
    ("node_disk_", "diskstats"),
    ("node_exporter_", ""),
    ("node_filesystem_", "filesystem"),
    ("node_forks_", "stat"),
    ("node_intr_", "stat"),
    ("node_load", "loadavg"),
    ("node_memory_", "meminfo"),
    ("node_netstat_", "netstat"),
    ("node_network_", "netdev"),
    ("node_os_", "os"),
    ("node_pressure_", "pressure"),
    ("node_procs_", "stat"),
    ("node_scrape_", ""),
    ("node_softirqs_", "stat"),
    ("node_time_", "time"),
    ("node_vmstat_", "vmstat"),
];

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    Missing,
    Empty,
    /// So many sixteenths of it are left.
    Cut(usize),
    /// All but its last byte is left.
    LastByte,
    /// Bytes of all kinds in its place.
    Noise(u64),
    /// One byte in fifty is another.
    Spots(u64),
    /// One or two words or lines of it are odd.
    Odd(u64),
    /// It stands there many times over, a megabyte of it.
    Again,
    /// A megabyte of numbered words in one line.
    Words,
    /// A pipe that nobody writes to.
    Pipe,
    /// A file without an end.
    Zeros,
    Folder,
    Loop,
    Denied,
}

use Damage::{
    Again, Cut, Denied, Empty, Folder, LastByte, Loop, Missing, Noise, Odd, Pipe, Spots, Words,
    Zeros,
};

const DAMAGES: [Damage; 19] = [
    Missing,
    Empty,
    Cut(1),
    Cut(5),
    Cut(8),
    Cut(13),
    LastByte,
    Noise(1),
    Noise(2),
    Noise(3),
    Spots(1),
    Spots(2),
    Again,
    Words,
    Pipe,
    Zeros,
    Folder,
    Loop,
    Denied,
];

/// Where the two do not agree: the beginning of a path, the collector, the damages, and why.
const EXCUSED: &[(&str, &str, &[Damage], &str)] = &[
    (
        "proc/stat",
        "cpu",
        NOTHING,
        "the real program shows a machine without CPUs",
    ),
    (
        "proc/stat",
        "stat",
        NOTHING,
        "the real program shows a machine that booted in 1970",
    ),
    (
        "proc/stat",
        "stat",
        ODD_OR_SPOTS,
        "the real program reads the lines of the CPUs, too, and fails on them",
    ),
    (
        "proc/stat",
        "cpu",
        ODD,
        "the real program reads the other lines, too, and fails on them",
    ),
    (
        "text/b.prom",
        "textfile",
        ODD,
        "the real program shows 0 where the counts of a histogram are not whole numbers",
    ),
    (
        "proc/cpuinfo",
        "cpu",
        ODD,
        "the real program fails on fields that it does not show",
    ),
    (
        "proc/meminfo",
        "meminfo",
        &[Words],
        "the real program is silent about a line of a megabyte",
    ),
    (
        "proc/net/dev",
        "netdev",
        &[Words],
        "two lines of headings may be of any length",
    ),
    (
        "sys/class/net/bonding_masters",
        "netdev",
        &[Loop],
        "the real program takes the broken link for a device",
    ),
    (
        "sys/class/net/",
        "netdev",
        &[Again, Words],
        "the real program cuts an alias at 128 bytes; ours knows the kernel's bound",
    ),
    (
        "sys/devices/system/clocksource/",
        "time",
        &[Again, Words],
        "the real program reads the first 128 bytes",
    ),
];

/// Any of them.
const ODD: &[Damage] = &[Odd(0)];
const ODD_OR_SPOTS: &[Damage] = &[Odd(0), Spots(1), Spots(2)];

/// No line of the file is left.
const NOTHING: &[Damage] = &[Empty, Noise(1), Noise(2), Noise(3), Words];

impl Damage {
    fn apply(self, tree: &Tree, file: &str, content: &[u8]) -> Result<()> {
        let path = tree.at(file);
        fs::remove_file(&path)?;
        match self {
            Missing => {}
            Empty => fs::write(&path, b"")?,
            Cut(sixteenths) => fs::write(&path, &content[..content.len() * sixteenths / 16])?,
            LastByte => fs::write(&path, &content[..content.len().saturating_sub(1)])?,
            Noise(seed) => {
                let mut noise = content.to_vec();
                let mut random = Random::new(seed, file);
                noise.iter_mut().for_each(|byte| *byte = random.byte());
                fs::write(&path, noise)?;
            }
            Spots(seed) => {
                let mut spotted = content.to_vec();
                let mut random = Random::new(seed, file);
                for byte in &mut spotted {
                    if random.byte() < 5 {
                        *byte = random.byte();
                    }
                }
                fs::write(&path, spotted)?;
            }
            Odd(seed) => fs::write(&path, odd(content, &mut Random::new(seed, file)))?,
            Again => fs::write(&path, content.repeat((1 << 20) / content.len().max(1)))?,
            Words => {
                let words: String = (0..150_000).map(|at| format!("w6{at} ")).collect();
                fs::write(&path, words)?;
            }
            Pipe => pipe(tree, file)?,
            Zeros => symlink("/dev/zero", &path)?,
            Folder => fs::create_dir(&path)?,
            Loop => symlink(&path, &path)?,
            Denied => {
                fs::write(&path, content)?;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o000))?;
            }
        }
        Ok(())
    }

    /// The damage as the list of what is excused names it: there is one row for all odd texts.
    fn kind(self) -> Self {
        match self {
            Odd(_) => Odd(0),
            other => other,
        }
    }

    /// Whether the real program would wait or read for ever.
    fn is_endless(self) -> bool {
        matches!(self, Pipe | Zeros)
    }

    /// Whether counters may have risen to values they never had.
    fn may_raise(self) -> bool {
        matches!(self, Noise(_) | Spots(_) | Odd(_) | Again)
    }
}

/// What may stand in place of a word; no kernel writes it, but other things call themselves kernels.
const ODDITIES: &[&str] = &[
    "",
    "0",
    "-1",
    "-0",
    "+7",
    "1.5",
    "1e3",
    "0x10",
    "010",
    "1_000",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775808",
    "4294967296",
    "NaN",
    "inf",
    "-Inf",
    "x",
    "-",
    ":",
    "=",
    "\"",
    "é",
    "kB",
    "a:b",
    "a=b",
    "a,b",
    "cpu",
    "cpu01",
    "cpu-1",
    "cpu99999999999",
    "cpux",
    "some",
    "total=",
    "total=-1",
    "total=1.5",
    "0:0",
    "8:0x",
    "#",
    "\\040",
    "6",
    "Tcp:",
    "0-0",
    "1,2",
    "export",
    "$X",
    "'",
    "'a'",
    "\"a\"",
    "a\\",
    "{",
    "}",
    "le",
];

/// A text with one or two odd words or lines.
fn odd(content: &[u8], random: &mut Random) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = content
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    for _ in 0..=random.below(2) {
        let at = random.below(lines.len());
        let other = lines[random.below(lines.len())].clone();
        let line = &mut lines[at];
        match random.below(12) {
            0 => line.extend_from_slice(b" \t "),
            1 => line.push(b'\r'),
            2 => line.insert(0, b' '),
            3 => *line = other,
            4 => line.extend_from_slice(&other),
            5 => line.clear(),
            _ => {
                let mut words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
                let word = random.below(words.len());
                words[word] = ODDITIES[random.below(ODDITIES.len())].as_bytes();
                *line = words.join(&b' ');
            }
        }
    }
    lines.join(&b'\n')
}

/// Bytes that look like chance and are the same each time.
struct Random(u64);

impl Random {
    fn new(seed: u64, file: &str) -> Self {
        let mix = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let start = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Never zero: that would stay.
        Self(file.bytes().fold(start, mix) | 1 << 63)
    }

    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 24) as u8
    }

    fn below(&mut self, end: usize) -> usize {
        let wide = [self.byte(), self.byte(), self.byte()];
        let wide = wide
            .iter()
            .fold(0, |wide, byte| wide << 8 | usize::from(*byte));
        wide % end.max(1)
    }
}

fn collector(family: &str) -> &'static str {
    let row = FAMILIES.iter().find(|(begin, _)| family.starts_with(begin));
    row.map_or("textfile", |(_, collector)| collector)
}

/// A page by collector, and which of them succeeded.
#[derive(Default)]
struct Shown {
    lines: BTreeMap<&'static str, BTreeSet<String>>,
    success: BTreeMap<String, bool>,
}

impl Shown {
    fn new(page: &str) -> Self {
        let mut shown = Self::default();
        for line in SCENE.lines(page) {
            let Some((series, value)) = sample(&line) else {
                continue;
            };
            if let Some(label) = series.strip_prefix("node_scrape_collector_success{collector=\"") {
                let name = label.trim_end_matches("\"}").to_owned();
                shown.success.insert(name, value == "1");
            }
            let of = shown.lines.entry(collector(name(series))).or_default();
            of.insert(line);
        }
        shown
    }

    fn of(&self, collector: &str) -> BTreeSet<String> {
        self.lines.get(collector).cloned().unwrap_or_default()
    }

    fn succeeded(&self, collector: &str) -> bool {
        self.success.get(collector) == Some(&true)
    }
}

/// Both programs on one machine, as a user that cannot read everything.
struct Pair {
    ours: Exporter,
    real: Exporter,
    flags: Vec<String>,
    folder: PathBuf,
    deaths: usize,
}

fn start(which: Which, flags: &[String], folder: &Path) -> Exporter {
    let root = fs::metadata("/proc/self").is_ok_and(|about| {
        use std::os::unix::fs::MetadataExt;
        about.uid() == 0
    });
    let started = match root {
        true => Exporter::start_as(which, NOBODY, flags, folder),
        false => Exporter::start(which, flags, folder),
    };
    started.unwrap()
}

impl Pair {
    fn start(tree: &Tree) -> Self {
        let mut flags = tree.flags();
        let own = "--web.disable-exporter-metrics --collector.disable-defaults --collector.cpu --collector.cpu.info --collector.diskstats --collector.filesystem --collector.filesystem.stat-workers=1 --collector.loadavg --collector.meminfo --collector.netdev --no-collector.netdev.netlink --collector.netdev.label-ifalias --collector.netstat --collector.os --collector.pressure --collector.stat --collector.stat.softirq --collector.textfile --collector.time --collector.vmstat";
        flags.extend(own.split_whitespace().map(str::to_owned));
        flags.push(format!(
            "--collector.textfile.directory={}",
            tree.at("text").display()
        ));
        // The machine hides its logs and programs from its own root folder.
        let folder = tree.at("programs");
        fs::create_dir_all(&folder).unwrap();
        Self {
            ours: start(Which::Ours, &flags, &folder),
            real: start(Which::Real, &flags, &folder),
            flags,
            folder,
            deaths: 0,
        }
    }

    /// Ours must answer, whatever it finds.
    fn ours(&self) -> Shown {
        let wait = [("X-Prometheus-Scrape-Timeout-Seconds", "10")];
        let answer = self.ours.get("/metrics", &wait).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        Shown::new(std::str::from_utf8(&answer.body).unwrap())
    }

    /// The real program may die; then the next one begins.
    fn real(&mut self) -> Option<Shown> {
        match self.real.scrape("") {
            Ok(page) => Some(Shown::new(&page)),
            Err(_) => {
                self.deaths += 1;
                self.real = start(Which::Real, &self.flags, &self.folder);
                None
            }
        }
    }

    fn restart(&mut self) {
        self.ours = start(Which::Ours, &self.flags, &self.folder);
        self.real = start(Which::Real, &self.flags, &self.folder);
    }
}

/// Every file that a collector reads, with the collectors; of the many CPUs a few.
fn files(tree: &Tree) -> Vec<(String, &'static [&'static str])> {
    let mut found = Vec::new();
    let mut folders = vec![tree.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let file = path.strip_prefix(tree.path()).unwrap();
            found.push(file.to_str().unwrap().to_owned());
        }
    }
    found.sort();
    let cpus = ["cpu0/", "cpu1/", "cpu10/", "cpu40/"];
    found.retain(|file| {
        let of_cpu = file.strip_prefix("sys/devices/system/cpu/cpu");
        of_cpu.is_none() || cpus.iter().any(|cpu| file.contains(&format!("/{cpu}")))
    });
    let readers = |file: &str| {
        let row = READERS.iter().find(|(begin, _)| file.starts_with(begin));
        row.unwrap_or_else(|| panic!("who reads {file}?")).1
    };
    let with = found.into_iter().map(|file| {
        let readers = readers(&file);
        (file, readers)
    });
    with.filter(|(_, readers)| !readers.is_empty()).collect()
}

fn machine() -> Tree {
    let tree = server().unwrap();
    tree.file(
        "text/a.prom",
        "# HELP job_runs_total Runs.\n# TYPE job_runs_total counter\njob_runs_total{job=\"a\"} 3\n",
    )
    .unwrap();
    tree.file("text/b.prom", "# TYPE job_seconds histogram\njob_seconds_bucket{le=\"1\"} 1\njob_seconds_bucket{le=\"+Inf\"} 3\njob_seconds_sum 9.5\njob_seconds_count 3\n").unwrap();
    tree
}

#[test]
fn one_damaged_file_costs_what_it_held() {
    let tree = machine();
    let files = files(&tree);
    let mut pair = Pair::start(&tree);
    let whole = pair.ours();
    let real = pair.real().unwrap();
    assert!(
        whole.success.values().all(|success| *success),
        "{:?}",
        whole.success
    );
    assert_eq!(whole.lines, real.lines);

    // `PROMONTORY_ODD` asks for more odd texts of each file.
    let odd = std::env::var("PROMONTORY_ODD").map_or(5, |times| times.parse().unwrap());
    let mut wrong = Vec::new();
    let mut excused = BTreeSet::new();
    let (mut damages, mut lost, mut lost_there) = (0, 0, 0);
    for (file, readers) in &files {
        let path = tree.at(file);
        let content = fs::read(&path).unwrap();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        for damage in DAMAGES.into_iter().chain((0..odd).map(Odd)) {
            damage.apply(&tree, file, &content).unwrap();
            damages += 1;
            let changed = changed(&path, &content);
            let ours = pair.ours();
            let real = if damage.is_endless() {
                None
            } else {
                pair.real()
            };
            for (collector, lines) in &whole.lines {
                let now = ours.of(collector);
                lost += lines.difference(&now).count();
                let note =
                    |words: String| format!("{file} {damage:?}: {collector}: {words}{changed}");
                if collector.is_empty() {
                    continue;
                }
                if !readers.contains(collector) {
                    if now != *lines || !ours.succeeded(collector) {
                        wrong.push(note("is not concerned".to_owned()));
                    }
                    continue;
                }
                let Some(real) = &real else { continue };
                let there = real.of(collector);
                lost_there += lines.difference(&there).count();
                let (well, well_there) = (ours.succeeded(collector), real.succeeded(collector));
                let line = match (well, well_there) {
                    (true, true) => now.symmetric_difference(&there).next(),
                    _ => there.difference(&now).next(),
                };
                if line.is_none() && well == well_there {
                    continue;
                }
                let row = EXCUSED.iter().position(|(begin, of, kinds, _)| {
                    file.starts_with(begin) && collector == of && kinds.contains(&damage.kind())
                });
                match row {
                    Some(row) => {
                        excused.insert(row);
                    }
                    None => wrong.push(note(format!(
                        "success is {well}, there {well_there}; {line:?}"
                    ))),
                }
            }
            mend(&path, &content, modified);
            if damage.may_raise() && file == "proc/stat" {
                pair.restart();
            }
        }
        let again = pair.ours();
        assert_eq!(again.lines, whole.lines, "after {file} was mended");
    }
    eprintln!(
        "{damages} damages: {lost} samples lost; the real program died {} times and lost {lost_there} without those.",
        pair.deaths
    );
    assert!(
        wrong.is_empty(),
        "{} of {damages}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // Whether an odd text meets its row is a matter of chance.
    let by_chance = |row: usize| EXCUSED[row].2.contains(&Odd(0));
    let stale: Vec<_> = (0..EXCUSED.len())
        .filter(|row| !excused.contains(row) && !by_chance(*row))
        .collect();
    assert!(stale.is_empty(), "rows of EXCUSED are stale: {stale:?}");
    assert!(damages > 600);
}

/// The first lines that the damage changed, for a message.
fn changed(path: &Path, content: &[u8]) -> String {
    if !path.is_file() || path.is_symlink() {
        return String::new();
    }
    let now = fs::read(path).unwrap_or_default();
    let short = |line: &[u8]| String::from_utf8_lossy(&line[..line.len().min(120)]).into_owned();
    let pairs = content
        .split(|byte| *byte == b'\n')
        .zip(now.split(|byte| *byte == b'\n'));
    let changed = pairs.filter(|(was, is)| was != is).take(2);
    changed
        .map(|(was, is)| format!("\n    {:?} was {:?}", short(is), short(was)))
        .collect()
}

fn mend(path: &Path, content: &[u8], modified: std::time::SystemTime) {
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir(path).unwrap();
    } else if path.symlink_metadata().is_ok() {
        fs::remove_file(path).unwrap();
    }
    fs::write(path, content).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(modified).unwrap();
}
