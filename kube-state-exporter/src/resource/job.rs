//! Jobs: `kube_job_*`.

use serde::Deserialize;

use super::share::{self, OwnerLabels};
use super::{Family, Part, Resource};
use crate::object::{Condition, Meta, Number, Time, list, nullable};
use crate::samples::{Samples, flag};

/// The resource.
pub(super) struct Jobs;

/// The reasons of a failure that have a series each; any other is the empty one.
const FAILURES: &[&str] = &["BackoffLimitExceeded", "DeadlineExceeded", "Evicted"];

impl Resource for Jobs {
    type Object<'a> = Job<'a>;

    const NAME: &'static str = "jobs";
    const GROUP: &'static str = "batch";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = true;
    const COMMON: &'static [(&'static str, Part)] =
        &[("namespace", Part::Namespace), ("job_name", Part::Name)];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::alpha(
            "kube_job_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |job, samples| samples.annotations(&job.metadata),
        ),
        Family::stable(
            "kube_job_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |job, samples| samples.labels(&job.metadata),
        ),
        Family::stable("kube_job_info", "Information about job.", |_, samples| {
            samples.value(1.0)
        }),
        Family::stable(
            "kube_job_created",
            "Unix creation timestamp",
            |job, samples| samples.time(job.metadata.creation_timestamp),
        ),
        Family::stable(
            "kube_job_spec_parallelism",
            "The maximum desired number of pods the job should run at any given time.",
            |job, samples| samples.number(job.spec.parallelism),
        ),
        Family::stable(
            "kube_job_spec_completions",
            "The desired number of successfully finished pods the job should be run with.",
            |job, samples| samples.number(job.spec.completions),
        ),
        Family::stable(
            "kube_job_spec_active_deadline_seconds",
            "The duration in seconds relative to the startTime that the job may be active before the system tries to terminate it.",
            |job, samples| samples.number(job.spec.active_deadline_seconds),
        ),
        Family::stable(
            "kube_job_status_succeeded",
            "The number of pods which reached Phase Succeeded.",
            |job, samples| samples.value(f64::from(job.status.succeeded)),
        ),
        Family::stable(
            "kube_job_status_failed",
            "The number of pods which reached Phase Failed and the reason for failure.",
            |job, samples| job.failed(samples),
        ),
        Family::stable(
            "kube_job_status_active",
            "The number of actively running pods.",
            |job, samples| samples.value(f64::from(job.status.active)),
        ),
        Family::alpha(
            "kube_job_status_ready",
            "The number of ready pods that belong to this Job.",
            |job, samples| samples.value(f64::from(job.status.ready.unwrap_or(0))),
        ),
        Family::stable(
            "kube_job_complete",
            "The job has completed its execution.",
            |job, samples| share::statuses(&job.status.conditions, "Complete", samples),
        ),
        Family::stable(
            "kube_job_failed",
            "The job has failed its execution.",
            |job, samples| share::statuses(&job.status.conditions, "Failed", samples),
        ),
        Family::stable(
            "kube_job_status_start_time",
            "StartTime represents time when the job was acknowledged by the Job Manager.",
            |job, samples| samples.time(job.status.start_time),
        ),
        Family::stable(
            "kube_job_status_completion_time",
            "CompletionTime represents time when the job was completed.",
            |job, samples| samples.time(job.status.completion_time),
        ),
        Family::alpha(
            "kube_job_status_suspended",
            "The number of pods which reached Phase Suspended.",
            |job, samples| job.suspended(samples),
        ),
        Family::stable(
            "kube_job_owner",
            "Information about the Job's owner.",
            |job, samples| share::owners(&job.metadata, OwnerLabels::NameAndController, samples),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a job.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Job<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    metadata: Meta<'a>,
    #[serde(deserialize_with = "nullable")]
    spec: Spec,
    #[serde(borrow, deserialize_with = "nullable")]
    status: Status<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    parallelism: Option<i32>,
    completions: Option<i32>,
    active_deadline_seconds: Option<Number>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status<'a> {
    active: Number,
    ready: Option<i32>,
    succeeded: Number,
    failed: Number,
    start_time: Time,
    completion_time: Time,
    #[serde(borrow, deserialize_with = "list")]
    conditions: Vec<Condition<'a>>,
}

impl Job<'_> {
    /// Without failures a plain 0. With some, each known reason of each condition `Failed`, 1 for the one it has; how
    /// many failed is told only where the reason is not known.
    fn failed(&self, samples: &mut Samples<'_>) {
        let failed = f64::from(self.status.failed);
        if failed == 0.0 {
            samples.value(failed);
            return;
        }
        let conditions = self.status.conditions.iter();
        let mut known = false;
        for condition in conditions.filter(|condition| condition.kind == "Failed") {
            for reason in FAILURES {
                known |= condition.reason == *reason;
                samples.add(&[("reason", reason)], flag(condition.reason == *reason));
            }
        }
        if !known {
            samples.add(&[("reason", "")], failed);
        }
    }

    fn suspended(&self, samples: &mut Samples<'_>) {
        let conditions = self.status.conditions.iter();
        for condition in conditions.filter(|condition| condition.kind == "Suspended") {
            samples.value(flag(condition.status == "True"));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("jobs", include_str!("cases/jobs.txt"));
    }
}
