//! Pods: `kube_pod_*`. The table stands here, what a pod is in `pod/spec.rs` and `pod/status.rs`, what its containers
//! show in `pod/container.rs`.

mod container;
mod spec;
mod status;

use std::net::IpAddr;

use serde::Deserialize;

use super::share::{self, OwnerLabels};
use super::{Family, Part, Resource, unit};
use crate::object::{Meta, nullable};
use crate::quantity::Quantity;
use crate::samples::{Samples, flag};
use spec::Spec;
use status::{PHASES, QOS_CLASSES, Status};

/// The resource.
pub(super) struct Pods;

impl Resource for Pods {
    type Object<'a> = Pod<'a>;

    const NAME: &'static str = "pods";
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = true;
    const COMMON: &'static [(&'static str, Part)] = &[
        ("namespace", Part::Namespace),
        ("pod", Part::Name),
        ("uid", Part::Uid),
    ];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::stable(
            "kube_pod_completion_time",
            "Completion time in unix timestamp for a pod.",
            |pod, samples| container::completion(&pod.status.container_statuses, samples),
        ),
        Family::stable(
            "kube_pod_container_info",
            "Information about a container in a pod.",
            |pod, samples| {
                container::info(
                    &pod.spec.containers,
                    &pod.status.container_statuses,
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_container_resource_limits",
            "The number of requested limit resource by a container. It is recommended to use the kube_pod_resource_limits metric exposed by kube-scheduler instead, as it is more precise.",
            |pod, samples| {
                container::resources(pod, &pod.spec.containers, |has| &has.limits, samples)
            },
        ),
        Family::stable(
            "kube_pod_container_resource_requests",
            "The number of requested request resource by a container. It is recommended to use the kube_pod_resource_requests metric exposed by kube-scheduler instead, as it is more precise.",
            |pod, samples| {
                container::resources(pod, &pod.spec.containers, |has| &has.requests, samples)
            },
        ),
        Family::stable(
            "kube_pod_container_state_started",
            "Start time in unix timestamp for a pod container.",
            |pod, samples| container::started(&pod.status.container_statuses, samples),
        ),
        Family::alpha(
            "kube_pod_container_status_last_terminated_reason",
            "Describes the last reason the container was in terminated state.",
            |pod, samples| {
                container::reasons(
                    &pod.status.container_statuses,
                    |status| status.last_state.terminated(),
                    samples,
                )
            },
        ),
        Family::alpha(
            "kube_pod_container_status_last_terminated_exitcode",
            "Describes the exit code for the last container in terminated state.",
            |pod, samples| {
                container::ended(
                    &pod.status.container_statuses,
                    |end| f64::from(end.exit_code),
                    samples,
                )
            },
        ),
        Family::alpha(
            "kube_pod_container_status_last_terminated_timestamp",
            "Last terminated time for a pod container in unix timestamp.",
            |pod, samples| {
                container::ended(
                    &pod.status.container_statuses,
                    |end| share::unix(end.finished_at),
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_container_status_ready",
            "Describes whether the containers readiness check succeeded.",
            |pod, samples| {
                container::values(
                    &pod.status.container_statuses,
                    |status| flag(status.ready),
                    samples,
                )
            },
        ),
        Family::<Self>::stable(
            "kube_pod_container_status_restarts_total",
            "The number of container restarts per container.",
            |pod, samples| {
                container::values(
                    &pod.status.container_statuses,
                    |status| f64::from(status.restart_count),
                    samples,
                )
            },
        )
        .counter(),
        Family::stable(
            "kube_pod_container_status_running",
            "Describes whether the container is currently in running state.",
            |pod, samples| {
                container::values(
                    &pod.status.container_statuses,
                    |status| flag(status.state.running.is_some()),
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_container_status_terminated",
            "Describes whether the container is currently in terminated state.",
            |pod, samples| {
                container::values(
                    &pod.status.container_statuses,
                    |status| flag(status.state.terminated.is_some()),
                    samples,
                )
            },
        ),
        Family::alpha(
            "kube_pod_container_status_terminated_reason",
            "Describes the reason the container is currently in terminated state.",
            |pod, samples| {
                container::reasons(
                    &pod.status.container_statuses,
                    |status| status.state.terminated(),
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_container_status_waiting",
            "Describes whether the container is currently in waiting state.",
            |pod, samples| {
                container::values(
                    &pod.status.container_statuses,
                    |status| flag(status.state.waiting.is_some()),
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_container_status_waiting_reason",
            "Describes the reason the container is currently in waiting state.",
            |pod, samples| {
                container::reasons(
                    &pod.status.container_statuses,
                    |status| status.state.waiting(),
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_created",
            "Unix creation timestamp",
            |pod, samples| samples.time(pod.metadata.creation_timestamp),
        ),
        Family::alpha(
            "kube_pod_deletion_timestamp",
            "Unix deletion timestamp",
            |pod, samples| samples.time(pod.metadata.deletion_timestamp),
        ),
        Family::stable("kube_pod_info", "Information about pod.", |pod, samples| {
            pod.info(samples)
        }),
        Family::alpha("kube_pod_ips", "Pod IP addresses", |pod, samples| {
            pod.ips(samples)
        }),
        Family::stable(
            "kube_pod_init_container_info",
            "Information about an init container in a pod.",
            |pod, samples| {
                container::init_info(
                    &pod.spec.init_containers,
                    &pod.status.init_container_statuses,
                    samples,
                )
            },
        ),
        Family::alpha(
            "kube_pod_init_container_resource_limits",
            "The number of requested limit resource by an init container.",
            |pod, samples| {
                container::resources(pod, &pod.spec.init_containers, |has| &has.limits, samples)
            },
        ),
        Family::alpha(
            "kube_pod_init_container_resource_requests",
            "The number of requested request resource by an init container.",
            |pod, samples| {
                container::resources(pod, &pod.spec.init_containers, |has| &has.requests, samples)
            },
        ),
        Family::alpha(
            "kube_pod_init_container_state_started",
            "Start time in unix timestamp for a pod init container.",
            |pod, samples| container::started(&pod.status.init_container_statuses, samples),
        ),
        Family::alpha(
            "kube_pod_init_container_status_last_terminated_reason",
            "Describes the last reason the init container was in terminated state.",
            |pod, samples| {
                container::reasons(
                    &pod.status.init_container_statuses,
                    |status| status.last_state.terminated(),
                    samples,
                )
            },
        ),
        Family::alpha(
            "kube_pod_init_container_status_last_terminated_exitcode",
            "Describes the exit code for the last init container in terminated state.",
            |pod, samples| {
                container::ended(
                    &pod.status.init_container_statuses,
                    |end| f64::from(end.exit_code),
                    samples,
                )
            },
        ),
        Family::alpha(
            "kube_pod_init_container_status_last_terminated_timestamp",
            "Last terminated time for a pod init container in unix timestamp.",
            |pod, samples| {
                container::ended(
                    &pod.status.init_container_statuses,
                    |end| share::unix(end.finished_at),
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_init_container_status_ready",
            "Describes whether the init containers readiness check succeeded.",
            |pod, samples| {
                container::values(
                    &pod.status.init_container_statuses,
                    |status| flag(status.ready),
                    samples,
                )
            },
        ),
        Family::<Self>::stable(
            "kube_pod_init_container_status_restarts_total",
            "The number of restarts for the init container.",
            |pod, samples| {
                container::values(
                    &pod.status.init_container_statuses,
                    |status| f64::from(status.restart_count),
                    samples,
                )
            },
        )
        .counter(),
        Family::stable(
            "kube_pod_init_container_status_running",
            "Describes whether the init container is currently in running state.",
            |pod, samples| {
                container::values(
                    &pod.status.init_container_statuses,
                    |status| flag(status.state.running.is_some()),
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_init_container_status_terminated",
            "Describes whether the init container is currently in terminated state.",
            |pod, samples| {
                container::values(
                    &pod.status.init_container_statuses,
                    |status| flag(status.state.terminated.is_some()),
                    samples,
                )
            },
        ),
        Family::alpha(
            "kube_pod_init_container_status_terminated_reason",
            "Describes the reason the init container is currently in terminated state.",
            |pod, samples| {
                container::reasons(
                    &pod.status.init_container_statuses,
                    |status| status.state.terminated(),
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_init_container_status_waiting",
            "Describes whether the init container is currently in waiting state.",
            |pod, samples| {
                container::values(
                    &pod.status.init_container_statuses,
                    |status| flag(status.state.waiting.is_some()),
                    samples,
                )
            },
        ),
        Family::alpha(
            "kube_pod_init_container_status_waiting_reason",
            "Describes the reason the init container is currently in waiting state.",
            |pod, samples| {
                container::reasons(
                    &pod.status.init_container_statuses,
                    |status| status.state.waiting(),
                    samples,
                )
            },
        ),
        Family::alpha(
            "kube_pod_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |pod, samples| samples.annotations(&pod.metadata),
        ),
        Family::stable(
            "kube_pod_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |pod, samples| samples.labels(&pod.metadata),
        ),
        Family::alpha(
            "kube_pod_overhead_cpu_cores",
            "The pod overhead in regards to cpu cores associated with running a pod.",
            |pod, samples| samples.number(pod.overhead("cpu").and_then(Quantity::number)),
        ),
        Family::alpha(
            "kube_pod_overhead_memory_bytes",
            "The pod overhead in regards to memory associated with running a pod.",
            |pod, samples| samples.number(pod.overhead("memory").and_then(Quantity::whole)),
        ),
        Family::stable(
            "kube_pod_owner",
            "Information about the Pod's owner.",
            |pod, samples| share::owners(&pod.metadata, OwnerLabels::NameAndController, samples),
        ),
        Family::alpha(
            "kube_pod_resourceclaim_info",
            "Information about a DRA ResourceClaim referenced by a pod, one series per pod.spec.resourceClaims entry; claim_name is the pod-local reference and resourceclaim_name is the resolved ResourceClaim object name.",
            |pod, samples| pod.resource_claims(samples),
        ),
        Family::stable(
            "kube_pod_restart_policy",
            "Describes the restart policy in use by this pod.",
            |pod, samples| samples.add(&[("type", &pod.spec.restart_policy)], 1.0),
        ),
        Family::alpha(
            "kube_pod_runtimeclass_name_info",
            "The runtimeclass associated with the pod.",
            |pod, samples| pod.runtime_class(samples),
        ),
        Family::stable(
            "kube_pod_spec_volumes_persistentvolumeclaims_info",
            "Information about persistentvolumeclaim and ephemeral volumes in a pod.",
            |pod, samples| pod.claims(|_| 1.0, samples),
        ),
        Family::stable(
            "kube_pod_spec_volumes_persistentvolumeclaims_readonly",
            "Describes whether a persistentvolumeclaim is mounted read only. Ephemeral volumes always report 0 since the ephemeral volume source does not support a read-only flag.",
            |pod, samples| {
                pod.claims(
                    |claim| flag(claim.is_some_and(|claim| claim.read_only)),
                    samples,
                )
            },
        ),
        Family::stable(
            "kube_pod_start_time",
            "Start time in unix timestamp for a pod.",
            |pod, samples| samples.time(pod.status.start_time),
        ),
        Family::stable(
            "kube_pod_status_phase",
            "The pods current phase.",
            |pod, samples| {
                pod.status
                    .one_of("phase", &pod.status.phase, PHASES, samples)
            },
        ),
        Family::alpha(
            "kube_pod_status_qos_class",
            "The pods current qosClass.",
            |pod, samples| {
                pod.status
                    .one_of("qos_class", &pod.status.qos_class, QOS_CLASSES, samples)
            },
        ),
        Family::stable(
            "kube_pod_status_ready",
            "Describes whether the pod is ready to serve requests.",
            |pod, samples| share::statuses(&pod.status.conditions, "Ready", samples),
        ),
        Family::alpha(
            "kube_pod_status_ready_time",
            "Readiness achieved time in unix timestamp for a pod.",
            |pod, samples| pod.status.since("Ready", "True", samples),
        ),
        Family::alpha(
            "kube_pod_status_initialized_time",
            "Initialized time in unix timestamp for a pod.",
            |pod, samples| pod.status.since("Initialized", "True", samples),
        ),
        Family::alpha(
            "kube_pod_status_container_ready_time",
            "Readiness achieved time in unix timestamp for a pod containers.",
            |pod, samples| pod.status.since("ContainersReady", "True", samples),
        ),
        Family::alpha(
            "kube_pod_status_reason",
            "The pod status reasons",
            |pod, samples| pod.status.reasons(samples),
        ),
        Family::alpha(
            "kube_pod_status_disruption_reason",
            "The pod disruption condition reason",
            |pod, samples| pod.status.disruption(samples),
        ),
        Family::stable(
            "kube_pod_status_scheduled",
            "Describes the status of the scheduling process for the pod.",
            |pod, samples| share::statuses(&pod.status.conditions, "PodScheduled", samples),
        ),
        Family::stable(
            "kube_pod_status_scheduled_time",
            "Unix timestamp when pod moved into scheduled status",
            |pod, samples| pod.status.since("PodScheduled", "True", samples),
        ),
        Family::stable(
            "kube_pod_status_unschedulable",
            "Describes the unschedulable status for the pod.",
            |pod, samples| pod.status.unschedulable(samples),
        ),
        Family::alpha(
            "kube_pod_status_unscheduled_time",
            "Unix timestamp when pod moved into unscheduled status",
            |pod, samples| pod.status.since("PodScheduled", "False", samples),
        ),
        Family::alpha(
            "kube_pod_tolerations",
            "Information about the pod tolerations",
            |pod, samples| pod.tolerations(samples),
        ),
        Family::<Self>::alpha(
            "kube_pod_nodeselectors",
            "Describes the Pod nodeSelectors.",
            |pod, samples| pod.node_selectors(samples),
        )
        .opt_in(),
        Family::alpha(
            "kube_pod_service_account",
            "The service account for a pod.",
            |pod, samples| samples.add(&[("service_account", &pod.spec.service_account_name)], 1.0),
        ),
        Family::alpha(
            "kube_pod_scheduler",
            "The scheduler for a pod.",
            |pod, samples| samples.add(&[("name", &pod.spec.scheduler_name)], 1.0),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a pod.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    metadata: Meta<'a>,
    #[serde(borrow, deserialize_with = "nullable")]
    spec: Spec<'a>,
    #[serde(borrow, deserialize_with = "nullable")]
    status: Status<'a>,
}

impl Pod<'_> {
    fn info(&self, samples: &mut Samples<'_>) {
        let mut owners = self.metadata.owner_references.iter();
        let controller = owners.find(|owner| owner.controller == Some(true));
        let labels = [
            ("host_ip", &*self.status.host_ip),
            ("pod_ip", &*self.status.pod_ip),
            ("node", &*self.spec.node_name),
            (
                "created_by_kind",
                controller.map_or("", |owner| &*owner.kind),
            ),
            (
                "created_by_name",
                controller.map_or("", |owner| &*owner.name),
            ),
            ("priority_class", &*self.spec.priority_class_name),
            ("host_network", share::word(self.spec.host_network)),
        ];
        samples.add(&labels, 1.0);
    }

    /// Addresses that are none are left out.
    fn ips(&self, samples: &mut Samples<'_>) {
        for ip in &self.status.pod_ips {
            if let Some(family) = ip_family(&ip.ip) {
                samples.add(&[("ip", &ip.ip), ("ip_family", family)], 1.0);
            }
        }
    }

    fn overhead(&self, resource: &str) -> Option<Quantity> {
        self.spec.overhead.get(resource).copied()
    }

    /// A claim made from a template has its name in the status, once it is made.
    fn resource_claims(&self, samples: &mut Samples<'_>) {
        for claim in &self.spec.resource_claims {
            let template = claim.resource_claim_template_name.as_deref();
            let made = || {
                let mut statuses = self.status.resource_claim_statuses.iter().rev();
                let status = statuses.find(|status| {
                    status.name == *claim.name && status.resource_claim_name.is_some()
                });
                status.and_then(|status| status.resource_claim_name.as_deref())
            };
            let name = match (claim.resource_claim_name.as_deref(), template) {
                (Some(name), _) => name,
                (None, Some(_)) => made().unwrap_or(""),
                (None, None) => continue,
            };
            let labels = [
                ("claim_name", &*claim.name),
                ("resourceclaim_name", name),
                ("resourceclaim_template_name", template.unwrap_or("")),
            ];
            samples.add(&labels, 1.0);
        }
    }

    fn runtime_class(&self, samples: &mut Samples<'_>) {
        if let Some(class) = &self.spec.runtime_class_name {
            samples.add(&[("runtimeclass_name", class)], 1.0);
        }
    }

    /// One sample a volume that is a claim; `value` is told nothing for one that is made with the pod, whose claim is
    /// named after pod and volume.
    fn claims(&self, value: fn(Option<&spec::Claim<'_>>) -> f64, samples: &mut Samples<'_>) {
        for volume in &self.spec.volumes {
            let claim = volume.persistent_volume_claim.as_ref();
            let made;
            let (name, ephemeral) = match claim {
                Some(claim) => (&*claim.claim_name, "false"),
                None if volume.ephemeral.is_some() => {
                    made = format!("{}-{}", &*self.metadata.name, &*volume.name);
                    (&*made, "true")
                }
                None => continue,
            };
            let labels = [
                ("volume", &*volume.name),
                ("persistentvolumeclaim", name),
                ("ephemeral", ephemeral),
            ];
            samples.add(&labels, value(claim));
        }
    }

    fn tolerations(&self, samples: &mut Samples<'_>) {
        for toleration in &self.spec.tolerations {
            let seconds = toleration.toleration_seconds;
            let seconds = seconds.map_or(String::new(), |seconds| seconds.to_string());
            let labels = [
                ("key", &*toleration.key),
                ("operator", &*toleration.operator),
                ("value", &*toleration.value),
                ("effect", &*toleration.effect),
                ("toleration_seconds", &*seconds),
            ];
            samples.add(&labels, 1.0);
        }
    }

    fn node_selectors(&self, samples: &mut Samples<'_>) {
        let pairs = self.spec.node_selector.iter();
        samples.add_mapped(
            "nodeselector",
            &[],
            pairs.map(|(key, value)| (&**key, &**value)),
        );
    }
}

/// The family of an address as Go's `netip` tells it: a zone (`fe80::1%eth0`) is part of an IPv6 address, and an IPv4
/// address in IPv6 clothes is IPv4.
fn ip_family(text: &str) -> Option<&'static str> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    match address.parse().ok()? {
        IpAddr::V4(_) => zone.is_none().then_some("4"),
        IpAddr::V6(_) if zone == Some("") => None,
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => Some("4"),
        IpAddr::V6(_) => Some("6"),
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("pods", include_str!("cases/pods.txt"));
    }

    /// Upstream shows both, and Prometheus refuses the page.
    #[test]
    fn two_containers_of_one_name_are_one_series() {
        let pod = r#"{"metadata":{"name":"p"},"status":{"containerStatuses":[
            {"name":"c","restartCount":1},{"name":"c","restartCount":2}]}}"#;
        let lines = testing::lines(crate::resource::find("pods").unwrap(), pod);
        let restarts = lines.lines().filter(|line| line.contains("restarts_total"));
        assert_eq!(
            restarts.collect::<Vec<_>>(),
            [
                r#"kube_pod_container_status_restarts_total{namespace="",pod="p",uid="",container="c"} 1"#
            ]
        );
    }
}
