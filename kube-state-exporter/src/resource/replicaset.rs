//! ReplicaSets: `kube_replicaset_*`.

use serde::Deserialize;

use super::share::{self, OwnerLabels};
use super::{Family, Part, Resource};
use crate::object::{Meta, Number, nullable};

/// The resource.
pub(super) struct ReplicaSets;

impl Resource for ReplicaSets {
    type Object<'a> = ReplicaSet<'a>;

    const NAME: &'static str = "replicasets";
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = true;
    const COMMON: &'static [(&'static str, Part)] =
        &[("namespace", Part::Namespace), ("replicaset", Part::Name)];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::stable(
            "kube_replicaset_created",
            "Unix creation timestamp",
            |set, samples| samples.time(set.metadata.creation_timestamp),
        ),
        Family::stable(
            "kube_replicaset_status_replicas",
            "The number of replicas per ReplicaSet.",
            |set, samples| samples.value(f64::from(set.status.replicas)),
        ),
        Family::stable(
            "kube_replicaset_status_fully_labeled_replicas",
            "The number of fully labeled replicas per ReplicaSet.",
            |set, samples| samples.value(f64::from(set.status.fully_labeled_replicas)),
        ),
        Family::stable(
            "kube_replicaset_status_ready_replicas",
            "The number of ready replicas per ReplicaSet.",
            |set, samples| samples.value(f64::from(set.status.ready_replicas)),
        ),
        Family::alpha(
            "kube_replicaset_status_terminating_replicas",
            "The number of terminating replicas per ReplicaSet.",
            |set, samples| samples.number(set.status.terminating_replicas),
        ),
        Family::stable(
            "kube_replicaset_status_observed_generation",
            "The generation observed by the ReplicaSet controller.",
            |set, samples| samples.value(f64::from(set.status.observed_generation)),
        ),
        Family::stable(
            "kube_replicaset_spec_replicas",
            "Number of desired pods for a ReplicaSet.",
            |set, samples| samples.number(set.spec.replicas),
        ),
        Family::stable(
            "kube_replicaset_metadata_generation",
            "Sequence number representing a specific generation of the desired state.",
            |set, samples| samples.value(f64::from(set.metadata.generation)),
        ),
        Family::stable(
            "kube_replicaset_owner",
            "Information about the ReplicaSet's owner.",
            |set, samples| share::owners(&set.metadata, OwnerLabels::NameAndController, samples),
        ),
        Family::alpha(
            "kube_replicaset_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |set, samples| samples.annotations(&set.metadata),
        ),
        Family::stable(
            "kube_replicaset_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |set, samples| samples.labels(&set.metadata),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a ReplicaSet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReplicaSet<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    metadata: Meta<'a>,
    #[serde(deserialize_with = "nullable")]
    spec: Spec,
    #[serde(deserialize_with = "nullable")]
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    replicas: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: Number,
    replicas: Number,
    fully_labeled_replicas: Number,
    ready_replicas: Number,
    terminating_replicas: Option<i32>,
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("replicasets", include_str!("cases/replicasets.txt"));
    }
}
