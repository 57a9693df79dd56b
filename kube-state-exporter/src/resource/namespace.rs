//! Namespaces: `kube_namespace_*`.

use serde::Deserialize;

use super::{Family, Part, Resource, share};
use crate::object::{Condition, Meta, Text, list, nullable};
use crate::samples::{Samples, flag};

/// The resource.
pub(super) struct Namespaces;

impl Resource for Namespaces {
    type Object<'a> = Namespace<'a>;

    const NAME: &'static str = "namespaces";
    const GROUP: &'static str = "";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = false;
    const COMMON: &'static [(&'static str, Part)] = &[("namespace", Part::Name)];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::stable(
            "kube_namespace_created",
            "Unix creation timestamp",
            |namespace, samples| samples.time(namespace.metadata.creation_timestamp),
        ),
        Family::alpha(
            "kube_namespace_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |namespace, samples| samples.annotations(&namespace.metadata),
        ),
        Family::stable(
            "kube_namespace_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |namespace, samples| samples.labels(&namespace.metadata),
        ),
        Family::stable(
            "kube_namespace_status_phase",
            "kubernetes namespace status phase.",
            |namespace, samples| namespace.phase(samples),
        ),
        Family::alpha(
            "kube_namespace_status_condition",
            "The condition of a namespace.",
            |namespace, samples| share::conditions(&namespace.status.conditions, samples),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a namespace.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Namespace<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    metadata: Meta<'a>,
    #[serde(borrow, deserialize_with = "nullable")]
    status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow, deserialize_with = "list")]
    conditions: Vec<Condition<'a>>,
}

impl Namespace<'_> {
    fn phase(&self, samples: &mut Samples<'_>) {
        for phase in ["Active", "Terminating"] {
            samples.add(&[("phase", phase)], flag(self.status.phase == phase));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("namespaces", include_str!("cases/namespaces.txt"));
    }
}
