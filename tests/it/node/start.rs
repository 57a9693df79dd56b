//! What is damaged when the program starts costs no more than what is damaged later.

use promontory_tests::node::page::Scene;
use promontory_tests::node::trees::server;
use promontory_tests::node::{Exporter, Which};

const FLAGS: &str = "--web.disable-exporter-metrics --collector.disable-defaults --collector.cpu --collector.diskstats --collector.filesystem --collector.os --collector.time --collector.loadavg";

/// What is taken away or put in place of a file, and what must not be on the page then. The real program does not start
/// in the first two cases.
const CASES: [(&str, Option<&[u8]>, &str); 5] = [
    (
        "sys/devices/system/cpu/isolated",
        Some(b"no list\n"),
        "node_cpu_isolated",
    ),
    (
        "sys/devices/system/cpu/isolated",
        Some(b"\xff\n"),
        "node_cpu_isolated",
    ),
    ("sys/devices/system/cpu/isolated", None, "node_cpu_isolated"),
    ("udev", None, "node_disk_ata_"),
    ("root", None, "node_filesystem_size_bytes"),
];

#[test]
fn what_is_damaged_at_the_start_costs_itself() {
    let scene = Scene {
        machine: false,
        netlink: false,
    };
    for (name, content, gone) in CASES {
        let tree = server().unwrap();
        let mut flags = tree.flags();
        flags.extend(FLAGS.split_whitespace().map(str::to_owned));
        let page = |case: &str| {
            let exporter = Exporter::start(Which::Ours, &flags, tree.path());
            let page = exporter.unwrap().scrape("").unwrap();
            assert!(page.contains("\nnode_load1 "), "{case}");
            scene.lines(&page)
        };
        let whole = page("whole");
        assert!(whole.iter().any(|line| line.starts_with(gone)), "{gone}");
        let path = tree.at(name);
        match content {
            Some(content) => std::fs::write(&path, content).unwrap(),
            None if path.is_dir() => std::fs::remove_dir_all(&path).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let damaged = page(name);
        assert!(
            !damaged.iter().any(|line| line.starts_with(gone)),
            "{name}: {gone}"
        );
        let kept = [
            "node_cpu_seconds_total",
            "node_cpu_online",
            "node_disk_read_bytes_total",
            "node_time_clocksource_",
        ];
        for family in kept {
            let of = |lines: &[String]| {
                let lines = lines.iter().filter(|line| line.starts_with(family));
                lines.cloned().collect::<Vec<_>>()
            };
            assert_eq!(of(&damaged), of(&whole), "{name}: {family}");
        }
    }
}
