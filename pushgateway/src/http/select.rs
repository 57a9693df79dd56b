//! `GET /api/v1/metrics` with parameters: some of what is held, some groups at a time.
//!
//! Groups come in the order of their keys, so where an answer ended the next one can go on, whatever was pushed or
//! deleted in between.

use std::sync::Arc;

use promontory_exposition::Family;

use super::query::parameters;
use super::shown::{id_of, key_of};
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
    pub(super) selectors: Selectors,
    limit: Option<usize>,
    after: Option<GroupingKey>,
}

/// A group with those of its families that have something wanted.
pub(super) struct Selected {
    pub(super) group: Group,
    pub(super) families: Vec<Arc<PushedFamily>>,
}

impl Wanted {
    /// What a query asks for; other parameters than ours are left alone, as upstream does with all.
    ///
    /// # Errors
    /// A parameter and what is wrong with it.
    pub(super) fn of(query: Option<&str>) -> Result<Self, String> {
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
    pub(super) fn select(&self, view: &View) -> (Vec<Selected>, Option<String>) {
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
        let families = if self.selectors.is_empty() {
            group.families().to_vec()
        } else {
            let open = self.selectors.in_group(group.key());
            let families = group.families().iter();
            let families = families.filter(|family| has_some(&open, family));
            families.cloned().collect()
        };
        // A group always has its push times: where there is no family, none was wanted.
        (!families.is_empty()).then(|| Selected {
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
