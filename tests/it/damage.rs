//! A persistence file that is cut off or spoiled while the gateway is down: what is whole is there again, what is not is
//! set aside and told; and a disk that refuses while it runs.

use std::fs;
use std::path::{Path, PathBuf};

use promontory_tests::gateway::{Gateway, Which};
use promontory_tests::http::Request;
use promontory_tests::process::until;

fn start(file: &Path, folder: &Path) -> Gateway {
    let flags = [format!("--persistence.file={}", file.display())];
    Gateway::start(Which::Ours, &flags, folder).unwrap()
}

/// A file with a group for each number, ended by a kill; without the room behind what was written, which is zeros.
fn written(file: &Path, folder: &Path, groups: usize) -> Vec<u8> {
    let mut gateway = start(file, folder);
    for group in 0..groups {
        let path = format!("/metrics/job/j/group/{group}");
        assert_eq!(
            gateway.push("PUT", &path, &format!("x {group}\n")).unwrap(),
            200
        );
    }
    gateway.process.kill9().unwrap();
    gateway.process.wait().unwrap();
    let mut bytes = fs::read(file).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes.truncate(used);
    bytes
}

/// Which groups are shown, each with its own number.
fn groups(page: &str) -> Vec<usize> {
    let group = |line: &str| {
        let (labels, value) = line.strip_prefix("x{")?.split_once("} ")?;
        let group = labels.split("group=\"").nth(1)?.split('"').next()?;
        assert_eq!(group, value, "{line}");
        group.parse().ok()
    };
    let mut groups: Vec<usize> = page.lines().filter_map(group).collect();
    groups.sort_unstable();
    groups
}

fn value(page: &str, name: &str) -> f64 {
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

fn aside(folder: &Path, suffix: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.display().to_string().contains(suffix))
        .collect()
}

#[test]
fn damage_costs_one_push_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held.db");
    let mut bytes = written(&file, folder.path(), 10);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&file, &bytes).unwrap();
    let mut gateway = start(&file, folder.path());
    let page = gateway.scrape().unwrap();
    assert_eq!(groups(&page).len(), 9, "{page}");
    assert!(value(&page, "pushgateway_persistence_damaged_bytes") > 0.0);
    let log = gateway.process.log();
    assert!(
        log.contains("level=error") && log.contains("damaged"),
        "{log}"
    );
    let kept = aside(folder.path(), ".damaged-");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(fs::read(&kept[0]).unwrap(), bytes);
    // It goes on, and the next start finds nothing wrong.
    assert_eq!(
        gateway
            .push("PUT", "/metrics/job/j/group/77", "x 77\n")
            .unwrap(),
        200
    );
    gateway.process.kill9().unwrap();
    gateway.process.wait().unwrap();
    let again = start(&file, folder.path()).scrape().unwrap();
    assert_eq!(groups(&again).len(), 10);
    assert_eq!(value(&again, "pushgateway_persistence_damaged_bytes"), 0.0);
    assert_eq!(aside(folder.path(), ".damaged-").len(), 1);
}

#[test]
fn a_cut_file_loses_only_what_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held.db");
    let bytes = written(&file, folder.path(), 10);
    fs::write(&file, &bytes[..bytes.len() - 3]).unwrap();
    let gateway = start(&file, folder.path());
    let page = gateway.scrape().unwrap();
    assert_eq!(groups(&page), (0..9).collect::<Vec<_>>());
    let torn = value(&page, "pushgateway_persistence_torn_bytes") as usize;
    let kept = aside(folder.path(), ".torn-");
    assert_eq!(fs::read(&kept[0]).unwrap().len(), torn);
    let log = gateway.process.log();
    assert!(
        log.contains("level=warn") && log.contains("not finished"),
        "{log}"
    );
}

/// The other program starts empty and healthy on garbage or a cut file and then overwrites it, and it loads a flipped
/// byte without a word.
#[test]
fn defect_14_a_spoiled_file_is_neither_overwritten_nor_loaded_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held.db");
    let whole = written(&file, folder.path(), 10);
    let cut = &whole[..whole.len() * 2 / 3];
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for spoiled in [cut, &flipped] {
        fs::write(&file, spoiled).unwrap();
        let gateway = start(&file, folder.path());
        // Each group that is shown has its own value: `groups` checks that.
        let shown = groups(&gateway.scrape().unwrap());
        assert!(!shown.is_empty() && shown.len() < 10, "{shown:?}");
        let log = gateway.process.log();
        assert!(
            log.contains("level=warn") || log.contains("level=error"),
            "{log}"
        );
        drop(gateway);
        let kept = [".torn-", ".damaged-"]
            .map(|suffix| aside(folder.path(), suffix))
            .concat();
        let kept: Vec<u8> = fs::read(kept.last().unwrap()).unwrap();
        assert!(
            spoiled.ends_with(&kept),
            "what was spoiled is kept as it was"
        );
        for path in [".torn-", ".damaged-", ".log"]
            .map(|suffix| aside(folder.path(), suffix))
            .concat()
        {
            fs::remove_file(path).unwrap();
        }
    }
    let garbage = [b'?'; 5000];
    fs::write(&file, garbage).unwrap();
    let flags = [format!("--persistence.file={}", file.display())];
    let error = Gateway::start(Which::Ours, &flags, folder.path()).unwrap_err();
    assert!(format!("{error:#}").contains("held.db"), "{error:#}");
    assert_eq!(fs::read(&file).unwrap(), garbage);
}

/// The other program leaves a file behind for each kill while it saves.
#[test]
fn defect_15_kills_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held.db");
    for _ in 0..10 {
        written(&file, folder.path(), 20);
    }
    let mut names: Vec<_> = aside(folder.path(), "held.db");
    names.retain(|name| !name.display().to_string().contains(".torn-"));
    assert_eq!(names, [file]);
}

#[test]
fn a_full_disk_is_told_and_recovered_from_without_a_restart_or_a_push() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::start_limitable(folder.path()).unwrap();
    let push = |path, body: &str| {
        let push = Request::new("PUT", path).body(body);
        gateway.send(&push).unwrap()
    };
    let get = |path| gateway.send(&Request::new("GET", path)).unwrap();
    assert_eq!(push("/metrics/job/j/group/1", "x 1\n").status, 200);
    gateway.limit_files("100").unwrap();
    let refused = push("/metrics/job/j/group/2", "x 2\n");
    assert_eq!(refused.status, 503);
    assert!(
        refused.text().contains("could not be stored"),
        "{}",
        refused.text()
    );
    let page = gateway.scrape().unwrap();
    assert_eq!(groups(&page), [1], "scrapes go on");
    assert!(value(&page, "pushgateway_persistence_failures_total") > 0.0);
    let (healthy, ready) = (get("/-/healthy"), get("/-/ready"));
    assert_eq!((healthy.status, ready.status), (200, 503));
    for said in [healthy.text(), ready.text()] {
        assert!(said.contains("changes cannot be stored: "), "{said}");
    }
    gateway.limit_files("unlimited").unwrap();
    until("ready again, though nobody pushes", || {
        (get("/-/ready").status == 200).then_some(())
    })
    .unwrap();
    assert_eq!(get("/-/healthy").text(), "OK");
    assert_eq!(push("/metrics/job/j/group/2", "x 2\n").status, 200);
    assert_eq!(groups(&gateway.scrape().unwrap()), [1, 2]);
}
