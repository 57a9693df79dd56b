//! `GET /api/v1/metrics` with parameters: some of what is held, some groups at a time.
//!
//! Groups come in the order of their keys, so where an answer ended the next one can go on, whatever was pushed or
//! deleted in between.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use promontory_exposition::Family;

use super::pages::{id_of, key_of};
use super::query::parameters;
use super::search::SearchError;
use super::{App, api, api_error, json, pieces};
use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::selector::{Open, Selectors};
use crate::view::{Group, View};

/// Groups in one answer, where a limit is given.
const LIMIT_MAX: usize = 10_000;

/// What a request asks to be listed.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// None: everything.
    selectors: Selectors,
    limit: Option<usize>,
    after: Option<GroupingKey>,
}

/// A group with those of its families that have something wanted.
pub(super) struct Selected {
    pub(super) group: Arc<Group>,
    /// Where that is not all of them.
    families: Option<Vec<Arc<PushedFamily>>>,
}

/// Selected groups, and where to go on if there are more.
type Groups = (Box<dyn Iterator<Item = Selected> + Send>, Option<String>);

impl Selected {
    fn whole(group: Arc<Group>) -> Self {
        Self {
            group,
            families: None,
        }
    }

    pub(super) fn families(&self) -> &[Arc<PushedFamily>] {
        self.families.as_deref().unwrap_or(self.group.families())
    }
}

/// Answers what a query asks for; everything, where it asks for nothing.
pub(super) async fn metrics(app: &App, query: Option<&str>) -> Response {
    let listing = match Listing::of(query) {
        Ok(listing) => Arc::new(listing),
        Err(reason) => return api_error(StatusCode::BAD_REQUEST, "bad_data", &reason),
    };
    let (groups, next) = match Arc::clone(&listing).find(app).await {
        Ok(found) => found,
        Err(error) => return error.answer(),
    };
    // Groups are written only as fast as the client reads.
    let write = move |selected: Selected, out: &mut Vec<u8>| {
        api::write_group(&selected, &listing, out);
    };
    json(pieces::joined(
        api::GROUPS_BEGIN,
        groups,
        write,
        api::groups_end(next.as_deref()),
    ))
}

impl Listing {
    /// What a query asks for; other parameters than ours are left alone, as upstream does with all.
    ///
    /// # Errors
    /// A parameter and what is wrong with it.
    fn of(query: Option<&str>) -> Result<Self, String> {
        let mut listing = Self::default();
        let mut texts = Vec::new();
        for (name, value) in parameters(query) {
            match &*name {
                "match[]" => texts.push(value),
                "limit" => {
                    let limit = value.parse().ok();
                    let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
                    let wrong = || format!("limit: {value:?} is no number from 1 to {LIMIT_MAX}");
                    listing.limit = Some(limit.ok_or_else(wrong)?);
                }
                "after" => {
                    let wrong =
                        || format!("after: {value:?} is not what an answer had in \"next\"");
                    listing.after = Some(key_of(&value).ok_or_else(wrong)?);
                }
                _ => {}
            }
        }
        listing.selectors = selectors(&texts)?;
        Ok(listing)
    }

    /// Finds what is asked for. Only where something is looked for does that take long.
    async fn find(self: Arc<Self>, app: &App) -> Result<Groups, SearchError> {
        let view = app.gateway.view();
        if !self.selectors.is_empty() {
            let search = app.searches.run(move |waiting| {
                let go_on = || waiting.still();
                self.select(&view, go_on)
            });
            return search.await;
        }
        if self.limit.is_some() {
            return Ok(self.select(&view, || true));
        }
        let after = self.after.clone();
        let groups = Walk { view, after }.map(Selected::whole);
        Ok((Box::new(groups), None))
    }

    /// The groups asked for, as far as it is to go on.
    fn select(&self, view: &View, go_on: impl Fn() -> bool) -> Groups {
        let groups = view.groups_after(self.after.as_ref());
        let groups = groups.take_while(|_| go_on());
        let mut found = groups.filter_map(|group| self.in_group(group));
        let limit = self.limit.unwrap_or(usize::MAX);
        let selected: Vec<Selected> = found.by_ref().take(limit).collect();
        let last = selected.last().map(|last| id_of(last.group.key()));
        let next = last.filter(|_| found.next().is_some());
        (Box::new(selected.into_iter()), next)
    }

    fn in_group(&self, group: &Arc<Group>) -> Option<Selected> {
        let mut selected = Selected::whole(Arc::clone(group));
        if self.selectors.is_empty() {
            return Some(selected);
        }
        let open = self.selectors.in_group(group.key());
        let families = group.families().iter();
        let taken = families.filter(|family| has_some(&open, family));
        let taken: Vec<_> = taken.cloned().collect();
        if taken.is_empty() {
            return None;
        }
        selected.families = Some(taken);
        Some(selected)
    }

    /// Leaves of a family only what is asked for.
    pub(super) fn retain(&self, key: &GroupingKey, family: &mut Family<'_>) {
        if self.selectors.is_empty() {
            return;
        }
        let open = self.selectors.in_group(key).in_family(&family.name);
        if !open.takes_all() {
            family.metrics.retain(|metric| open.takes(&metric.labels));
        }
    }
}

/// All groups of a snapshot behind a key, or all, one after the other: none is gathered, however many there are.
struct Walk {
    view: Arc<View>,
    after: Option<GroupingKey>,
}

impl Iterator for Walk {
    type Item = Arc<Group>;

    fn next(&mut self) -> Option<Arc<Group>> {
        let group = self.view.groups_after(self.after.as_ref()).next()?;
        let group = Arc::clone(group);
        self.after = Some(group.key().clone());
        Some(group)
    }
}

/// The selectors among a query's parameters.
///
/// # Errors
/// The first that is none.
pub(super) fn selectors(texts: &[String]) -> Result<Selectors, String> {
    Selectors::parse(texts.iter().map(|text| &**text)).map_err(|error| format!("match[]: {error}"))
}

/// Whether a family has any series that is taken. It is only read where its group and name do not decide.
fn has_some(open: &Open<'_>, pushed: &PushedFamily) -> bool {
    let open = open.in_family(pushed.header().name);
    if open.is_empty() || pushed.metrics() == 0 {
        return false;
    }
    let takes = |at| {
        let metric = pushed.metric(at);
        metric.is_ok_and(|metric| open.takes(&metric.labels))
    };
    open.takes_all() || (0..pushed.metrics()).any(takes)
}
