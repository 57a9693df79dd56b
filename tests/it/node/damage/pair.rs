//! Both programs on one machine, and what they show of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use promontory_tests::node::page::{Scene, name, sample};
use promontory_tests::node::tree::Tree;
use promontory_tests::node::{Exporter, Which};

use super::tables::collector;

/// Nobody in particular: root may read everything, whatever its permissions say.
const NOBODY: u32 = 65_534;

const SCENE: Scene = Scene {
    machine: false,
    netlink: false,
};

/// A page by collector, and which of them succeeded.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) lines: BTreeMap<&'static str, BTreeSet<String>>,
    pub(super) success: BTreeMap<String, bool>,
}

impl Shown {
    pub(super) fn new(page: &str) -> Self {
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

    pub(super) fn of(&self, collector: &str) -> BTreeSet<String> {
        self.lines.get(collector).cloned().unwrap_or_default()
    }

    pub(super) fn succeeded(&self, collector: &str) -> bool {
        self.success.get(collector) == Some(&true)
    }
}

/// Both programs on one machine, as a user that cannot read everything.
pub(super) struct Pair {
    ours: Exporter,
    real: Exporter,
    flags: Vec<String>,
    folder: PathBuf,
    pub(super) deaths: usize,
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
    pub(super) fn start(tree: &Tree) -> Self {
        let mut flags = tree.flags();
        let own = "--web.disable-exporter-metrics --collector.disable-defaults --collector.cpu --collector.cpu.info --collector.diskstats --collector.entropy --collector.filesystem --collector.filesystem.stat-workers=1 --collector.loadavg --collector.meminfo --collector.netdev --no-collector.netdev.netlink --collector.netdev.label-ifalias --collector.netstat --collector.os --collector.pressure --collector.stat --collector.stat.softirq --collector.textfile --collector.time --collector.vmstat";
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
    pub(super) fn ours(&self) -> Shown {
        let wait = [("X-Prometheus-Scrape-Timeout-Seconds", "10")];
        let answer = self.ours.get("/metrics", &wait).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        Shown::new(std::str::from_utf8(&answer.body).unwrap())
    }

    /// The real program may die; then the next one begins.
    pub(super) fn real(&mut self) -> Option<Shown> {
        match self.real.scrape("") {
            Ok(page) => Some(Shown::new(&page)),
            Err(_) => {
                self.deaths += 1;
                self.real = start(Which::Real, &self.flags, &self.folder);
                None
            }
        }
    }

    pub(super) fn restart(&mut self) {
        self.ours = start(Which::Ours, &self.flags, &self.folder);
        self.real = start(Which::Real, &self.flags, &self.folder);
    }
}
