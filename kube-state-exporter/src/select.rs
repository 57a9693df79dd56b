//! From flags to a [`Plan`]: which resources, which families of each, which labels, whose objects.

mod keys;
mod list;
mod metrics;

use anyhow::{Context as _, bail, ensure};
use promontory_exporter::flag::Flags;
use tracing::{info, warn};

use crate::missing;
use crate::plan::{Namespaces, NodeFilter, Plan};
use crate::resource::Row;
use crate::samples::Selection;
use crate::shard::Shard;

use keys::Keys;
use list::list;
use metrics::Metrics;

/// What the flags say is to be watched and shown.
///
/// # Errors
/// Flags that contradict each other, or name what does not exist.
pub fn plan(flags: &Flags) -> anyhow::Result<Plan> {
    let rows = resources(flags)?;
    let node = node(flags, &rows)?;
    let object_limit = flags.integer("object-limit");
    ensure!(
        object_limit >= 0,
        "--object-limit={object_limit} must be equal or greater than 0"
    );
    if list(flags, "resources").is_empty() && !missing::lacking().is_empty() {
        let resources = missing::lacking().join(",");
        info!(resources, "Not part of this program yet");
    }
    let selections = selections(flags, &rows)?;
    let names: Vec<&str> = selections.iter().map(|(row, _)| row.name).collect();
    info!(resources = names.join(","), "Active resources");
    Ok(Plan {
        resources: selections,
        namespaces: namespaces(flags),
        denied: list(flags, "namespaces-denylist")
            .into_iter()
            .map(str::to_owned)
            .collect(),
        shard: shard(flags)?,
        node,
        use_apiserver_cache: flags.on("use-apiserver-cache"),
        object_limit,
    })
}

/// The rows that `--resources` names, sorted by name, which is the order of the page.
///
/// # Errors
/// One of them does not exist.
pub fn resources(flags: &Flags) -> anyhow::Result<Vec<&'static Row>> {
    let names = list(flags, "resources");
    if names.is_empty() {
        return Ok(missing::default_rows().collect());
    }
    let rows: Result<Vec<_>, _> = names
        .into_iter()
        .map(|name| missing::find("--resources", name))
        .collect();
    let mut rows = rows?;
    rows.sort_by_key(|row| row.name);
    Ok(rows)
}

/// The families and labels of each resource. A resource of which nothing would be shown is not watched.
fn selections(
    flags: &Flags,
    rows: &[&'static Row],
) -> anyhow::Result<Vec<(&'static Row, Selection)>> {
    let metrics = Metrics::new(flags)?;
    let labels = Keys::new(flags, "metric-labels-allowlist", rows)?;
    let annotations = Keys::new(flags, "metric-annotations-allowlist", rows)?;
    let mut selections = Vec::with_capacity(rows.len());
    for &row in rows {
        let families = metrics.families(row)?;
        if families.is_empty() {
            info!(
                resource = row.name,
                "Not watched: the metric lists leave nothing of it"
            );
            continue;
        }
        let selection = Selection {
            families,
            labels: labels.of(row.name),
            annotations: annotations.of(row.name),
        };
        selections.push((row, selection));
    }
    for (flag, pattern) in metrics.idle(rows)? {
        warn!(flag, pattern, "Matches no metric of the resources");
    }
    Ok(selections)
}

fn namespaces(flags: &Flags) -> Namespaces {
    let names = list(flags, "namespaces");
    if names.is_empty() {
        return Namespaces::All;
    }
    Namespaces::Only(names.into_iter().map(str::to_owned).collect())
}

/// Which shard of how many; one alone is none.
fn shard(flags: &Flags) -> anyhow::Result<Option<Shard>> {
    let (index, total) = (flags.integer("shard"), flags.integer("total-shards"));
    if total == 1 {
        return Ok(None);
    }
    let (Ok(small_index), Ok(small_total @ 1..)) = (u32::try_from(index), u32::try_from(total))
    else {
        bail!("--shard={index} --total-shards={total}: these are no shards");
    };
    let shard = Shard::new(small_index, small_total);
    shard.map(Some).with_context(|| {
        let last = small_total - 1;
        format!("--shard={index}: of --total-shards={total} the last is {last}")
    })
}

/// Whose pods; upstream asks the API server for nodes of nodes then, and never shows them.
fn node(flags: &Flags, rows: &[&Row]) -> anyhow::Result<Option<NodeFilter>> {
    let node = flags.text("node");
    let (flag, filter) = if flags.on("track-unscheduled-pods") {
        ("--track-unscheduled-pods", NodeFilter::Unscheduled)
    } else if node.is_empty() {
        return Ok(None);
    } else {
        ("--node", NodeFilter::Node(node.to_owned()))
    };
    if let Some(row) = rows.iter().find(|row| row.name != "pods") {
        bail!(
            "{flag}: resource {} can't be sharded by field selector spec.nodeName; add --resources=pods",
            row.name
        );
    }
    Ok(Some(filter))
}
