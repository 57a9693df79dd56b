//! The page of one group: its labels, times and families, with their series page by page.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use promontory_exposition::line;

use super::form::{Form, query};
use super::said::ShownTime;
use super::shown::{ShownFamily, ShownLabels, id_of, key_of, show_family, show_key};
use super::window::{Pager, Window};
use super::{App, Frame, aside, html, no_such_group};
use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::selector::Selectors;
use crate::view::Group;

/// Series on one page, over all families; a family without series counts as one, as it takes a heading all the same.
const SERIES: usize = 500;

#[derive(Template)]
#[template(path = "group.html")]
struct GroupPage {
    frame: Frame,
    id: String,
    labels: ShownLabels,
    /// The query of the list that shows all groups of this job.
    same_job: String,
    /// The query that asks the JSON API for this group; `None` where the API would not take a selector of so many labels.
    json: Option<String>,
    failed: bool,
    last_push: ShownTime,
    last_failure: ShownTime,
    expiry: Option<ShownTime>,
    family_count: usize,
    series_count: usize,
    families: Vec<ShownFamily>,
    pager: Pager,
}

/// One group, by `id`; `page` counts from 1.
pub(in crate::http) async fn group(app: &Arc<App>, query: Option<&str>) -> Response {
    let form = Form(query.unwrap_or_default());
    let (key, asked) = (form.get("id").and_then(|id| key_of(&id)), form.page());
    aside(app, move |app| {
        let frame = Frame::new(app, "groups", 1);
        let view = app.gateway.view();
        match key.and_then(|key| view.group(&key)) {
            Some(group) => html(page(frame, group, asked)),
            None => no_such_group(frame),
        }
    })
    .await
}

fn page(frame: Frame, group: &Group, asked: usize) -> GroupPage {
    let now = frame.now;
    let length = group.families().iter().map(|family| rows(family)).sum();
    let window = Window::of(length, SERIES, asked);
    let id = id_of(group.key());
    let link = |page| format!("ui/group?id={id}&page={page}");
    GroupPage {
        pager: Pager::new(&window, link),
        labels: show_key(group.key()),
        same_job: query(&[("job", group.key().job())]),
        json: selector(group.key()).map(|selector| query(&[("match[]", &selector)])),
        failed: !group.last_push_successful(),
        last_push: ShownTime::new(group.pushed_at(), now),
        last_failure: ShownTime::new(group.failed_at(), now),
        expiry: group.expires_at().map(|at| ShownTime::new(at, now)),
        family_count: group.families().len(),
        series_count: group.series(),
        families: families_on(group, &window, &frame),
        id,
        frame,
    }
}

/// The families that have series on a page; only those are decoded.
fn families_on(group: &Group, window: &Window, frame: &Frame) -> Vec<ShownFamily> {
    let mut start = 0;
    let mut shown = Vec::new();
    for family in group.families() {
        let end = start + rows(family);
        if end > window.start && start < window.end {
            let skipped = window.start.saturating_sub(start);
            let taken = window.end.min(end) - start - skipped;
            shown.push(show_family(family, skipped, taken, frame.now));
        }
        start = end;
    }
    shown
}

/// The selector that takes the series of a group. It takes those of groups with more labels, too. `None` where it would be
/// too long for one.
fn selector(key: &GroupingKey) -> Option<String> {
    let labels = key.labels().iter();
    let labels: Vec<_> = labels.map(|label| (&*label.name, &*label.value)).collect();
    // PromQL quotes as the text format does.
    let mut selector = b"{".to_vec();
    line::labels(&labels, &mut selector);
    selector.push(b'}');
    let selector = String::from_utf8(selector).ok()?;
    Selectors::parse([&*selector]).is_ok().then_some(selector)
}

/// How much of a page a family takes.
fn rows(family: &PushedFamily) -> usize {
    family.metrics().max(1)
}

#[cfg(test)]
mod tests {
    use promontory_exposition::Label;

    use super::*;

    #[test]
    fn the_selector_of_a_group_takes_it() {
        for value in ["a", "", "ü\n\"\\\u{1}", "{a=\"b\"}"] {
            let labels = vec![
                Label::new("job", value.to_owned()),
                Label::new("a.b", "`c`"),
            ];
            let key = GroupingKey::from_labels(labels);
            let selectors = Selectors::parse([&*selector(&key).unwrap()]);
            assert!(selectors.unwrap().take_group(&key), "{value}");
        }
    }
}
