//! `make up` keeps its word: it shows all three programs in one Prometheus, and leaves nothing behind.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use promontory_tests::cluster::Cluster;
use promontory_tests::process::{Process, until};

/// One at a time: each decides on its ports at the beginning, and the last is taken seconds later.
static ALONE: Mutex<()> = Mutex::new(());

/// Starts it with its data in `folder`.
fn up(folder: &Path, arguments: &[&str], kubeconfig: Option<&Path>) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_up"));
    command
        .args(arguments)
        .arg(format!("--data={}", folder.join("data").display()))
        .env_remove("KUBECONFIG");
    if let Some(kubeconfig) = kubeconfig {
        command.env("KUBECONFIG", kubeconfig);
    }
    Process::start(command, &folder.join("up.log")).unwrap()
}

/// Waits until it says each of these; a busy machine has a deadline for each, not for all.
fn says(up: &Process, words: &[&str]) {
    for word in words {
        let said = until(word, || up.log().contains(word).then_some(()));
        assert!(said.is_ok(), "it never said {word:?}:\n{}", up.log());
    }
}

/// The processes that `parent` started and that still run.
fn children(parent: u32) -> Vec<u32> {
    let of_parent = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let mut after_name = stat.rsplit_once(") ").unwrap_or_default().1.split(' ');
        after_name.next() != Some("Z") && after_name.next() == Some(&parent.to_string())
    };
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(of_parent).collect()
}

#[test]
fn it_shows_all_three_programs_and_leaves_nothing_behind() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let mut up = up(folder.path(), &[], None);
    says(
        &up,
        &[
            "[3/9]",
            "[5/9]",
            "backup_bytes = 5500000000",
            "node_memory_MemTotal_bytes = ",
            "[8/9]",
            "[9/9]",
            "kube_deployment_spec_replicas{namespace=\"shop\",deployment=\"web\"} = 2",
            "It works.",
        ],
    );
    let started = children(up.pid());
    // Three programs, Prometheus, etcd and the API server, and the shell of the lifeline.
    assert!(started.len() >= 6, "{started:?}");
    assert!(up.terminate().unwrap().success(), "{}", up.log());
    let runs = |pid: &u32| Path::new(&format!("/proc/{pid}")).exists();
    until("all that it started to end", || {
        (!started.iter().any(runs)).then_some(())
    })
    .unwrap();
}

#[test]
fn once_it_says_by_its_status_whether_all_of_it_works() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::shared().unwrap();
    let mut good = up(folder.path(), &["--once"], Some(&cluster.kubeconfig()));
    says(&good, &["[9/9]", "It works."]);
    assert!(good.wait().unwrap().success(), "{}", good.log());
    let said = good.log();
    assert!(said.contains("only reading"), "{said}");
    assert!(said.contains("kube_namespace_status_phase"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let mut bad = up(folder.path(), &["--once"], Some(Path::new("/no/such/file")));
    assert_eq!(bad.wait().unwrap().code(), Some(1));
    let said = bad.log();
    assert!(
        said.contains("KUBECONFIG=/no/such/file names no file"),
        "{said}"
    );
}
