//! Deployments: `kube_deployment_*`.

use serde::Deserialize;

use super::share::{self, OwnerLabels, Round, Share};
use super::{Family, Part, Resource};
use crate::object::{Condition, Meta, Number, list, nullable};
use crate::samples::{CONDITION_STATUSES, Samples, flag};

/// The resource.
pub(super) struct Deployments;

/// The reasons of conditions that are shown as they are; any other is `unknown`, so that nobody's controller can make
/// series without end.
const REASONS: &[&str] = &[
    "",
    "DeploymentPaused",
    "DeploymentResumed",
    "FoundNewReplicaSet",
    "MinimumReplicasAvailable",
    "MinimumReplicasUnavailable",
    "NewReplicaSetAvailable",
    "NewReplicaSetCreated",
    "ProgressDeadlineExceeded",
    "ReplicaSetCreateError",
    "ReplicaSetUpdated",
];

impl Resource for Deployments {
    type Object<'a> = Deployment<'a>;

    const NAME: &'static str = "deployments";
    const GROUP: &'static str = "apps";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = true;
    const COMMON: &'static [(&'static str, Part)] =
        &[("namespace", Part::Namespace), ("deployment", Part::Name)];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::alpha(
            "kube_deployment_owner",
            "Information about the Deployment's owner.",
            |deployment, samples| share::owners(&deployment.metadata, OwnerLabels::Name, samples),
        ),
        Family::stable(
            "kube_deployment_created",
            "Unix creation timestamp",
            |deployment, samples| samples.time(deployment.metadata.creation_timestamp),
        ),
        Family::stable(
            "kube_deployment_status_replicas",
            "The number of replicas per deployment.",
            |deployment, samples| samples.value(f64::from(deployment.status.replicas)),
        ),
        Family::stable(
            "kube_deployment_status_replicas_ready",
            "The number of ready replicas per deployment.",
            |deployment, samples| samples.value(f64::from(deployment.status.ready_replicas)),
        ),
        Family::stable(
            "kube_deployment_status_replicas_available",
            "The number of available replicas per deployment.",
            |deployment, samples| samples.value(f64::from(deployment.status.available_replicas)),
        ),
        Family::stable(
            "kube_deployment_status_replicas_unavailable",
            "The number of unavailable replicas per deployment.",
            |deployment, samples| samples.value(f64::from(deployment.status.unavailable_replicas)),
        ),
        Family::stable(
            "kube_deployment_status_replicas_updated",
            "The number of updated replicas per deployment.",
            |deployment, samples| samples.value(f64::from(deployment.status.updated_replicas)),
        ),
        Family::alpha(
            "kube_deployment_status_terminating_replicas",
            "The number of terminating replicas per deployment.",
            |deployment, samples| samples.number(deployment.status.terminating_replicas),
        ),
        Family::stable(
            "kube_deployment_status_observed_generation",
            "The generation observed by the deployment controller.",
            |deployment, samples| samples.value(f64::from(deployment.status.observed_generation)),
        ),
        Family::stable(
            "kube_deployment_status_condition",
            "The current status conditions of a deployment.",
            |deployment, samples| deployment.conditions(samples),
        ),
        Family::stable(
            "kube_deployment_spec_replicas",
            "Number of desired pods for a deployment.",
            |deployment, samples| samples.number(deployment.spec.replicas),
        ),
        Family::stable(
            "kube_deployment_spec_paused",
            "Whether the deployment is paused and will not be processed by the deployment controller.",
            |deployment, samples| samples.value(flag(deployment.spec.paused)),
        ),
        Family::stable(
            "kube_deployment_spec_strategy_rollingupdate_max_unavailable",
            "Maximum number of unavailable replicas during a rolling update of a deployment.",
            |deployment, samples| {
                deployment.rolling(|update| update.max_unavailable, Round::Down, samples)
            },
        ),
        Family::stable(
            "kube_deployment_spec_strategy_rollingupdate_max_surge",
            "Maximum number of replicas that can be scheduled above the desired number of replicas during a rolling update of a deployment.",
            |deployment, samples| deployment.rolling(|update| update.max_surge, Round::Up, samples),
        ),
        Family::stable(
            "kube_deployment_metadata_generation",
            "Sequence number representing a specific generation of the desired state.",
            |deployment, samples| samples.value(f64::from(deployment.metadata.generation)),
        ),
        Family::alpha(
            "kube_deployment_deletion_timestamp",
            "Unix deletion timestamp",
            |deployment, samples| samples.time(deployment.metadata.deletion_timestamp),
        ),
        Family::alpha(
            "kube_deployment_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |deployment, samples| samples.annotations(&deployment.metadata),
        ),
        Family::stable(
            "kube_deployment_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |deployment, samples| samples.labels(&deployment.metadata),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a deployment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Deployment<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    metadata: Meta<'a>,
    #[serde(deserialize_with = "nullable")]
    spec: Spec,
    #[serde(borrow, deserialize_with = "nullable")]
    status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    replicas: Option<i32>,
    #[serde(deserialize_with = "nullable")]
    paused: bool,
    #[serde(deserialize_with = "nullable")]
    strategy: Strategy,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Strategy {
    rolling_update: Option<RollingUpdate>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RollingUpdate {
    max_unavailable: Option<Share>,
    max_surge: Option<Share>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    observed_generation: Number,
    replicas: Number,
    ready_replicas: Number,
    available_replicas: Number,
    unavailable_replicas: Number,
    updated_replicas: Number,
    terminating_replicas: Option<i32>,
    #[serde(borrow, deserialize_with = "list")]
    conditions: Vec<Condition<'a>>,
}

impl Deployment<'_> {
    fn conditions(&self, samples: &mut Samples<'_>) {
        for condition in &self.status.conditions {
            let known = REASONS.contains(&&*condition.reason);
            let reason = if known { &*condition.reason } else { "unknown" };
            for (status, word) in CONDITION_STATUSES {
                let labels = [
                    ("reason", reason),
                    ("condition", &*condition.kind),
                    ("status", word),
                ];
                samples.add(&labels, flag(condition.status == status));
            }
        }
    }

    /// A part of the rolling update as a number of replicas; nothing where there is no such update.
    fn rolling(
        &self,
        share: fn(RollingUpdate) -> Option<Share>,
        round: Round,
        samples: &mut Samples<'_>,
    ) {
        let (Some(update), Some(replicas)) =
            (self.spec.strategy.rolling_update, self.spec.replicas)
        else {
            return;
        };
        samples.number(share(update).and_then(|share| share.of(replicas, round)));
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("deployments", include_str!("cases/deployments.txt"));
    }
}
