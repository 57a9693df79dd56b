//! CronJobs: `kube_cronjob_*`.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Family, Part, Resource, share};
use crate::cron::Schedule;
use crate::object::{Meta, Number, Text, Time, list, nullable};
use crate::samples::{Samples, flag};

/// The resource.
pub(super) struct CronJobs;

impl Resource for CronJobs {
    type Object<'a> = CronJob<'a>;

    const NAME: &'static str = "cronjobs";
    const GROUP: &'static str = "batch";
    const VERSION: &'static str = "v1";
    const NAMESPACED: bool = true;
    const COMMON: &'static [(&'static str, Part)] =
        &[("namespace", Part::Namespace), ("cronjob", Part::Name)];
    const FAMILIES: &'static [Family<Self>] = &[
        Family::alpha(
            "kube_cronjob_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            |job, samples| samples.annotations(&job.metadata),
        ),
        Family::stable(
            "kube_cronjob_labels",
            "Kubernetes labels converted to Prometheus labels.",
            |job, samples| samples.labels(&job.metadata),
        ),
        Family::stable(
            "kube_cronjob_info",
            "Info about cronjob.",
            |job, samples| job.info(samples),
        ),
        Family::stable(
            "kube_cronjob_created",
            "Unix creation timestamp",
            |job, samples| samples.time(job.metadata.creation_timestamp),
        ),
        Family::stable(
            "kube_cronjob_status_active",
            "Active holds pointers to currently running jobs.",
            |job, samples| samples.value(job.status.active.len() as f64),
        ),
        Family::stable(
            "kube_cronjob_status_last_schedule_time",
            "LastScheduleTime keeps information of when was the last time the job was successfully scheduled.",
            |job, samples| samples.time(job.status.last_schedule_time),
        ),
        Family::stable(
            "kube_cronjob_status_last_successful_time",
            "LastSuccessfulTime keeps information of when was the last time the job was completed successfully.",
            |job, samples| samples.time(job.status.last_successful_time),
        ),
        Family::stable(
            "kube_cronjob_spec_suspend",
            "Suspend flag tells the controller to suspend subsequent executions.",
            |job, samples| samples.value(flag(job.spec.suspend)),
        ),
        Family::stable(
            "kube_cronjob_spec_starting_deadline_seconds",
            "Deadline in seconds for starting the job if it misses scheduled time for any reason.",
            |job, samples| samples.number(job.spec.starting_deadline_seconds),
        ),
        Family::stable(
            "kube_cronjob_next_schedule_time",
            "Next time the cronjob should be scheduled. The time after lastScheduleTime, or after the cron job's creation time if it's never been scheduled. Use this to determine if the job is delayed.",
            |job, samples| job.next(samples),
        ),
        Family::alpha(
            "kube_cronjob_schedule_invalid",
            "Emitted with value 1 for cronjobs whose schedule, in its configured timezone, cannot be parsed.",
            |job, samples| job.invalid(samples),
        ),
        Family::stable(
            "kube_cronjob_metadata_resource_version",
            "Resource version representing a specific version of the cronjob.",
            |job, samples| samples.number(job.metadata.resource_version.parse::<f64>().ok()),
        ),
        Family::alpha(
            "kube_cronjob_spec_successful_job_history_limit",
            "Successful job history limit tells the controller how many completed jobs should be preserved.",
            |job, samples| samples.number(job.spec.successful_jobs_history_limit),
        ),
        Family::alpha(
            "kube_cronjob_spec_failed_job_history_limit",
            "Failed job history limit tells the controller how many failed jobs should be preserved.",
            |job, samples| samples.number(job.spec.failed_jobs_history_limit),
        ),
    ];

    fn meta<'o, 'a>(object: &'o Self::Object<'a>) -> &'o Meta<'a> {
        &object.metadata
    }
}

/// What the families read of a cron job.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CronJob<'a> {
    #[serde(borrow, deserialize_with = "nullable")]
    metadata: Meta<'a>,
    #[serde(borrow, deserialize_with = "nullable")]
    spec: Spec<'a>,
    #[serde(deserialize_with = "nullable")]
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    #[serde(borrow)]
    schedule: Text<'a>,
    #[serde(borrow)]
    time_zone: Option<Text<'a>>,
    #[serde(borrow)]
    concurrency_policy: Text<'a>,
    #[serde(deserialize_with = "nullable")]
    suspend: bool,
    starting_deadline_seconds: Option<Number>,
    successful_jobs_history_limit: Option<i32>,
    failed_jobs_history_limit: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    #[serde(deserialize_with = "list")]
    active: Vec<IgnoredAny>,
    last_schedule_time: Time,
    last_successful_time: Time,
}

impl CronJob<'_> {
    fn info(&self, samples: &mut Samples<'_>) {
        let labels = [
            ("schedule", &*self.spec.schedule),
            ("concurrency_policy", &*self.spec.concurrency_policy),
            (
                "timezone",
                self.spec.time_zone.as_deref().unwrap_or("local"),
            ),
        ];
        samples.add(&labels, 1.0);
    }

    fn schedule(&self) -> Option<Schedule> {
        Schedule::parse(&self.spec.schedule, self.spec.time_zone.as_deref())
    }

    /// After the last run, or after the job was made; one that is never due has Go's zero time.
    fn next(&self, samples: &mut Samples<'_>) {
        let last = self.status.last_schedule_time.0;
        let after = last.or(self.metadata.creation_timestamp.0);
        let (false, Some(after), Some(schedule)) = (self.spec.suspend, after, self.schedule())
        else {
            return;
        };
        samples.value(share::unix(Time(schedule.next(after))));
    }

    fn invalid(&self, samples: &mut Samples<'_>) {
        if self.schedule().is_none() {
            samples.value(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::resource::testing;

    #[test]
    fn samples_are_those_of_upstream() {
        testing::check("cronjobs", include_str!("cases/cronjobs.txt"));
    }
}
