//! Dead mounts cost their own samples and nothing else.
//!
//! The mounts are real ones: FUSE without anybody behind it, in a mount namespace of the exporter's own. That needs
//! root and /dev/fuse; elsewhere the test says so and the unit tests of `host/statfs.rs` must do.

use std::process::Command;

use promontory_tests::node::tree::Tree;
use promontory_tests::node::{Exporter, Which, program};
use promontory_tests::process::until;

/// How many are dead.
const DEAD: usize = 20;

/// Mounts `$1/dead0`, `$1/dead1`, …; a process in the background holds their other ends and lets go when the file `$2`
/// appears or the exporter is gone; then this shell becomes the exporter.
const SCRIPT: &str = r#"
set -e
root=$1; release=$2; count=$3; shift 3
held=()
for ((at = 0; at < count; at++)); do
    exec {fd}<>/dev/fuse
    mount -i -t fuse "dead$at" "$root/dead$at" -o "fd=$fd,rootmode=40000,user_id=0,group_id=0"
    held+=("$fd")
done
( while kill -0 $$ 2>/dev/null && [ ! -e "$release" ]; do sleep 0.05; done ) </dev/null >/dev/null 2>&1 &
for fd in "${held[@]}"; do exec {fd}<&-; done
[ $# -gt 0 ] || exit 0
exec "$@"
"#;

fn tree() -> Tree {
    let tree = Tree::new().unwrap();
    let mut mounts = String::new();
    for at in 0..DEAD {
        tree.folder(&format!("root/dead{at}")).unwrap();
        mounts.push_str(&format!(
            "{at} 1 0:{at} / /dead{at} rw - nfs4 server:/dead{at} rw\n"
        ));
        tree.folder(&format!("root/live{at}")).unwrap();
        mounts.push_str(&format!(
            "{at} 1 1:{at} / /live{at} rw - ext4 /dev/live{at} rw\n"
        ));
    }
    tree.file("proc/1/mountinfo", mounts).unwrap();
    tree.file("proc/loadavg", "1 2 3 4/5 6\n").unwrap();
    tree
}

fn before(tree: &Tree, count: usize) -> Vec<String> {
    let path = |name| tree.at(name).display().to_string();
    let count = count.to_string();
    [
        "-m",
        "bash",
        "-c",
        SCRIPT,
        "dead",
        &path("root"),
        &path("release"),
        &count,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn lines<'p>(page: &'p str, name: &str, with: &str) -> Vec<&'p str> {
    let is = |line: &&str| line.starts_with(&format!("{name}{{")) && line.contains(with);
    page.lines().filter(is).collect()
}

#[test]
fn twenty_dead_mounts_cost_their_own_samples() {
    let tree = tree();
    let tried = Command::new("unshare").args(before(&tree, 1)).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        eprintln!("Skipped: mounting FUSE in a namespace of our own is not allowed here.");
        return;
    }
    let mut flags = tree.flags();
    flags.extend(
        ["disable-defaults", "filesystem", "loadavg"].map(|flag| format!("--collector.{flag}")),
    );
    let mut before = before(&tree, DEAD);
    before.push(program(Which::Ours).unwrap().display().to_string());
    let exporter =
        Exporter::start_with(Command::new("unshare"), &before, &flags, tree.path()).unwrap();
    for _ in 0..5 {
        let page = exporter.scrape("").unwrap();
        let dead = lines(&page, "node_filesystem_device_error", "mountpoint timeout");
        assert_eq!(dead.len(), DEAD, "{page}");
        assert!(
            dead.iter()
                .all(|line| line.contains("mountpoint=\"/dead") && line.ends_with(" 1"))
        );
        for family in ["size_bytes", "avail_bytes", "files", "mount_info"] {
            let live = lines(
                &page,
                &format!("node_filesystem_{family}"),
                "mountpoint=\"/live",
            );
            assert_eq!(live.len(), DEAD, "{page}");
        }
        assert!(page.contains("\nnode_load1 1\n"));
        assert!(page.contains("\nnode_scrape_collector_success{collector=\"filesystem\"} 1\n"));
    }
    let status = format!("/proc/{}/status", exporter.process.pid());
    let status = std::fs::read_to_string(status).unwrap();
    let threads = status
        .lines()
        .find_map(|line| line.strip_prefix("Threads:"));
    let threads: usize = threads.unwrap().trim().parse().unwrap();
    assert!(
        threads <= 3 * DEAD,
        "{threads} threads: a mount is asked once, not once a scrape"
    );

    tree.file("release", "").unwrap();
    until("the mounts to answer that nobody is behind them", || {
        let page = exporter.scrape("").unwrap();
        let known = lines(
            &page,
            "node_filesystem_device_error",
            "transport endpoint is not connected",
        );
        (known.len() == DEAD).then_some(())
    })
    .unwrap();
}
