//! What a scrape sees: an immutable snapshot, replaced whole by the committing thread.
//!
//! Readers hold an `Arc<View>` as long as they like; they never wait for a push or a disk. The maps are
//! persistent: a snapshot costs one pointer, and a push changes a path in them, not a copy. `page`
//! renders.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use promontory_exposition::WriteError;

use crate::family::PushedFamily;
use crate::group::GroupingKey;

mod expiry;
mod group;
mod member;

pub(crate) use expiry::Expiries;
pub use group::Group;
pub(crate) use member::{FamilyView, Member};

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
    /// By name as pushed.
    pub(crate) families: OrdMap<Arc<str>, Arc<FamilyView>>,
    /// Names that are not classic, by the spelling that a reader of classic names gets; with the classic name of
    /// that spelling, if it is held. Nearly always empty.
    pub(crate) foreign: OrdMap<String, OrdSet<Arc<str>>>,
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

    /// How many groups there are.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// One group.
    pub fn group(&self, key: &GroupingKey) -> Option<&Group> {
        self.groups.get(key).map(AsRef::as_ref)
    }

    /// Puts a group in place of the one with its key, and tells which families go and which come; those that go
    /// are sorted by name.
    pub(crate) fn put_group(
        &mut self,
        group: Group,
        gone: &[Arc<PushedFamily>],
        new: &[Arc<PushedFamily>],
    ) {
        let mut replaced = vec![false; gone.len()];
        for family in new {
            if let Ok(at) = gone.binary_search_by(|other| other.name.cmp(&family.name)) {
                replaced[at] = stands_at(&gone[at], family);
            }
        }
        for (family, replaced) in gone.iter().zip(replaced) {
            if !replaced {
                self.remove_family(family);
            }
        }
        new.iter().for_each(|family| self.add_family(family));
        if let Some(before) = self.groups.get(group.key()) {
            self.expiries.remove(before);
        }
        self.expiries.add(&group);
        self.groups.insert(group.key().clone(), Arc::new(group));
    }

    /// Takes a group out.
    pub(crate) fn remove_group(&mut self, key: &GroupingKey) {
        if let Some(group) = self.groups.remove(key) {
            self.expiries.remove(&group);
            group
                .families()
                .iter()
                .for_each(|family| self.remove_family(family));
        }
    }

    /// Some family of this name.
    pub(crate) fn first_of_name(&self, name: &str) -> Option<&PushedFamily> {
        self.families
            .get(name)?
            .members
            .get_min()
            .map(|member| &*member.0)
    }

    /// Some group that holds a family of this name, or spelled like it.
    pub(crate) fn holder(&self, family: &PushedFamily) -> Option<GroupingKey> {
        self.alike(family)
            .find_map(|view| view.members.get_min().map(|member| member.0.key.clone()))
    }

    /// The group that holds a series. Looks through all families of that name; only for error texts.
    pub(crate) fn holder_of_series(
        &self,
        family: &PushedFamily,
        series: u64,
    ) -> Option<GroupingKey> {
        let holds = |member: &&Member| member.0.series.binary_search(&series).is_ok();
        self.alike(family).find_map(|view| {
            view.members
                .iter()
                .find(holds)
                .map(|member| member.0.key.clone())
        })
    }

    /// The families that are named or spelled alike.
    fn alike(&self, family: &PushedFamily) -> impl Iterator<Item = &Arc<FamilyView>> {
        let spelled = family.spelled();
        let foreign = self.foreign.get(&*spelled).into_iter().flatten();
        let foreign = foreign.filter_map(|name| self.families.get(&**name));
        self.families.get(&*spelled).into_iter().chain(foreign)
    }

    fn add_family(&mut self, family: &Arc<PushedFamily>) {
        if family.chunk.is_none() {
            return;
        }
        let view = self.families.entry(Arc::clone(&family.name)).or_default();
        let view = Arc::make_mut(view);
        view.unclassic += usize::from(!family.classic);
        // One of the same group that stood at the same place makes room.
        if let Some(Member(replaced)) = view.members.insert(Member(Arc::clone(family))) {
            view.unclassic -= usize::from(!replaced.classic);
        }
        let spelled = family.spelled();
        if *spelled != *family.name {
            self.foreign
                .entry(spelled.into_owned())
                .or_default()
                .insert(Arc::clone(&family.name));
        }
    }

    fn remove_family(&mut self, family: &Arc<PushedFamily>) {
        let Some(view) = self
            .families
            .get_mut(&*family.name)
            .filter(|_| family.chunk.is_some())
        else {
            return;
        };
        let view = Arc::make_mut(view);
        view.unclassic -= usize::from(!family.classic);
        view.members.remove(&Member(Arc::clone(family)));
        if !view.members.is_empty() {
            return;
        }
        self.families.remove(&*family.name);
        let spelled = family.spelled();
        if let Some(names) = self.foreign.get_mut(&*spelled) {
            names.remove(&*family.name);
            if names.is_empty() {
                self.foreign.remove(&*spelled);
            }
        }
    }
}

/// Whether two families of one name and group stand at the same place on the page.
fn stands_at(held: &PushedFamily, family: &PushedFamily) -> bool {
    match (&held.chunk, &family.chunk) {
        (Some(held), Some(chunk)) => held.first() == chunk.first(),
        _ => false,
    }
}
