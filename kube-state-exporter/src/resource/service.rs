//! Services: `kube_service_*`.

use serde::Deserialize;

use super::{Family, Part, Resource};
use crate::object::{Meta, Text, list, nullable};
use crate::samples::Samples;

/// The resource.
pub(super) struct Services;

impl Resource for Services {
    type Object<'a> = Service<'a>;

    const NAME: &'static str = "services";
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = true;
    const COMMON: &'static [(&'static str, Part)] = &[
        ("namespace", Part::Namespace),
        ("service", Part::Name),
        ("uid", Part::Uid),
    ];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::stable(
            "kube_service_info",
            "Information about service.",
            |service, samples| service.info(samples),
        ),
        Family::stable(
            "kube_service_created",
            "Unix creation timestamp",
            |service, samples| samples.time(service.metadata.creation_timestamp),
        ),
        Family::stable(
            "kube_service_spec_type",
            "Type about service.",
            |service, samples| samples.add(&[("type", &service.spec.kind)], 1.0),
        ),
        Family::alpha(
            "kube_service_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |service, samples| samples.annotations(&service.metadata),
        ),
        Family::stable(
            "kube_service_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |service, samples| samples.labels(&service.metadata),
        ),
        Family::stable(
            "kube_service_spec_external_ip",
            "Service external ips. One series for each ip",
            |service, samples| service.external_ips(samples),
        ),
        Family::stable(
            "kube_service_status_load_balancer_ingress",
            "Service load balancer ingress status",
            |service, samples| service.ingress(samples),
        ),
        Family::alpha(
            "kube_service_deletion_timestamp",
            "Unix deletion timestamp",
            |service, samples| samples.time(service.metadata.deletion_timestamp),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a service.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Service<'a> {
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
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, rename = "clusterIP")]
    cluster_ip: Text<'a>,
    #[serde(borrow)]
    external_name: Text<'a>,
    #[serde(borrow, rename = "loadBalancerIP")]
    load_balancer_ip: Text<'a>,
    #[serde(borrow)]
    external_traffic_policy: Text<'a>,
    #[serde(borrow, rename = "externalIPs", deserialize_with = "list")]
    external_ips: Vec<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    load_balancer: LoadBalancer<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LoadBalancer<'a> {
    #[serde(borrow, deserialize_with = "list")]
    ingress: Vec<Ingress<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ingress<'a> {
    #[serde(borrow)]
    ip: Text<'a>,
    #[serde(borrow)]
    hostname: Text<'a>,
}

impl Service<'_> {
    fn info(&self, samples: &mut Samples<'_>) {
        let labels = [
            ("cluster_ip", &*self.spec.cluster_ip),
            ("external_name", &*self.spec.external_name),
            ("load_balancer_ip", &*self.spec.load_balancer_ip),
            (
                "external_traffic_policy",
                &*self.spec.external_traffic_policy,
            ),
        ];
        samples.add(&labels, 1.0);
    }

    fn external_ips(&self, samples: &mut Samples<'_>) {
        for ip in &self.spec.external_ips {
            samples.add(&[("external_ip", ip)], 1.0);
        }
    }

    fn ingress(&self, samples: &mut Samples<'_>) {
        for ingress in &self.status.load_balancer.ingress {
            let labels = [("ip", &*ingress.ip), ("hostname", &*ingress.hostname)];
            samples.add(&labels, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("services", include_str!("cases/services.txt"));
    }
}
