//! What containers show; init containers show the same under other names.

use super::spec::{Container, Resources};
use super::status::{ContainerStatus, Terminated};
use super::{Pod, Quantity, share, unit};
use crate::object::Pairs;
use crate::samples::Samples;

/// Container and status, by name.
fn pairs<'p>(
    containers: &'p [Container<'p>],
    statuses: &'p [ContainerStatus<'p>],
) -> impl Iterator<Item = (&'p Container<'p>, &'p ContainerStatus<'p>)> {
    containers.iter().flat_map(move |container| {
        let same = move |status: &&ContainerStatus<'_>| status.name == container.name;
        statuses
            .iter()
            .filter(same)
            .map(move |status| (container, status))
    })
}

/// What a container runs.
fn labels<'p>(
    container: &'p Container<'_>,
    status: &'p ContainerStatus<'_>,
) -> [(&'static str, &'p str); 6] {
    [
        ("container", &*status.name),
        ("image_spec", &*container.image),
        ("image", &*status.image),
        ("image_id", &*status.image_id),
        ("container_id", &*status.container_id),
        ("restart_policy", &*container.restart_policy),
    ]
}

pub(super) fn info(
    containers: &[Container<'_>],
    statuses: &[ContainerStatus<'_>],
    samples: &mut Samples<'_>,
) {
    for (container, status) in pairs(containers, statuses) {
        samples.add(&labels(container, status)[..5], 1.0);
    }
}

/// With the restart policy, which makes an init container a side car.
pub(super) fn init_info(
    containers: &[Container<'_>],
    statuses: &[ContainerStatus<'_>],
    samples: &mut Samples<'_>,
) {
    for (container, status) in pairs(containers, statuses) {
        samples.add(&labels(container, status), 1.0);
    }
}

/// Requests or limits: cores with thousandths, all else whole.
pub(super) fn resources(
    pod: &Pod<'_>,
    containers: &[Container<'_>],
    list: for<'r, 'a> fn(&'r Resources<'a>) -> &'r Pairs<'a, Quantity>,
    samples: &mut Samples<'_>,
) {
    for container in containers {
        for (resource, amount) in list(&container.resources).iter() {
            let cores = *resource == "cpu";
            let value = if cores {
                amount.number()
            } else {
                amount.whole()
            };
            let Some(value) = value else {
                continue;
            };
            for unit in unit::units(resource, unit::Of::Container) {
                let labels = [
                    ("container", &*container.name),
                    ("node", &*pod.spec.node_name),
                    ("resource", &*unit::label(resource)),
                    ("unit", unit),
                ];
                samples.add(&labels, value);
            }
        }
    }
}

/// A value for each container.
pub(super) fn values(
    statuses: &[ContainerStatus<'_>],
    value: fn(&ContainerStatus<'_>) -> f64,
    samples: &mut Samples<'_>,
) {
    for status in statuses {
        samples.add(&[("container", &status.name)], value(status));
    }
}

/// 1 for each container that has such a reason, also an empty one.
pub(super) fn reasons(
    statuses: &[ContainerStatus<'_>],
    reason: for<'s> fn(&'s ContainerStatus<'_>) -> Option<&'s str>,
    samples: &mut Samples<'_>,
) {
    for status in statuses {
        if let Some(reason) = reason(status) {
            samples.add(&[("container", &status.name), ("reason", reason)], 1.0);
        }
    }
}

/// A value for each container that ended and was started again.
pub(super) fn ended(
    statuses: &[ContainerStatus<'_>],
    value: fn(&Terminated<'_>) -> f64,
    samples: &mut Samples<'_>,
) {
    for status in statuses {
        if let Some(end) = &status.last_state.terminated {
            samples.add(&[("container", &status.name)], value(end));
        }
    }
}

/// When each container began that runs or has ended.
pub(super) fn started(statuses: &[ContainerStatus<'_>], samples: &mut Samples<'_>) {
    for status in statuses {
        let state = &status.state;
        let running = state.running.as_ref().map(|running| running.started_at);
        let ended = || state.terminated.as_ref().map(|ended| ended.started_at);
        if let Some(time) = running.or_else(ended) {
            samples.add(&[("container", &status.name)], share::unix(time));
        }
    }
}

/// When the last container ended, if any has.
pub(super) fn completion(statuses: &[ContainerStatus<'_>], samples: &mut Samples<'_>) {
    let ends = statuses
        .iter()
        .filter_map(|status| status.state.terminated.as_ref());
    let last = ends.filter_map(|end| end.finished_at.0).max();
    samples.number(last.filter(|last| *last > 0).map(|last| last as f64));
}
