//! One file of a machine is damaged at a time: everything else is shown as before, and of that file as much as the
//! real program shows, or more.
//!
//! `damage/kinds.rs` says what happens to files, `damage/tables.rs` who reads them and what is excused,
//! `damage/pair.rs` starts both programs as a user that cannot read everything.

mod kinds;
mod pair;
mod tables;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use promontory_tests::node::tree::Tree;
use promontory_tests::node::trees::server;

use kinds::Damage::Odd;
use kinds::{DAMAGES, Damage};
use pair::{Pair, Shown};
use tables::{EXCUSED, READERS};

#[test]
fn one_damaged_file_costs_what_it_held() {
    let tree = machine();
    let files = files(&tree);
    let mut pair = Pair::start(&tree);
    let whole = pair.ours();
    let real = pair.real().unwrap();
    let failed: Vec<_> = whole
        .success
        .iter()
        .filter(|(_, success)| !**success)
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(whole.lines, real.lines);

    // `PROMONTORY_ODD` asks for more odd texts of each file.
    let odd = std::env::var("PROMONTORY_ODD").map_or(2, |times| times.parse().unwrap());
    let mut tally = Tally::default();
    for (file, readers) in files {
        let path = tree.at(&file);
        let content = fs::read(&path).unwrap();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        for damage in DAMAGES.into_iter().chain((0..odd).map(Odd)) {
            damage.apply(&tree, &file, &content).unwrap();
            let case = Case {
                file: &file,
                readers,
                damage,
                changed: changed(&path, &content),
            };
            let ours = pair.ours();
            let real = if damage.is_endless() {
                None
            } else {
                pair.real()
            };
            tally.add(&case, &whole, &ours, real.as_ref());
            mend(&path, &content, modified);
            if damage.may_raise() && file == "proc/stat" {
                pair.restart();
            }
        }
        assert_eq!(pair.ours().lines, whole.lines, "after {file} was mended");
    }
    tally.report(pair.deaths);
}

/// One file, damaged in one way.
struct Case<'c> {
    file: &'c str,
    /// The collectors that read it.
    readers: &'c [&'c str],
    damage: Damage,
    /// For a message.
    changed: String,
}

/// What all the damages cost.
#[derive(Default)]
struct Tally {
    damages: usize,
    /// Samples that ours lost, and the real program where it lived.
    lost: usize,
    lost_there: usize,
    wrong: Vec<String>,
    /// Rows of [`EXCUSED`] that were needed.
    excused: BTreeSet<usize>,
}

impl Tally {
    fn add(&mut self, case: &Case<'_>, whole: &Shown, ours: &Shown, real: Option<&Shown>) {
        self.damages += 1;
        for (collector, lines) in whole.lines.iter().filter(|(name, _)| !name.is_empty()) {
            let now = ours.of(collector);
            self.lost += lines.difference(&now).count();
            if !case.readers.contains(collector) {
                let well = ours.succeeded(collector);
                if now != *lines || !well {
                    let change = lines.symmetric_difference(&now).next();
                    let words = format!("is not concerned: success is {well}; {change:?}");
                    self.note(case, collector, words);
                }
                continue;
            }
            let Some(real) = real else { continue };
            let there = real.of(collector);
            self.lost_there += lines.difference(&there).count();
            let (well, well_there) = (ours.succeeded(collector), real.succeeded(collector));
            let line = match (well, well_there) {
                (true, true) => now.symmetric_difference(&there).next(),
                _ => there.difference(&now).next(),
            };
            if line.is_some() || well != well_there {
                let words = format!("success is {well}, there {well_there}; {line:?}");
                self.excuse(case, collector, words);
            }
        }
    }

    fn excuse(&mut self, case: &Case<'_>, collector: &str, words: String) {
        let row = EXCUSED.iter().position(|(begin, of, kinds, _)| {
            case.file.starts_with(begin) && collector == *of && kinds.contains(&case.damage.kind())
        });
        match row {
            Some(row) => {
                self.excused.insert(row);
            }
            None => self.note(case, collector, words),
        }
    }

    fn note(&mut self, case: &Case<'_>, collector: &str, words: String) {
        let Case {
            file,
            damage,
            changed,
            ..
        } = case;
        self.wrong
            .push(format!("{file} {damage:?}: {collector}: {words}{changed}"));
    }

    fn report(&self, deaths: usize) {
        let Self {
            damages,
            lost,
            lost_there,
            wrong,
            ..
        } = self;
        eprintln!(
            "{damages} damages: {lost} samples lost; the real program died {deaths} times and lost {lost_there} without those."
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
            .filter(|row| !self.excused.contains(row) && !by_chance(*row))
            .collect();
        assert!(stale.is_empty(), "rows of EXCUSED are stale: {stale:?}");
        assert!(*damages > 600);
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
    let cpus = ["cpu0/", "cpu10/"];
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
