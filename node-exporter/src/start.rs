//! From flags to a registry of collectors.

use anyhow::{Context as _, bail};
use promontory_exporter::collector::Registry;
use promontory_exporter::flag::Flags;
use tracing::{info, warn};

use crate::collector::{ROWS, enabled};
use crate::flags::GOMAXPROCS;
use crate::host::Host;
use crate::missing::{self, MISSING};

/// Fills the registry with the collectors that the flags enable.
///
/// # Errors
/// A flag that cannot be followed, a collector that is not here yet, or a machine that is not where the flags say.
pub fn collectors(flags: &Flags, registry: &mut Registry) -> anyhow::Result<()> {
    refuse_missing(flags)?;
    if rustix::process::geteuid().is_root() {
        warn!(
            "Node Exporter is running as root user. This exporter is designed to run as unprivileged user, root is not required."
        );
    }
    if flags.given(&GOMAXPROCS.name) {
        info!("--runtime.gomaxprocs has no effect: this program has no Go runtime");
    }
    let host = Host::new(flags)?;
    registry.scrape_series("node", "node_exporter");
    info!("Enabled collectors");
    for row in ROWS {
        if enabled(flags, row.name) {
            info!("{}", row.name);
            let collector = (row.start)(flags, &host);
            registry.add_boxed(collector.with_context(|| format!("the {} collector", row.name))?);
        } else {
            registry.disabled(row.name);
        }
    }
    tell_missing(flags, registry);
    Ok(())
}

fn refuse_missing(flags: &Flags) -> anyhow::Result<()> {
    match missing::asked_for(flags).as_slice() {
        [] => Ok(()),
        [name] => bail!("--collector.{name}: the {name} collector is not part of this program yet"),
        names => bail!(
            "the collectors {} are not part of this program yet",
            names.join(", ")
        ),
    }
}

/// Names what upstream would show beside what is shown here, once.
fn tell_missing(flags: &Flags, registry: &mut Registry) {
    let (lacking, off): (Vec<_>, Vec<_>) = MISSING
        .iter()
        .map(|missing| missing.name)
        .partition(|name| enabled(flags, name));
    for name in off {
        registry.disabled(name);
    }
    if !lacking.is_empty() {
        info!(
            collectors = lacking.join(" "),
            "Not part of this program yet"
        );
    }
}
