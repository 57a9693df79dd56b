//! `GET /api/v1/metrics` with parameters: some of what is held, some groups at a time.
//!
//! Groups come in the order of their keys, so where an answer ended the next one can go on, whatever was pushed or
//! deleted in between.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use promontory_exporter::answer::plain;
use promontory_exposition::Family;

use super::pages::{id_of, key_of};
use super::query::parameters;
use super::{App, api, api_error, json, pieces};
use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::selector::{Open, Selectors};
use crate::view::{Group, View};

/// Groups in one answer, where a limit is given.
const LIMIT_MAX: usize = 10_000;

/// What a request asks for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// None: everything.
    selectors: Selectors,
    limit: Option<usize>,
    after: Option<GroupingKey>,
}

/// A group with those of its families that have something wanted.
pub(super) struct Selected {
    pub(super) group: Group,
    /// Where that is not all of them.
    families: Option<Vec<Arc<PushedFamily>>>,
}

impl Selected {
    pub(super) fn families(&self) -> &[Arc<PushedFamily>] {
        self.families.as_deref().unwrap_or(self.group.families())
    }
}

/// Answers what a query asks for; everything, where it asks for nothing.
pub(super) async fn metrics(app: &App, query: Option<&str>) -> Response {
    let wanted = match Wanted::of(query) {
        Ok(wanted) => Arc::new(wanted),
        Err(reason) => return api_error(StatusCode::BAD_REQUEST, "bad_data", &reason),
    };
    let view = app.gateway.view();
    // Looking for something may mean reading everything.
    let (groups, next) = if wanted.selectors.is_empty() {
        wanted.select(&view)
    } else {
        let wanted = Arc::clone(&wanted);
        let looking = tokio::task::spawn_blocking(move || wanted.select(&view));
        match looking.await {
            Ok(found) => found,
            Err(_) => {
                return plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "not all groups were read",
                );
            }
        }
    };
    // Groups are cheap to hold (shared), and written only as fast as the client reads.
    let write = move |selected: Selected, out: &mut Vec<u8>| {
        api::write_group(&selected, &wanted, out);
    };
    json(pieces::joined(
        api::GROUPS_BEGIN,
        groups,
        write,
        api::groups_end(next.as_deref()),
    ))
}

impl Wanted {
    /// What a query asks for; other parameters than ours are left alone, as upstream does with all.
    ///
    /// # Errors
    /// A parameter and what is wrong with it.
    fn of(query: Option<&str>) -> Result<Self, String> {
        let mut wanted = Self::default();
        let mut texts = Vec::new();
        for (name, value) in parameters(query) {
            match &*name {
                "match[]" => texts.push(value),
                "limit" => {
                    let limit = value.parse().ok();
                    let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
                    let wrong = || format!("limit: {value:?} is no number from 1 to {LIMIT_MAX}");
                    wanted.limit = Some(limit.ok_or_else(wrong)?);
                }
                "after" => {
                    let wrong =
                        || format!("after: {value:?} is not what an answer had in \"next\"");
                    wanted.after = Some(key_of(&value).ok_or_else(wrong)?);
                }
                _ => {}
            }
        }
        wanted.selectors = selectors(&texts)?;
        Ok(wanted)
    }

    /// The groups asked for, and where to go on if there are more.
    fn select(&self, view: &View) -> (Vec<Selected>, Option<String>) {
        let after = |group: &&Group| self.after.as_ref().is_some_and(|key| group.key() <= key);
        let groups = view.groups().skip_while(after);
        let mut found = groups.filter_map(|group| self.in_group(group));
        let Some(limit) = self.limit else {
            return (found.collect(), None);
        };
        let selected: Vec<Selected> = found.by_ref().take(limit).collect();
        let last = selected.last().map(|last| id_of(last.group.key()));
        (selected, last.filter(|_| found.next().is_some()))
    }

    fn in_group(&self, group: &Group) -> Option<Selected> {
        let mut families = None;
        if !self.selectors.is_empty() {
            let open = self.selectors.in_group(group.key());
            let taken = group.families().iter();
            let taken: Vec<_> = taken
                .filter(|family| has_some(&open, family))
                .cloned()
                .collect();
            if taken.is_empty() {
                return None;
            }
            families = Some(taken);
        }
        Some(Selected {
            group: group.clone(),
            families,
        })
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
    let takes = |family: Family<'_>| {
        family
            .metrics
            .iter()
            .any(|metric| open.takes(&metric.labels))
    };
    open.takes_all() || pushed.decode().is_ok_and(takes)
}
