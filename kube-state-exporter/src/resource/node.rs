//! Nodes: `kube_node_*`.

use serde::Deserialize;

use super::{Family, Part, Resource, share, unit};
use crate::object::{Condition, Meta, Pairs, Text, list, nullable};
use crate::quantity::Quantity;
use crate::samples::{Samples, flag};

/// The resource.
pub(super) struct Nodes;

/// What labels that tell a node's role begin with.
const ROLE: &str = "node-role.kubernetes.io/";

impl Resource for Nodes {
    type Object<'a> = Node<'a>;

    const NAME: &'static str = "nodes";
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = false;
    const COMMON: &'static [(&'static str, Part)] = &[("node", Part::Name)];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::alpha(
            "kube_node_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |node, samples| samples.annotations(&node.metadata),
        ),
        Family::stable(
            "kube_node_created",
            "Unix creation timestamp",
            |node, samples| samples.time(node.metadata.creation_timestamp),
        ),
        Family::alpha(
            "kube_node_deletion_timestamp",
            "Unix deletion timestamp",
            |node, samples| samples.time(node.metadata.deletion_timestamp),
        ),
        Family::stable(
            "kube_node_info",
            "Information about a cluster node.",
            |node, samples| node.info(samples),
        ),
        Family::stable(
            "kube_node_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |node, samples| samples.labels(&node.metadata),
        ),
        Family::alpha(
            "kube_node_role",
            "The role of a cluster node.",
            |node, samples| node.roles(samples),
        ),
        Family::alpha(
            "kube_node_spec_pod_cidrs",
            "The pod CIDRs of a cluster node.",
            |node, samples| node.pod_cidrs(samples),
        ),
        Family::stable(
            "kube_node_spec_taint",
            "The taint of a cluster node.",
            |node, samples| node.taints(samples),
        ),
        Family::stable(
            "kube_node_spec_unschedulable",
            "Whether a node can schedule new pods.",
            |node, samples| samples.value(flag(node.spec.unschedulable)),
        ),
        Family::stable(
            "kube_node_status_allocatable",
            "The allocatable for different resources of a node that are available for scheduling.",
            |node, samples| resources(&node.status.allocatable, samples),
        ),
        Family::stable(
            "kube_node_status_capacity",
            "The capacity for different resources of a node.",
            |node, samples| resources(&node.status.capacity, samples),
        ),
        Family::stable(
            "kube_node_status_condition",
            "The condition of a cluster node.",
            |node, samples| share::conditions(&node.status.conditions, samples),
        ),
        Family::alpha(
            "kube_node_status_addresses",
            "Node address information.",
            |node, samples| node.addresses(samples),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node<'a> {
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
    #[serde(borrow, rename = "providerID")]
    provider_id: Text<'a>,
    #[serde(borrow, rename = "podCIDR")]
    pod_cidr: Text<'a>,
    #[serde(borrow, rename = "podCIDRs", deserialize_with = "list")]
    pod_cidrs: Vec<Text<'a>>,
    #[serde(deserialize_with = "nullable")]
    unschedulable: bool,
    #[serde(borrow, deserialize_with = "list")]
    taints: Vec<Taint<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Taint<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    value: Text<'a>,
    #[serde(borrow)]
    effect: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    node_info: Info<'a>,
    #[serde(borrow, deserialize_with = "list")]
    addresses: Vec<Address<'a>>,
    #[serde(borrow)]
    allocatable: Pairs<'a, Quantity>,
    #[serde(borrow)]
    capacity: Pairs<'a, Quantity>,
    #[serde(borrow, deserialize_with = "list")]
    conditions: Vec<Condition<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Info<'a> {
    #[serde(borrow)]
    kernel_version: Text<'a>,
    #[serde(borrow)]
    os_image: Text<'a>,
    #[serde(borrow)]
    container_runtime_version: Text<'a>,
    #[serde(borrow)]
    kubelet_version: Text<'a>,
    #[serde(borrow, rename = "systemUUID")]
    system_uuid: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Address<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    address: Text<'a>,
}

impl Node<'_> {
    fn info(&self, samples: &mut Samples<'_>) {
        let info = &self.status.node_info;
        let mut internal = self.status.addresses.iter().rev();
        let internal = internal.find(|address| address.kind == "InternalIP");
        let labels = [
            ("kernel_version", &*info.kernel_version),
            ("os_image", &*info.os_image),
            (
                "container_runtime_version",
                &*info.container_runtime_version,
            ),
            ("kubelet_version", &*info.kubelet_version),
            // Nodes no longer tell it; upstream keeps the label.
            ("kubeproxy_version", "deprecated"),
            ("provider_id", &*self.spec.provider_id),
            ("pod_cidr", &*self.spec.pod_cidr),
            ("system_uuid", &*info.system_uuid),
            (
                "internal_ip",
                internal.map_or("", |address| &*address.address),
            ),
        ];
        samples.add(&labels, 1.0);
    }

    fn roles(&self, samples: &mut Samples<'_>) {
        for (name, _) in self.metadata.labels.iter() {
            if let Some(role) = name.strip_prefix(ROLE) {
                samples.add(&[("role", role)], 1.0);
            }
        }
    }

    fn pod_cidrs(&self, samples: &mut Samples<'_>) {
        for cidr in &self.spec.pod_cidrs {
            samples.add(&[("pod_cidr", cidr)], 1.0);
        }
    }

    fn taints(&self, samples: &mut Samples<'_>) {
        for taint in &self.spec.taints {
            let labels = [
                ("key", &*taint.key),
                ("value", &*taint.value),
                ("effect", &*taint.effect),
            ];
            samples.add(&labels, 1.0);
        }
    }

    fn addresses(&self, samples: &mut Samples<'_>) {
        for address in &self.status.addresses {
            let labels = [("type", &*address.kind), ("address", &*address.address)];
            samples.add(&labels, 1.0);
        }
    }
}

fn resources(list: &Pairs<'_, Quantity>, samples: &mut Samples<'_>) {
    for (name, amount) in list.iter() {
        let Some(value) = amount.number() else {
            continue;
        };
        for unit in unit::units(name, unit::Of::Node) {
            let labels = [("resource", &*unit::label(name)), ("unit", unit)];
            samples.add(&labels, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("nodes", include_str!("cases/nodes.txt"));
    }
}
