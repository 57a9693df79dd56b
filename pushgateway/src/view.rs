//! What a scrape sees: an immutable snapshot, replaced whole by the committing thread.
//!
//! Readers hold an `Arc<View>` as long as they like; they never wait for a push or a disk. The maps are
//! persistent: a snapshot costs one pointer, and a push changes a path in them, not a copy. `page`
//! renders.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use imbl::{OrdMap, OrdSet};
use promontory_exposition::gzip::Block;
use promontory_exposition::page::{Chunk, SortKey};
use promontory_exposition::{Value, WriteError};

use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::ingest::{PUSH_FAILURE_TIME, PUSH_TIME};

/// One group with its families, sorted by name; the two push time families are among them.
#[derive(Clone, Debug)]
pub struct Group {
    key: GroupingKey,
    families: Box<[Arc<PushedFamily>]>,
}

impl Group {
    /// A group of families in any order, each name once.
    pub(crate) fn new(key: GroupingKey, mut families: Vec<Arc<PushedFamily>>) -> Self {
        families.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            key,
            families: families.into(),
        }
    }

    /// The grouping key.
    pub fn key(&self) -> &GroupingKey {
        &self.key
    }

    /// All families, sorted by name.
    pub fn families(&self) -> &[Arc<PushedFamily>] {
        &self.families
    }

    /// One family.
    pub fn family(&self, name: &str) -> Option<&Arc<PushedFamily>> {
        let found = self
            .families
            .binary_search_by(|family| (*family.name).cmp(name))
            .ok()?;
        Some(&self.families[found])
    }

    /// Whether the last change of this group was accepted: `push_failure_time_seconds` is not greater than
    /// `push_time_seconds`. As upstream, the metrics decide, and one that is missing counts as success.
    pub fn last_push_successful(&self) -> bool {
        match (
            self.first_gauge(PUSH_FAILURE_TIME),
            self.first_gauge(PUSH_TIME),
        ) {
            (Some(failed), Some(succeeded)) => failed <= succeeded,
            _ => true,
        }
    }

    fn first_gauge(&self, name: &str) -> Option<f64> {
        let family = self.family(name)?.decode().ok()?;
        match family.metrics.first()?.value {
            Value::Gauge(value) => Some(value),
            _ => Some(0.0),
        }
    }
}

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

/// All groups' families of one name.
#[derive(Debug, Default)]
pub(crate) struct FamilyView {
    pub(crate) members: OrdSet<Member>,
    /// How many members have names that are spelled differently for different readers.
    pub(crate) unclassic: usize,
    /// The rendered lines, compressed when a scrape first asks for them; see [`crate::page`].
    pub(crate) block: OnceLock<Block>,
}

impl Clone for FamilyView {
    /// A copy is made to be changed, so what was made from the members stays behind.
    fn clone(&self) -> Self {
        Self {
            members: self.members.clone(),
            unclassic: self.unclassic,
            block: OnceLock::new(),
        }
    }
}

/// A group's family in page order: by its first metric, then by group. Always has a chunk.
#[derive(Clone, Debug)]
pub(crate) struct Member(pub(crate) Arc<PushedFamily>);

impl Member {
    fn first(&self) -> Option<&SortKey> {
        self.0.chunk.as_ref().map(Chunk::first)
    }
}

impl Ord for Member {
    fn cmp(&self, other: &Self) -> Ordering {
        self.first()
            .cmp(&other.first())
            .then_with(|| self.0.key.cmp(&other.0.key))
    }
}

impl PartialOrd for Member {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Member {}

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
        self.groups.insert(group.key.clone(), Arc::new(group));
    }

    /// Takes a group out.
    pub(crate) fn remove_group(&mut self, key: &GroupingKey) {
        if let Some(group) = self.groups.remove(key) {
            group
                .families
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
