//! A metric's own labels, and the grouping labels that stand among them on a page.

use promontory_exposition::{Family, Label, Metric};

use crate::group::GroupingKey;

/// Takes out pushed labels in whose place the grouping labels stand, adds `instance=""` where no instance is, and
/// sorts by name.
pub(crate) fn own_labels(labels: &mut Vec<Label<'_>>, key: &GroupingKey) {
    for grouping in key.labels() {
        // Only the first: a label that is there twice is an error, which `check_series` finds then.
        if let Some(at) = labels.iter().position(|label| label.name == grouping.name) {
            labels.remove(at);
        }
    }
    if key.get("instance").is_none() && !labels.iter().any(|label| label.name == "instance") {
        labels.push(Label::new("instance", ""));
    }
    labels.sort_by(|a, b| a.name.cmp(&b.name));
}

/// Adds the grouping labels again.
pub(crate) fn with_key<'a>(mut family: Family<'a>, key: &'a GroupingKey) -> Family<'a> {
    for metric in &mut family.metrics {
        add_key(metric, key);
    }
    family
}

/// Adds the grouping labels to a metric.
pub(crate) fn add_key<'a>(metric: &mut Metric<'a>, key: &'a GroupingKey) {
    for label in key.labels() {
        metric.labels.push(Label::new(&*label.name, &*label.value));
    }
    metric.labels.sort_by(|a, b| a.name.cmp(&b.name));
}
