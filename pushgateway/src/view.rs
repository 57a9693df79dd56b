//! What a scrape sees: an immutable snapshot, replaced whole by the committing thread.
//!
//! Readers hold an `Arc<View>` as long as they like; they never wait for a push or a disk. The map of groups is
//! persistent: a snapshot costs one pointer, and a push changes a path in it, not a copy. `page` renders.

use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;
use promontory_exposition::WriteError;

use crate::family::{Origin, PushedFamily};
use crate::group::GroupingKey;

mod expiry;
mod group;

pub(crate) use expiry::Expiries;
pub use group::Group;

/// Why a page cannot be shown.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PageError {
    /// What is held does not fit together; only without the consistency check.
    #[error("{}", .0.join("\n"))]
    Inconsistent(Vec<String>),
    /// A family could not be rendered.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Everything that was pushed, at one moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    groups: OrdMap<GroupingKey, Arc<Group>>,
    /// Counts the changes that led here; each group knows the last of its own.
    pub(crate) changes: u64,
    /// The last change after which there were other groups, or families of other shapes in them.
    pub(crate) reshaped: u64,
    /// How many families were pushed as OpenMetrics.
    openmetrics: usize,
    /// How many families of a name have values that OpenMetrics forbids; only names that have some.
    misfits: OrdMap<Arc<str>, usize>,
    /// How many metrics all groups have together.
    series: usize,
    /// Why nothing can be scraped.
    pub(crate) problems: Arc<[String]>,
    /// When which group goes by itself.
    pub(crate) expiries: Expiries,
}

impl View {
    /// The groups, ordered by key.
    pub fn groups(&self) -> impl DoubleEndedIterator<Item = &Group> {
        self.groups.values().map(AsRef::as_ref)
    }

    /// The groups behind a key, or all, ordered by key, as they are shared.
    pub(crate) fn groups_after(
        &self,
        after: Option<&GroupingKey>,
    ) -> impl Iterator<Item = &Arc<Group>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = (start, Bound::Unbounded);
        let behind = self.groups.range::<_, GroupingKey>(behind);
        behind.map(|(_, group)| group)
    }

    /// The groups whose keys an earlier snapshot had not. Most others are told by a number.
    pub(crate) fn groups_new_since(&self, earlier: &Self) -> impl Iterator<Item = &Group> {
        let may_be = self.reshaped > earlier.changes;
        let groups = may_be.then(|| self.groups()).into_iter().flatten();
        groups.filter(|group| {
            group.change > earlier.changes && !earlier.groups.contains_key(group.key())
        })
    }

    /// How many groups there are.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// How many metrics all groups have together; a histogram or summary counts once.
    pub fn series_count(&self) -> usize {
        self.series
    }

    /// Whether scrapes may be answered in OpenMetrics: not before somebody pushes it, so that who replaces the program that
    /// never does sees no change.
    pub(crate) fn offers_openmetrics(&self) -> bool {
        self.openmetrics > 0
    }

    /// Whether OpenMetrics allows the values of all families of a name.
    pub(crate) fn fits_openmetrics(&self, name: &str) -> bool {
        !self.misfits.contains_key(name)
    }

    /// One group.
    pub fn group(&self, key: &GroupingKey) -> Option<&Group> {
        self.groups.get(key).map(AsRef::as_ref)
    }

    /// The same, to keep while the view changes.
    pub(crate) fn shared_group(&self, key: &GroupingKey) -> Option<Arc<Group>> {
        self.groups.get(key).cloned()
    }

    /// Puts a group in place of the one with its key.
    pub(crate) fn put_group(&mut self, key: GroupingKey, families: Vec<Arc<PushedFamily>>) {
        self.changes += 1;
        let group = Arc::new(Group::new(key.clone(), families, self.changes));
        let before = self.groups.insert(key, Arc::clone(&group));
        self.count(Some(&group), before.as_deref());
        if let Some(before) = &before {
            self.expiries.remove(before);
        }
        self.expiries.add(&group);
        if !before.is_some_and(|before| before.is_shaped_like(&group)) {
            self.reshaped = self.changes;
        }
    }

    /// Takes a group out, if it is there.
    pub(crate) fn remove_group(&mut self, key: &GroupingKey) -> Option<Arc<Group>> {
        let group = self.groups.remove(key)?;
        self.count(None, Some(&group));
        self.expiries.remove(&group);
        self.changes += 1;
        self.reshaped = self.changes;
        Some(group)
    }

    /// Takes all groups out.
    pub(crate) fn clear(&mut self) {
        let changes = self.changes + 1;
        *self = Self {
            changes,
            reshaped: changes,
            ..Self::default()
        };
    }

    /// Keeps the counts true.
    fn count(&mut self, new: Option<&Group>, gone: Option<&Group>) {
        let openmetrics = |group: &Group| {
            let families = group.families().iter();
            families
                .filter(|family| family.origin == Origin::OpenMetrics)
                .count()
        };
        self.openmetrics += new.map_or(0, openmetrics);
        self.openmetrics -= gone.map_or(0, openmetrics);
        self.series += new.map_or(0, Group::series);
        self.series -= gone.map_or(0, Group::series);
        for family in new.iter().flat_map(|group| group.misfits()) {
            *self.misfits.entry(family.name().into()).or_default() += 1;
        }
        for family in gone.iter().flat_map(|group| group.misfits()) {
            match self.misfits.get_mut(family.name()) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(self.misfits.remove(family.name())),
            }
        }
    }

    /// The groups from a key on, then those before it.
    pub(crate) fn groups_from(&self, key: &GroupingKey) -> impl Iterator<Item = &Group> {
        let on = self.groups.range(key.clone()..);
        let before = self.groups.range(..key.clone());
        on.chain(before).map(|(_, group)| group.as_ref())
    }
}
