//! Which groups the list shows, in which order: what its form asks, and the groups that fit. Pure.
//!
//! A group is read no further than the choice needs: nothing of it without a filter, its labels for a search, its push
//! times for an age or for failures; its metrics never. Only those on the page are put in order.

use std::cmp::Reverse;
use std::time::Duration;

use promontory_exporter::golang::parse_duration;

use super::form::{Form, query};
use super::window::Window;
use crate::time::UnixNanos;
use crate::view::{Group, View};

#[cfg(test)]
pub(super) mod tests;

/// Groups on one page.
pub(super) const GROUPS: usize = 100;

/// The orders of the list: value of the form's field, and what people read.
pub(super) const SORTS: &[(&str, &str)] = &[
    ("", "job"),
    ("newest", "last push, newest first"),
    ("oldest", "last push, oldest first"),
    ("failed", "failed first"),
];

/// What is asked for, as it was written, so that the form shows it again.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Text that a label (`name=value`) must have in it; case does not matter.
    pub(super) search: String,
    /// The job, exactly.
    pub(super) job: String,
    /// How long ago the last push must be at least.
    pub(super) older: String,
    /// How long ago the last push may be at most.
    pub(super) younger: String,
    /// Whether only groups are wanted whose last push failed.
    pub(super) failed: bool,
    /// One of [`SORTS`].
    pub(super) sort: &'static str,
    /// The page, from 1.
    pub(super) page: usize,
}

impl Choice {
    /// Reads the form of the list. What is not known is as if it was not there.
    pub(super) fn read(form: Form<'_>) -> Self {
        let sort = form.text("sort");
        let sort = SORTS.iter().find(|(value, _)| *value == sort);
        Self {
            search: form.text("q"),
            job: form.text("job"),
            older: form.text("older"),
            younger: form.text("younger"),
            failed: form.get("failed").is_some(),
            sort: sort.map_or("", |(value, _)| value),
            page: form.page(),
        }
    }

    /// Whether some groups may be left out.
    pub(super) fn filters(&self) -> bool {
        let texts = [&self.search, &self.job, &self.older, &self.younger];
        self.failed || texts.iter().any(|text| !text.is_empty())
    }

    /// The query of another page of the same choice.
    pub(super) fn query_of(&self, page: usize) -> String {
        let page = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        query(&[
            ("q", &self.search),
            ("job", &self.job),
            ("older", &self.older),
            ("younger", &self.younger),
            ("failed", if self.failed { "1" } else { "" }),
            ("sort", self.sort),
            ("page", &page),
        ])
    }
}

/// The groups of one page.
#[derive(Default)]
pub(super) struct Chosen<'v> {
    pub(super) groups: Vec<&'v Group>,
    /// Where they stand among all that fit.
    pub(super) window: Window,
}

/// The groups of the page that is asked for.
///
/// # Errors
/// An age that cannot be read, in words for the page.
pub(super) fn choose<'v>(
    view: &'v View,
    choice: &Choice,
    now: UnixNanos,
) -> Result<Chosen<'v>, String> {
    let filter = Filter::new(choice, now)?;
    let mut scratch = String::new();
    let mut fitting: Vec<Ranked<'v>> = view
        .groups()
        .filter(|group| filter.lets(group, &mut scratch))
        .map(|group| Ranked::new(group, choice.sort))
        .collect();
    let window = Window::of(fitting.len(), GROUPS, choice.page);
    Ok(Chosen {
        groups: in_order(&mut fitting, &window)
            .iter()
            .map(|ranked| ranked.group)
            .collect(),
        window,
    })
}

/// The part of a list that a window shows, in order; the rest is only parted from it.
fn in_order<'r, 'v>(fitting: &'r mut [Ranked<'v>], window: &Window) -> &'r [Ranked<'v>] {
    let (start, length) = (window.start, window.length());
    if length == 0 {
        return &[];
    }
    if start > 0 {
        fitting.select_nth_unstable_by(start, Ranked::order);
    }
    let rest = &mut fitting[start..];
    if length < rest.len() {
        rest.select_nth_unstable_by(length, Ranked::order);
    }
    let shown = &mut rest[..length];
    shown.sort_unstable_by(Ranked::order);
    shown
}

/// A group, and what decides on its place before its job and its other labels do.
struct Ranked<'v> {
    rank: (bool, Reverse<i64>),
    job: &'v str,
    group: &'v Group,
}

impl<'v> Ranked<'v> {
    fn new(group: &'v Group, sort: &str) -> Self {
        let rank = match sort {
            "newest" => (false, Reverse(times(group).pushed_at().0)),
            // The complement turns the order round, without a number that has none.
            "oldest" => (false, Reverse(!times(group).pushed_at().0)),
            "failed" if times(group).last_push_successful() => (true, Reverse(0)),
            "failed" => (false, Reverse(times(group).failed_at().0)),
            _ => (false, Reverse(0)),
        };
        Self {
            rank,
            job: group.key().job(),
            group,
        }
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by_key = || self.group.key().cmp(other.group.key());
        (self.rank, self.job)
            .cmp(&(other.rank, other.job))
            .then_with(by_key)
    }
}

/// A choice, ready to be asked about many groups.
struct Filter<'c> {
    /// In lower case.
    search: String,
    job: &'c str,
    pushed_until: Option<UnixNanos>,
    pushed_since: Option<UnixNanos>,
    failed: bool,
}

impl<'c> Filter<'c> {
    fn new(choice: &'c Choice, now: UnixNanos) -> Result<Self, String> {
        Ok(Self {
            search: choice.search.to_lowercase(),
            job: &choice.job,
            pushed_until: moment_ago(&choice.older, now)?,
            pushed_since: moment_ago(&choice.younger, now)?.map(|since| since.max(UnixNanos(1))),
            failed: choice.failed,
        })
    }

    /// Whether a group is shown; what is cheap is asked first. A group that was never pushed successfully is older than
    /// anything.
    fn lets(&self, group: &Group, scratch: &mut String) -> bool {
        (self.job.is_empty() || group.key().job() == self.job)
            && (self.search.is_empty() || self.finds(group, scratch))
            && self
                .pushed_until
                .is_none_or(|until| times(group).pushed_at() <= until)
            && self
                .pushed_since
                .is_none_or(|since| times(group).pushed_at() >= since)
            && (!self.failed || !times(group).last_push_successful())
    }

    fn finds(&self, group: &Group, scratch: &mut String) -> bool {
        group.key().labels().iter().any(|label| {
            scratch.clear();
            scratch.push_str(&label.name);
            scratch.push('=');
            scratch.push_str(&label.value);
            if scratch.is_ascii() {
                scratch.make_ascii_lowercase();
            } else {
                *scratch = scratch.to_lowercase();
            }
            memchr::memmem::find(scratch.as_bytes(), self.search.as_bytes()).is_some()
        })
    }
}

/// A group whose push times are to be read. That is a search in its families, so tests count it.
fn times(group: &Group) -> &Group {
    #[cfg(test)]
    tests::TIMES.with(|times| times.set(times.get() + 1));
    group
}

/// The moment so long before now, or never, which is before all; `None` where nothing is asked for.
fn moment_ago(age: &str, now: UnixNanos) -> Result<Option<UnixNanos>, String> {
    if age.is_empty() {
        return Ok(None);
    }
    let read: Duration = parse_duration(age)
        .map_err(|_| format!("“{age}” is no age: write it like 30m, 1h30m or 7d."))?;
    let nanoseconds = i64::try_from(read.as_nanos()).unwrap_or(i64::MAX);
    Ok(Some(UnixNanos(now.0.saturating_sub(nanoseconds).max(0))))
}
