//! The command line: one row a flag, in the order of upstream's `--help`, and what becomes of their values.
//!
//! Every flag of kube-state-metrics 2.20 is here, with its default and words. What is not built yet is taken only with
//! its default ([`NOT_BUILT`]); what has nothing to act on here is taken and told in the log ([`WITHOUT_EFFECT`]).

mod klog;
mod rows;

use anyhow::bail;
use promontory_exporter::build;
use promontory_exporter::flag::{Command, Flags, Spelling};
use promontory_exporter::program::Program;
use tracing::warn;

use crate::api::Source;
use crate::{missing, rbac, select};

/// Upstream's name: usage, the version line and the log carry it, so that scripts made for it go on working.
pub const PROGRAM: &str = "kube-state-metrics";

/// Flags of what is not built yet. Starting with one of them is an error: who gives it relies on it.
pub const NOT_BUILT: &[&str] = &[
    "auth-filter",
    "config",
    "continue-without-config",
    "continue-without-custom-resource-state-config-file",
    "custom-resource-state-config",
    "custom-resource-state-config-file",
    "custom-resource-state-only",
    "pod",
    "pod-namespace",
];

/// Flags that are known and change nothing, besides klog's, and why.
pub const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("auto-gomemlimit", "there is no Go runtime"),
    ("auto-gomemlimit-ratio", "there is no Go runtime"),
    (
        "enable-gzip-encoding",
        "clients that ask for gzip always get it",
    ),
];

/// The program with its flags and commands.
pub fn program() -> Program {
    let mut rows = rows::ROWS.to_vec();
    for row in &mut rows {
        if row.name == "resources" {
            let names = missing::default_names().join(",");
            row.help = format!("{}{names:?}", row.help).into();
        }
    }
    Program::new(
        PROGRAM,
        "kube-state-metrics is a simple service that listens to the Kubernetes API server and generates metrics about the state of the objects.",
        build!(),
    )
    .spelling(Spelling::Pflag)
    .log_level(klog::level)
    .flags(rows)
    .flags(klog::ROWS.iter().cloned())
    .commands([Command {
        name: "rbac",
        arguments: "[--resources=…]",
        help: "Print the ClusterRole rules that the resources need.".into(),
        print: |_, flags, _| {
            let rows = select::resources(flags).map_err(|error| error.to_string())?;
            Ok(rbac::cluster_role(&rows))
        },
    }])
}

/// Refuses flags of what is not built yet, and names those that change nothing.
///
/// # Errors
/// A flag that cannot be followed.
pub fn check(flags: &Flags) -> anyhow::Result<()> {
    for name in NOT_BUILT {
        if flags.on(name) || !flags.text(name).is_empty() {
            bail!("--{name}: this is not built yet; remove the flag to start without it");
        }
    }
    for (name, why) in WITHOUT_EFFECT {
        if flags.given(name) {
            warn!(
                flag = format!("--{name}"),
                "Known, but without effect: {why}"
            );
        }
    }
    for name in klog::WITHOUT_EFFECT {
        if flags.given(name) {
            warn!(
                flag = format!("--{name}"),
                "Known, but without effect: logs go to stderr, see --log.format"
            );
        }
    }
    Ok(())
}

/// Where the API server and the credentials are.
pub fn source(flags: &Flags) -> Source {
    let text = |name| Some(flags.text(name)).filter(|text| !text.is_empty());
    Source {
        kubeconfig: text("kubeconfig").map(Into::into),
        context: None,
        server: text("apiserver").map(str::to_owned),
    }
}
