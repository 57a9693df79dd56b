//! DaemonSets: `kube_daemonset_*`.

use serde::Deserialize;

use super::{Family, Part, Resource};
use crate::object::{Meta, Number, nullable};

/// The resource.
pub(super) struct DaemonSets;

impl Resource for DaemonSets {
    type Object<'a> = DaemonSet<'a>;

    const NAME: &'static str = "daemonsets";
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = true;
    const COMMON: &'static [(&'static str, Part)] =
        &[("namespace", Part::Namespace), ("daemonset", Part::Name)];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::stable(
            "kube_daemonset_created",
            "Unix creation timestamp",
            |set, samples| samples.time(set.metadata.creation_timestamp),
        ),
        Family::stable(
            "kube_daemonset_status_current_number_scheduled",
            "The number of nodes running at least one daemon pod and are supposed to.",
            |set, samples| samples.value(f64::from(set.status.current_number_scheduled)),
        ),
        Family::stable(
            "kube_daemonset_status_desired_number_scheduled",
            "The number of nodes that should be running the daemon pod.",
            |set, samples| samples.value(f64::from(set.status.desired_number_scheduled)),
        ),
        Family::stable(
            "kube_daemonset_status_number_available",
            "The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and available",
            |set, samples| samples.value(f64::from(set.status.number_available)),
        ),
        Family::stable(
            "kube_daemonset_status_number_misscheduled",
            "The number of nodes running a daemon pod but are not supposed to.",
            |set, samples| samples.value(f64::from(set.status.number_misscheduled)),
        ),
        Family::stable(
            "kube_daemonset_status_number_ready",
            "The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and ready.",
            |set, samples| samples.value(f64::from(set.status.number_ready)),
        ),
        Family::stable(
            "kube_daemonset_status_number_unavailable",
            "The number of nodes that should be running the daemon pod and have none of the daemon pod running and available",
            |set, samples| samples.value(f64::from(set.status.number_unavailable)),
        ),
        Family::stable(
            "kube_daemonset_status_observed_generation",
            "The most recent generation observed by the daemon set controller.",
            |set, samples| samples.value(f64::from(set.status.observed_generation)),
        ),
        Family::stable(
            "kube_daemonset_status_updated_number_scheduled",
            "The total number of nodes that are running updated daemon pod",
            |set, samples| samples.value(f64::from(set.status.updated_number_scheduled)),
        ),
        Family::stable(
            "kube_daemonset_metadata_generation",
            "Sequence number representing a specific generation of the desired state.",
            |set, samples| samples.value(f64::from(set.metadata.generation)),
        ),
        Family::alpha(
            "kube_daemonset_deletion_timestamp",
            "Unix deletion timestamp",
            |set, samples| samples.time(set.metadata.deletion_timestamp),
        ),
        Family::alpha(
            "kube_daemonset_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |set, samples| samples.annotations(&set.metadata),
        ),
        Family::stable(
            "kube_daemonset_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |set, samples| samples.labels(&set.metadata),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a DaemonSet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DaemonSet<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    metadata: Meta<'a>,
    #[serde(deserialize_with = "nullable")]
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: Number,
    current_number_scheduled: Number,
    desired_number_scheduled: Number,
    number_available: Number,
    number_misscheduled: Number,
    number_ready: Number,
    number_unavailable: Number,
    updated_number_scheduled: Number,
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("daemonsets", include_str!("cases/daemonsets.txt"));
    }
}
