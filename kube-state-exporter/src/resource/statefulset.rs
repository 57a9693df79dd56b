//! StatefulSets: `kube_statefulset_*`.

use serde::Deserialize;

use super::{Family, Part, Resource};
use crate::object::{Meta, Number, Text, nullable};
use crate::samples::Samples;

/// The resource.
pub(super) struct StatefulSets;

impl Resource for StatefulSets {
    type Object<'a> = StatefulSet<'a>;

    const NAME: &'static str = "statefulsets";
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = true;
    const COMMON: &'static [(&'static str, Part)] =
        &[("namespace", Part::Namespace), ("statefulset", Part::Name)];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::stable(
            "kube_statefulset_created",
            "Unix creation timestamp",
            |set, samples| samples.time(set.metadata.creation_timestamp),
        ),
        Family::stable(
            "kube_statefulset_status_replicas",
            "The number of replicas per StatefulSet.",
            |set, samples| samples.value(f64::from(set.status.replicas)),
        ),
        Family::stable(
            "kube_statefulset_status_replicas_available",
            "The number of available replicas per StatefulSet.",
            |set, samples| samples.value(f64::from(set.status.available_replicas)),
        ),
        Family::stable(
            "kube_statefulset_status_replicas_current",
            "The number of current replicas per StatefulSet.",
            |set, samples| samples.value(f64::from(set.status.current_replicas)),
        ),
        Family::stable(
            "kube_statefulset_status_replicas_ready",
            "The number of ready replicas per StatefulSet.",
            |set, samples| samples.value(f64::from(set.status.ready_replicas)),
        ),
        Family::stable(
            "kube_statefulset_status_replicas_updated",
            "The number of updated replicas per StatefulSet.",
            |set, samples| samples.value(f64::from(set.status.updated_replicas)),
        ),
        Family::stable(
            "kube_statefulset_status_observed_generation",
            "The generation observed by the StatefulSet controller.",
            |set, samples| samples.value(f64::from(set.status.observed_generation)),
        ),
        Family::stable(
            "kube_statefulset_replicas",
            "Number of desired pods for a StatefulSet.",
            |set, samples| samples.number(set.spec.replicas),
        ),
        Family::stable(
            "kube_statefulset_ordinals_start",
            "Start ordinal of the StatefulSet.",
            |set, samples| {
                samples.number(set.spec.ordinals.as_ref().map(|ordinals| ordinals.start))
            },
        ),
        Family::stable(
            "kube_statefulset_metadata_generation",
            "Sequence number representing a specific generation of the desired state for the StatefulSet.",
            |set, samples| samples.value(f64::from(set.metadata.generation)),
        ),
        Family::stable(
            "kube_statefulset_persistentvolumeclaim_retention_policy",
            "Count of retention policy for StatefulSet template PVCs",
            |set, samples| set.retention(samples),
        ),
        Family::stable(
            "kube_statefulset_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |set, samples| samples.annotations(&set.metadata),
        ),
        Family::stable(
            "kube_statefulset_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |set, samples| samples.labels(&set.metadata),
        ),
        Family::stable(
            "kube_statefulset_status_current_revision",
            "Indicates the version of the StatefulSet used to generate Pods in the sequence [0,currentReplicas).",
            |set, samples| samples.add(&[("revision", &set.status.current_revision)], 1.0),
        ),
        Family::stable(
            "kube_statefulset_status_update_revision",
            "Indicates the version of the StatefulSet used to generate Pods in the sequence [replicas-updatedReplicas,replicas)",
            |set, samples| samples.add(&[("revision", &set.status.update_revision)], 1.0),
        ),
        Family::stable(
            "kube_statefulset_deletion_timestamp",
            "Unix deletion timestamp",
            |set, samples| samples.time(set.metadata.deletion_timestamp),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a StatefulSet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StatefulSet<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    metadata: Meta<'a>,
    #[serde(borrow, deserialize_with = "nullable")]
    spec: Spec<'a>,
    #[serde(borrow, deserialize_with = "nullable")]
    status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    replicas: Option<i32>,
    ordinals: Option<Ordinals>,
    #[serde(borrow)]
    persistent_volume_claim_retention_policy: Option<Retention<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ordinals {
    start: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Retention<'a> {
    #[serde(borrow)]
    when_deleted: Text<'a>,
    #[serde(borrow)]
    when_scaled: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    observed_generation: Number,
    replicas: Number,
    available_replicas: Number,
    current_replicas: Number,
    ready_replicas: Number,
    updated_replicas: Number,
    #[serde(borrow)]
    current_revision: Text<'a>,
    #[serde(borrow)]
    update_revision: Text<'a>,
}

impl StatefulSet<'_> {
    fn retention(&self, samples: &mut Samples<'_>) {
        let Some(policy) = &self.spec.persistent_volume_claim_retention_policy else {
            return;
        };
        if policy.when_deleted.is_empty() && policy.when_scaled.is_empty() {
            return;
        }
        let labels = [
            ("when_deleted", &*policy.when_deleted),
            ("when_scaled", &*policy.when_scaled),
        ];
        samples.add(&labels, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("statefulsets", include_str!("cases/statefulsets.txt"));
    }
}
