//! From flags to what is watched and shown.

use kube_state_exporter::plan::{Namespaces, NodeFilter, Plan};
use kube_state_exporter::resource;
use kube_state_exporter::select;
use kube_state_exporter::shard::Shard;

use crate::flags::given;

fn plan(args: &[&str]) -> Plan {
    select::plan(&given(args)).unwrap()
}

fn error(args: &[&str]) -> String {
    match select::plan(&given(args)) {
        Ok(_) => panic!("{args:?} should be refused"),
        Err(error) => format!("{error:#}"),
    }
}

/// The families of namespaces that these flags show, without the beginning of their names.
fn shown(args: &[&str]) -> Vec<&'static str> {
    let mut args = args.to_vec();
    args.push("--resources=namespaces");
    let plan = plan(&args);
    let Some((row, selection)) = plan.resources.first() else {
        return Vec::new();
    };
    let families = (row.families)();
    let names = selection.families.iter().map(|at| families[*at].name);
    names
        .map(|name| name.strip_prefix("kube_namespace_").unwrap())
        .collect()
}

#[test]
fn the_lists_of_metrics_are_searched_for_anywhere_in_a_name() {
    let all = [
        "created",
        "annotations",
        "labels",
        "status_phase",
        "status_condition",
    ];
    assert_eq!(shown(&[]), all);
    for (args, expected) in [
        (
            vec!["--metric-allowlist=kube_namespace_created"],
            vec!["created"],
        ),
        (
            vec!["--metric-allowlist=status"],
            vec!["status_phase", "status_condition"],
        ),
        (
            vec!["--metric-allowlist=_labels$, created"],
            vec!["created", "labels"],
        ),
        (
            vec!["--metric-allowlist=_labels$", "--metric-allowlist=phase"],
            vec!["labels", "status_phase"],
        ),
        // Look-around, which neither Go's expressions nor Rust's have.
        (
            vec!["--metric-allowlist=^kube_namespace_(?!status)"],
            vec!["created", "annotations", "labels"],
        ),
        (
            vec!["--metric-allowlist=(?<=status_)condition"],
            vec!["status_condition"],
        ),
        (
            vec!["--metric-denylist=a[bn]"],
            vec!["created", "status_phase", "status_condition"],
        ),
        (vec!["--metric-denylist=^namespace"], all.to_vec()),
        (
            vec!["--metric-allowlist=", "--metric-denylist= ,"],
            all.to_vec(),
        ),
        (vec!["--metric-denylist=kube"], vec![]),
    ] {
        assert_eq!(shown(&args), expected, "{args:?}");
    }
}

#[test]
fn labels_and_annotations_are_allowed_by_resource() {
    let of = |args: &[&str]| {
        let plan = plan(&[&["--resources=namespaces"], args].concat());
        plan.resources[0].1.clone()
    };
    let none = of(&[]);
    assert!(none.labels.is_empty() && none.annotations.is_empty());
    let some = of(&[
        "--metric-labels-allowlist=namespaces=[team,app/*],pods=[x]",
        "--metric-annotations-allowlist=pods=[x]",
    ]);
    assert!(some.labels.has("team") && some.labels.has("app/a") && !some.labels.has("x"));
    assert!(some.annotations.is_empty());
    let starred = of(&["--metric-labels-allowlist=*=[owner],namespaces=[team]"]);
    assert!(starred.labels.has("owner") && !starred.labels.has("team"));
}

#[test]
fn whose_objects() {
    let all = plan(&[]);
    assert_eq!(all.namespaces, Namespaces::All);
    assert_eq!((all.shard, all.object_limit), (None, 0));
    assert!(all.node.is_none() && all.denied.is_empty() && !all.use_apiserver_cache);

    let some = plan(&[
        "--namespaces=a,b",
        "--namespaces-denylist=c",
        "--shard=1",
        "--total-shards=3",
        "--object-limit=5",
        "--use-apiserver-cache",
    ]);
    let names = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(some.namespaces, Namespaces::Only(names));
    assert_eq!(some.denied, ["c"]);
    assert_eq!(some.shard, Shard::new(1, 3));
    assert_eq!(some.object_limit, 5);
    assert!(some.use_apiserver_cache);

    if resource::find("pods").is_some() {
        let node = |args: &[&str]| plan(&[&["--resources=pods"], args].concat()).node;
        assert_eq!(node(&["--node=n"]), Some(NodeFilter::Node("n".to_owned())));
        let unscheduled = node(&["--node=n", "--track-unscheduled-pods"]);
        assert_eq!(unscheduled, Some(NodeFilter::Unscheduled));
    }
}

#[test]
fn pages_are_in_the_order_of_names() {
    let plan = plan(&[]);
    let names: Vec<&str> = plan.resources.iter().map(|(row, _)| row.name).collect();
    assert!(
        names.is_sorted() && names.contains(&"namespaces"),
        "{names:?}"
    );
}

#[test]
fn what_cannot_be_followed_is_refused_by_its_flag() {
    let only = "--resources=namespaces";
    for (args, words) in [
        (
            vec!["--resources=foos"],
            "--resources: resource foos does not exist",
        ),
        (
            vec!["--resources=namespaces,leases"],
            "--resources: kube-state-metrics shows leases, this program does not yet",
        ),
        (
            vec![only, "--metric-allowlist=a", "--metric-denylist=b"],
            "--metric-allowlist and --metric-denylist are both set",
        ),
        (
            vec![only, "--metric-allowlist=a("],
            "--metric-allowlist: `a(`: ",
        ),
        (
            vec![only, "--metric-denylist=[z-a]"],
            "--metric-denylist: `[z-a]`: ",
        ),
        (
            vec![only, "--metric-opt-in-list=+"],
            "--metric-opt-in-list: `+`: ",
        ),
        (
            vec![only, "--metric-allowlist=^(([a-z_]+)+)+\\1!$"],
            "--metric-allowlist: `^(([a-z_]+)+)+\\1!$` on kube_namespace_created: ",
        ),
        (
            vec![only, "--metric-labels-allowlist=foos=[a]"],
            "--metric-labels-allowlist: resource foos does not exist",
        ),
        (
            vec![only, "--metric-labels-allowlist=pods"],
            "--metric-labels-allowlist: invalid format",
        ),
        (
            vec![only, "--metric-annotations-allowlist=pods=[a*b*]"],
            "--metric-annotations-allowlist: invalid format, only one wildcard",
        ),
        (
            vec![only, "--node=n"],
            "--node: resource namespaces can't be sharded",
        ),
        (
            vec![only, "--track-unscheduled-pods"],
            "--track-unscheduled-pods: resource namespaces can't be sharded",
        ),
        (
            vec![only, "--shard=3", "--total-shards=3"],
            "--shard=3: of --total-shards=3 the last is 2",
        ),
        (
            vec![only, "--shard=-1", "--total-shards=3"],
            "--shard=-1 --total-shards=3: these are no shards",
        ),
        (
            vec![only, "--total-shards=0"],
            "--shard=0 --total-shards=0: these are no shards",
        ),
        (
            vec![only, "--object-limit=-1"],
            "--object-limit=-1 must be equal or greater than 0",
        ),
    ] {
        let error = error(&args);
        assert!(error.starts_with(words), "{args:?}: {error}");
    }
}
