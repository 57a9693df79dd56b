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
pub(in super::super) async fn groups(app: &Arc<App>, query: Option<&str>) -> Response {
    let choice = Choice::read(Form(query.unwrap_or_default()));
    aside(app, move |app| page(app, &choice)).await
}

fn page(app: &App, choice: &Choice) -> Response {
    let frame = Frame::new(app, "groups", 0);
    let view = app.gateway.view();
    let (chosen, problem) = match choose(&view, choice, frame.now) {
        Ok(chosen) => (chosen, None),
        Err(problem) => (Chosen::default(), Some(problem)),
    };
    let status = if problem.is_none() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let rows = chosen.groups.into_iter();
    let page = GroupsPage {
        admin_api: app.admin_api,
        choice,
        sorts: SORTS,
        problem,
        rows: rows.map(|group| ShownRow::new(group, frame.now)).collect(),
        pager: Pager::new(&chosen.window, |page| choice.query_of(page)),
        window: chosen.window,
        held: view.group_count(),
        frame,
    };
    with_status(status, html(page))
}
