//! The page at `/`: a row a group, by what its form asks for.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::choice::{Choice, Chosen, SORTS, choose};
use super::form::Form;
use super::shown::ShownRow;
use super::window::{Pager, Window};
use super::{App, Frame, aside, html, with_status};
use crate::view::View;

#[derive(Template)]
#[template(path = "groups.html")]
struct GroupsPage<'c> {
    frame: Frame,
    admin_api: bool,
    choice: &'c Choice,
    sorts: &'static [(&'static str, &'static str)],
    /// What of the choice cannot be read.
    problem: Option<String>,
    rows: Vec<ShownRow>,
    window: Window,
    pager: Pager,
    /// Groups held.
    held: usize,
}

/// The list of groups.
pub(in crate::http) async fn groups(app: &Arc<App>, query: Option<&str>) -> Response {
    let choice = Choice::read(Form(query.unwrap_or_default()));
    aside(app, move |app| page(app, &choice)).await
}

fn page(app: &App, choice: &Choice) -> Response {
    let frame = Frame::new(app, "groups", 0);
    let page = GroupsPage::new(frame, app.admin_api, &app.gateway.view(), choice);
    let status = match page.problem {
        None => StatusCode::OK,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    with_status(status, html(page))
}

impl<'c> GroupsPage<'c> {
    fn new(frame: Frame, admin_api: bool, view: &View, choice: &'c Choice) -> Self {
        let (chosen, problem) = match choose(view, choice, frame.now) {
            Ok(chosen) => (chosen, None),
            Err(problem) => (Chosen::default(), Some(problem)),
        };
        let rows = chosen.groups.into_iter();
        Self {
            admin_api,
            choice,
            sorts: SORTS,
            problem,
            rows: rows.map(|group| ShownRow::new(group, frame.now)).collect(),
            pager: Pager::new(&chosen.window, |page| choice.query_of(page)),
            window: chosen.window,
            held: view.group_count(),
            frame,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests::view;
    use super::*;
    use crate::time::UnixNanos;

    #[test]
    fn a_page_is_as_large_with_a_hundred_thousand_groups() {
        let bytes = |groups: usize| {
            let frame = Frame {
                base: ".".to_owned(),
                here: "groups",
                trouble: None,
                now: UnixNanos(1_700_000_000_000_000_000),
            };
            let choice = Choice::default();
            let page = GroupsPage::new(frame, true, &view(groups), &choice);
            let page = page.render().unwrap();
            assert_eq!(page.matches("<th scope=\"row\">").count(), 100);
            page.len()
        };
        let (few, many) = (bytes(1_000), bytes(100_000));
        // Larger numbers have more digits.
        assert!(many < few + 500, "{few} bytes, then {many}");
    }
}
