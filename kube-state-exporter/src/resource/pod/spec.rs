//! What the families read of a pod's specification.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::object::{Pairs, Text, list, nullable};
use crate::quantity::Quantity;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Spec<'a> {
    #[serde(borrow)]
    pub(super) node_name: Text<'a>,
    #[serde(borrow)]
    pub(super) priority_class_name: Text<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) host_network: bool,
    #[serde(borrow)]
    pub(super) restart_policy: Text<'a>,
    #[serde(borrow)]
    pub(super) service_account_name: Text<'a>,
    #[serde(borrow)]
    pub(super) scheduler_name: Text<'a>,
    #[serde(borrow)]
    pub(super) runtime_class_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) node_selector: Pairs<'a>,
    #[serde(borrow)]
    pub(super) overhead: Pairs<'a, Quantity>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) containers: Vec<Container<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) init_containers: Vec<Container<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) volumes: Vec<Volume<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) tolerations: Vec<Toleration<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) resource_claims: Vec<ResourceClaim<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Container<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) image: Text<'a>,
    #[serde(borrow)]
    pub(super) restart_policy: Text<'a>,
    #[serde(borrow, deserialize_with = "nullable")]
    pub(super) resources: Resources<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resources<'a> {
    #[serde(borrow)]
    pub(super) limits: Pairs<'a, Quantity>,
    #[serde(borrow)]
    pub(super) requests: Pairs<'a, Quantity>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Volume<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) persistent_volume_claim: Option<Claim<'a>>,
    /// Whether it is made together with the pod.
    pub(super) ephemeral: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Claim<'a> {
    #[serde(borrow)]
    pub(super) claim_name: Text<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) read_only: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Toleration<'a> {
    #[serde(borrow)]
    pub(super) key: Text<'a>,
    #[serde(borrow)]
    pub(super) operator: Text<'a>,
    #[serde(borrow)]
    pub(super) value: Text<'a>,
    #[serde(borrow)]
    pub(super) effect: Text<'a>,
    pub(super) toleration_seconds: Option<i64>,
}

/// A device asked for by name (dynamic resource allocation).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ResourceClaim<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) resource_claim_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) resource_claim_template_name: Option<Text<'a>>,
}
