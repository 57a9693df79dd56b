//! What the families read of a pod's status, and those that read nothing else.

use serde::Deserialize;

use crate::object::{Condition, Text, Time, list, nullable};
use crate::resource::share;
use crate::samples::{Samples, flag};

/// The phases, in upstream's order.
pub(super) const PHASES: &[&str] = &["Pending", "Succeeded", "Failed", "Unknown", "Running"];
/// The classes of quality of service, in upstream's order.
pub(super) const QOS_CLASSES: &[&str] = &["BestEffort", "Burstable", "Guaranteed"];
/// The reasons of a pod's state that are shown as they are.
const REASONS: &[&str] = &[
    "Evicted",
    "NodeAffinity",
    "NodeLost",
    "PreemptionByScheduler",
    "SchedulingGated",
    "Shutdown",
    "TerminationByKubelet",
    "UnexpectedAdmissionError",
];
/// The reasons of a disruption that are shown as they are.
const DISRUPTIONS: &[&str] = &[
    "PreemptionByScheduler",
    "DeletionByTaintManager",
    "EvictionByEvictionAPI",
    "DeletionByPodGC",
    "TerminationByKubelet",
];
/// What any other reason is called.
const OTHER: &str = "Other";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) phase: Text<'a>,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow, rename = "hostIP")]
    pub(super) host_ip: Text<'a>,
    #[serde(borrow, rename = "podIP")]
    pub(super) pod_ip: Text<'a>,
    #[serde(borrow, rename = "podIPs", deserialize_with = "list")]
    pub(super) pod_ips: Vec<Ip<'a>>,
    pub(super) start_time: Time,
    #[serde(borrow, rename = "qosClass")]
    pub(super) qos_class: Text<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) conditions: Vec<Condition<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) container_statuses: Vec<ContainerStatus<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) init_container_statuses: Vec<ContainerStatus<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) resource_claim_statuses: Vec<ResourceClaimStatus<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ip<'a> {
    #[serde(borrow)]
    pub(super) ip: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ResourceClaimStatus<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) resource_claim_name: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ContainerStatus<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) image: Text<'a>,
    #[serde(borrow, rename = "imageID")]
    pub(super) image_id: Text<'a>,
    #[serde(borrow, rename = "containerID")]
    pub(super) container_id: Text<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) ready: bool,
    #[serde(deserialize_with = "nullable")]
    pub(super) restart_count: i32,
    #[serde(borrow, deserialize_with = "nullable")]
    pub(super) state: State<'a>,
    #[serde(borrow, deserialize_with = "nullable")]
    pub(super) last_state: State<'a>,
}

/// One of three, or none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct State<'a> {
    #[serde(borrow)]
    pub(super) waiting: Option<Waiting<'a>>,
    pub(super) running: Option<Running>,
    #[serde(borrow)]
    pub(super) terminated: Option<Terminated<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Waiting<'a> {
    #[serde(borrow)]
    reason: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Running {
    pub(super) started_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Terminated<'a> {
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(deserialize_with = "nullable")]
    pub(super) exit_code: i32,
    pub(super) started_at: Time,
    pub(super) finished_at: Time,
}

impl State<'_> {
    /// The reason it waits, if it does.
    pub(super) fn waiting(&self) -> Option<&str> {
        self.waiting.as_ref().map(|waiting| &*waiting.reason)
    }

    /// The reason it ended, if it did.
    pub(super) fn terminated(&self) -> Option<&str> {
        self.terminated
            .as_ref()
            .map(|terminated| &*terminated.reason)
    }
}

impl Status<'_> {
    /// One sample a word, 1 for the one it is; none at all where it is not known.
    pub(super) fn one_of(&self, label: &str, is: &str, words: &[&str], samples: &mut Samples<'_>) {
        if is.is_empty() {
            return;
        }
        for word in words {
            samples.add(&[(label, word)], flag(is == *word));
        }
    }

    /// Since when a condition has this status.
    pub(super) fn since(&self, kind: &str, status: &str, samples: &mut Samples<'_>) {
        for condition in self.having(kind, status) {
            samples.value(share::unix(condition.last_transition_time));
        }
    }

    pub(super) fn unschedulable(&self, samples: &mut Samples<'_>) {
        for _ in self.having("PodScheduled", "False") {
            samples.value(1.0);
        }
    }

    fn having(&self, kind: &str, status: &str) -> impl Iterator<Item = &Condition<'_>> {
        let conditions = self.conditions.iter();
        conditions.filter(move |condition| condition.kind == *kind && condition.status == *status)
    }

    /// Known reasons wherever they stand: the pod's own, its conditions', its ended containers'.
    pub(super) fn reasons(&self, samples: &mut Samples<'_>) {
        let has = |reason: &str| {
            let mut conditions = self.conditions.iter();
            let mut containers = self.container_statuses.iter();
            self.reason == *reason
                || conditions.any(|condition| condition.reason == *reason)
                || containers.any(|container| container.state.terminated() == Some(reason))
        };
        for reason in REASONS.iter().filter(|reason| has(reason)) {
            samples.add(&[("reason", reason)], 1.0);
        }
        if !self.reason.is_empty() && !REASONS.contains(&&*self.reason) {
            samples.add(&[("reason", OTHER)], 1.0);
        }
    }

    pub(super) fn disruption(&self, samples: &mut Samples<'_>) {
        let conditions = self.conditions.iter();
        for condition in conditions.filter(|condition| condition.kind == "DisruptionTarget") {
            let known = DISRUPTIONS.contains(&&*condition.reason);
            let reason = if known { &*condition.reason } else { OTHER };
            samples.add(&[("reason", reason)], 1.0);
        }
    }
}
