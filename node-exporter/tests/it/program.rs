//! The program as a process: its help and its logs. What it serves is compared with the real one in `tests/it/node`.

use std::process::Command;

use node_exporter::flags;

#[test]
fn help() {
    insta::assert_snapshot!("help", flags::program().table().help(80));
    let printed = Command::new(env!("CARGO_BIN_EXE_node-exporter"))
        .arg("--help")
        .output()
        .unwrap();
    assert_eq!(printed.status.code(), Some(0));
    let text = String::from_utf8_lossy(&printed.stdout);
    assert!(text.starts_with("usage: node_exporter [<flags>]"));
}

#[test]
fn a_collector_that_is_not_here_ends_the_program_and_says_which() {
    let ended = Command::new(env!("CARGO_BIN_EXE_node-exporter"))
        .args(["--collector.wifi", "--collector.zfs", "--no-collector.arp"])
        .args(["--web.listen-address", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let log = String::from_utf8_lossy(&ended.stderr);
    assert!(
        log.contains("the collectors wifi, zfs are not part of this program yet"),
        "{log}"
    );
}
