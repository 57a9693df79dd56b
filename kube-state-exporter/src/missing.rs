//! The resources kube-state-metrics 2.20 has: which it shows by default, and which of them are not here yet.

use crate::resource::{self, Row, TABLE};

/// Name of each, and whether upstream watches it unless told otherwise.
const UPSTREAM: &[(&str, bool)] = &[
    ("certificatesigningrequests", true),
    ("clusterrolebindings", false),
    ("clusterroles", false),
    ("configmaps", true),
    ("cronjobs", true),
    ("daemonsets", true),
    ("deployments", true),
    ("endpoints", false),
    ("endpointslices", true),
    ("horizontalpodautoscalers", true),
    ("ingressclasses", false),
    ("ingresses", true),
    ("jobs", true),
    ("leases", true),
    ("limitranges", true),
    ("mutatingadmissionpolicies", true),
    ("mutatingadmissionpolicybindings", true),
    ("mutatingwebhookconfigurations", true),
    ("namespaces", true),
    ("networkpolicies", true),
    ("nodes", true),
    ("persistentvolumeclaims", true),
    ("persistentvolumes", true),
    ("poddisruptionbudgets", true),
    ("pods", true),
    ("replicasets", true),
    ("replicationcontrollers", true),
    ("resourcequotas", true),
    ("rolebindings", false),
    ("roles", false),
    ("secrets", true),
    ("serviceaccounts", false),
    ("services", true),
    ("statefulsets", true),
    ("storageclasses", true),
    ("validatingadmissionpolicies", true),
    ("validatingadmissionpolicybindings", true),
    ("validatingwebhookconfigurations", true),
    ("volumeattachments", true),
];

/// Why there is no such resource.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoResource {
    /// Upstream has it, we do not.
    #[error(
        "{flag}: kube-state-metrics shows {name}, this program does not yet; it shows {}",
        names()
    )]
    Missing {
        /// The flag that asked for it.
        flag: &'static str,
        /// Its name.
        name: String,
    },
    /// Nobody has it.
    #[error(
        "{flag}: resource {name} does not exist. Available resources: {}",
        names()
    )]
    Unknown {
        /// The flag that asked for it.
        flag: &'static str,
        /// The name given.
        name: String,
    },
}

/// The row called `name`, which a flag asks for.
///
/// # Errors
/// There is none.
pub fn find(flag: &'static str, name: &str) -> Result<&'static Row, NoResource> {
    if let Some(row) = resource::find(name) {
        return Ok(row);
    }
    let name = name.to_owned();
    Err(match is_upstreams(&name) {
        true => NoResource::Missing { flag, name },
        false => NoResource::Unknown { flag, name },
    })
}

/// Whether upstream has a resource of this name.
pub fn is_upstreams(name: &str) -> bool {
    UPSTREAM.iter().any(|(other, _)| *other == name)
}

/// What `--resources` defaults to: of upstream's default those that are here.
pub fn default_rows() -> impl Iterator<Item = &'static Row> {
    defaults().filter_map(resource::find)
}

/// The names of these.
pub fn default_names() -> Vec<&'static str> {
    default_rows().map(|row| row.name).collect()
}

/// What upstream shows by default and we do not.
pub fn lacking() -> Vec<&'static str> {
    defaults()
        .filter(|name| resource::find(name).is_none())
        .collect()
}

fn defaults() -> impl Iterator<Item = &'static str> {
    UPSTREAM
        .iter()
        .filter_map(|(name, default)| default.then_some(*name))
}

/// The names of all rows.
fn names() -> String {
    let names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_has_every_row_of_the_table() {
        assert!(UPSTREAM.is_sorted());
        assert_eq!(UPSTREAM.len(), 39);
        assert_eq!(defaults().count(), 32);
        for row in TABLE {
            assert!(is_upstreams(row.name), "{}", row.name);
        }
        // The order of the page.
        assert!(TABLE.is_sorted_by_key(|row| row.name));
    }

    #[test]
    fn what_is_not_here_is_called_by_its_name() {
        let error = find("--resources", "leases").err().map(|e| e.to_string());
        let words = error.expect("nobody has written leases");
        assert!(
            words.starts_with(
                "--resources: kube-state-metrics shows leases, this program does not yet; it shows "
            ),
            "{words}"
        );
        let error = find("--resources", "foos").err().map(|e| e.to_string());
        let words = error.expect("nobody has foos");
        assert!(
            words.starts_with("--resources: resource foos does not exist. Available resources: "),
            "{words}"
        );
    }
}
