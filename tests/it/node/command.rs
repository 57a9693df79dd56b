//! The command line: every flag of the real program is taken, and refused where the real one refuses it.

use std::collections::BTreeMap;

use promontory_tests::node::{COLLECTORS, Exporter, Which, run, tree::Tree};

/// Flags that the real program knows and does not show.
const HIDDEN: [&str; 12] = [
    "collector.diskstats.ignored-devices",
    "collector.filesystem.ignored-fs-types",
    "collector.filesystem.ignored-mount-points",
    "collector.filesystem.mount-timeout",
    "collector.filesystem.stat-workers",
    "collector.netdev.device-blacklist",
    "collector.netdev.device-whitelist",
    "collector.qdisk.device-exclude",
    "collector.qdisk.device-include",
    "collector.systemd.private",
    "collector.systemd.unit-blacklist",
    "collector.systemd.unit-whitelist",
];

/// Help that differs, and why.
const HELP_DIFFERS: [(&str, &str); 2] = [
    ("web.disable-exporter-metrics", "there are no go_* metrics"),
    ("web.listen-address", "there is no vsock"),
];

fn flags(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A flag in a help text: what stands for its value (none for a switch), and its words.
type Shown = (Option<String>, String);

/// The flags of a help text. A flag begins at the seventh column, its words may go on in the lines below.
fn help(which: Which) -> BTreeMap<String, Shown> {
    let folder = tempfile::tempdir().unwrap();
    let (status, text) = run(which, &flags("--help"), folder.path()).unwrap();
    assert!(status.success(), "{text}");
    let mut found: BTreeMap<String, Shown> = BTreeMap::new();
    let mut last = String::new();
    for line in text.lines() {
        let Some(flag) = line
            .strip_prefix("      --")
            .or(line.strip_prefix("  -h, --"))
        else {
            if let (true, Some((_, words))) = (line.starts_with("    "), found.get_mut(&last)) {
                words.push_str(&format!(" {}", line.trim()));
            }
            continue;
        };
        let (flag, words) = flag.split_once("  ").unwrap_or((flag, ""));
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag.trim_start_matches("[no-]"), None),
        };
        name.clone_into(&mut last);
        found.insert(last.clone(), (value, words.trim().to_owned()));
    }
    assert!(found.len() > 30, "{text}");
    found
}

#[test]
fn every_flag_of_the_real_program_is_taken() {
    let real = help(Which::Real);
    let tree = Tree::new().unwrap();
    let mut given = tree.flags();
    let hidden = HIDDEN.iter().map(|name| {
        let value = match *name {
            "collector.systemd.private" => None,
            "collector.filesystem.mount-timeout" => Some("5s".to_owned()),
            "collector.filesystem.stat-workers" => Some("4".to_owned()),
            _ => Some("\"\"".to_owned()),
        };
        ((*name).to_owned(), value)
    });
    let shown = real.into_iter().map(|(name, (value, _))| (name, value));
    for (name, value) in shown.chain(hidden) {
        match (&*name, value) {
            ("help" | "version" | "web.listen-address", _) => {}
            (name, _) if name.starts_with("path.") => {}
            (name, None) => given.push(format!("--no-{name}")),
            // The placeholder of a flag without a default is its own name.
            (name, Some(value)) => {
                let value = value.trim_end_matches(" ...");
                let value = if value == name.to_uppercase() {
                    ""
                } else {
                    value
                };
                let value = value.trim_matches('"').replace("\\\\", "\\");
                given.push(format!("--{name}={value}"));
            }
        }
    }
    assert!(given.len() > 170, "only {} flags", given.len());
    for which in [Which::Real, Which::Ours] {
        Exporter::start(which, &given, tree.path()).unwrap();
    }
}

#[test]
fn help_has_the_real_program_s_words() {
    let (real, ours) = (help(Which::Real), help(Which::Ours));
    let mut differ = Vec::new();
    for (name, shown) in &ours {
        let known = real.get(name);
        assert!(known.is_some(), "the real program has no --{name}");
        if known != Some(shown) {
            differ.push(&**name);
        }
    }
    let listed: Vec<&str> = HELP_DIFFERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(differ, listed);
}

#[test]
fn a_collector_that_is_not_here_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut refused = 0;
    for (name, (value, words)) in help(Which::Real) {
        let Some(collector) = name.strip_prefix("collector.") else {
            continue;
        };
        let of_collector = value.is_none() && words.trim().starts_with("Enable the ");
        if !of_collector || COLLECTORS.contains(&collector) {
            continue;
        }
        let (status, said) = run(Which::Ours, &[format!("--{name}")], folder.path()).unwrap();
        assert_eq!(status.code(), Some(1), "{name}: {said}");
        let expected = format!("the {collector} collector is not part of this program yet");
        assert!(said.contains(&expected), "{name}: {said}");
        refused += 1;
    }
    assert_eq!(
        refused + COLLECTORS.len(),
        79,
        "node_exporter 1.12's collectors"
    );
}

/// Flags that cannot be followed, and what ours says. The real program panics on most of them (status 2).
const WRONG: &[(&str, &str)] = &[
    (
        "--collector.diskstats.device-include=a --collector.diskstats.device-exclude=b",
        "device-exclude & device-include are mutually exclusive",
    ),
    (
        "--collector.diskstats.ignored-devices=a --collector.diskstats.device-exclude=b",
        "--collector.diskstats.ignored-devices and --collector.diskstats.device-exclude are mutually exclusive",
    ),
    (
        "--collector.filesystem.mount-points-include=a --collector.filesystem.mount-points-exclude=b",
        "--collector.filesystem.mount-points-exclude and --collector.filesystem.mount-points-include are mutually exclusive",
    ),
    (
        "--collector.filesystem.ignored-mount-points=a --collector.filesystem.mount-points-exclude=b",
        "--collector.filesystem.ignored-mount-points and --collector.filesystem.mount-points-exclude are mutually exclusive",
    ),
    (
        "--collector.filesystem.fs-types-include=a --collector.filesystem.fs-types-exclude=b",
        "--collector.filesystem.fs-types-exclude and --collector.filesystem.fs-types-include are mutually exclusive",
    ),
    (
        "--collector.filesystem.ignored-fs-types=a --collector.filesystem.fs-types-exclude=b",
        "--collector.filesystem.ignored-fs-types and --collector.filesystem.fs-types-exclude are mutually exclusive",
    ),
    (
        "--collector.netdev.device-include=a --collector.netdev.device-exclude=b",
        "device-exclude & device-include are mutually exclusive",
    ),
    (
        "--collector.netdev.device-whitelist=a --collector.netdev.device-include=b",
        "--collector.netdev.device-whitelist and --collector.netdev.device-include are mutually exclusive",
    ),
    (
        "--collector.netdev.device-blacklist=a --collector.netdev.device-exclude=b",
        "--collector.netdev.device-blacklist and --collector.netdev.device-exclude are mutually exclusive",
    ),
    (
        "--collector.vmstat.fields=(",
        "--collector.vmstat.fields: not a regular expression",
    ),
    (
        "--collector.netstat.fields=[",
        "--collector.netstat.fields: not a regular expression",
    ),
    (
        "--collector.cpu.info.flags-include=a)",
        "--collector.cpu.info.flags-include: not a regular expression",
    ),
    (
        "--collector.cpu.info.bugs-include=\\",
        "--collector.cpu.info.bugs-include: not a regular expression",
    ),
    (
        "--collector.diskstats.device-exclude=(?=a)",
        "--collector.diskstats.device-exclude: not a regular expression",
    ),
    (
        "--collector.netdev.device-include=\\8",
        "--collector.netdev.device-include: not a regular expression",
    ),
    ("--path.procfs=/nowhere", "could not read /nowhere"),
    ("--path.sysfs=/nowhere", "could not read /nowhere"),
    ("--path.sysfs=/etc/passwd", "/etc/passwd is not a directory"),
    ("--collector.filesystem.mount-timeout=x", "invalid duration"),
    ("--collector.filesystem.stat-workers=x", "invalid syntax"),
    ("--web.max-requests=x", "invalid syntax"),
    ("--runtime.gomaxprocs=x", "invalid syntax"),
    (
        "--no-collector.cpu --collector.cpu",
        "flag 'collector.cpu' cannot be repeated",
    ),
    ("--collector.cpu=true", "unexpected true"),
    (
        "--collector.textfile.directory",
        "expected argument for flag '--collector.textfile.directory'",
    ),
    (
        "--collector.nonsense",
        "unknown long flag '--collector.nonsense'",
    ),
    ("--web.telemetry-path=metrics", "--web.telemetry-path"),
];

#[test]
fn what_cannot_be_followed_is_refused_by_both() {
    let folder = tempfile::tempdir().unwrap();
    for (given, words) in WRONG {
        let mut given = flags(given);
        given.push("--web.listen-address=127.0.0.1:0".to_owned());
        let (status, said) = run(Which::Real, &given, folder.path()).unwrap();
        assert!(
            matches!(status.code(), Some(1 | 2)),
            "real {given:?}: {said}"
        );
        let (status, said) = run(Which::Ours, &given, folder.path()).unwrap();
        assert_eq!(status.code(), Some(1), "{given:?}: {said}");
        assert!(said.contains(words), "{given:?}: {said}");
    }
}

#[test]
fn the_version_is_laid_out_alike() {
    let folder = tempfile::tempdir().unwrap();
    let keys = |which| -> Vec<String> {
        let (status, text) = run(which, &flags("--version"), folder.path()).unwrap();
        assert!(status.success());
        let key = |line: &str| {
            let end = line.find([':', ',']).unwrap_or(line.len());
            line[..end].to_owned()
        };
        text.lines().map(key).collect()
    };
    assert_eq!(keys(Which::Ours), keys(Which::Real));
}
