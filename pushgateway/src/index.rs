//! What is held, as far as it must fit together: "may this family stand beside the others?" in time
//! proportional to the family, however much is held.
//!
//! A page is valid when each name has one type, no series is there twice, and no name is one that a summary or
//! histogram uses for its samples. Names are compared as readers see them that know only classic names, so
//! `a.b` and `a_b` are one family. The program's own families count too.
//!
//! Families that do not fit can only be *parked* (`--push.disable-consistency-check`, or a store written under
//! it): they are held and shown to people, and every scrape fails naming them until they fit or go.
//!
//! Every change here has an exact inverse; the ledger keeps the list and takes back what could not be stored. [`names`]
//! keeps which name has which type.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashTable;
use promontory_exposition::Kind;

use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::refusal::Refusal;
use names::Names;

mod names;

pub(crate) use names::type_of;

/// Why a family does not fit. The committing thread adds who holds the other one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Clash {
    /// It is not valid in itself.
    Unsound(Refusal),
    /// Its name has another type in some group, or in the program itself.
    Type {
        /// The type it has there.
        held: Kind,
        /// Whether it is the program's own.
        own: bool,
    },
    /// It is spelled like one of the program's own families, but is not named so.
    SpelledLikeOwn,
    /// One of the two names is that of a sample of the other.
    Suffix {
        /// The family with the suffix.
        sample: String,
        /// The summary or histogram.
        of: String,
        /// Which of the two it is.
        kind: Kind,
    },
    /// The series with this fingerprint is held already.
    Series(u64),
}

/// Everything linked and parked.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The fingerprints of all linked series.
    series: HashTable<u64>,
    names: Names,
    parked: BTreeMap<(GroupingKey, Box<str>), (Arc<PushedFamily>, Clash)>,
}

impl Index {
    /// An empty index that knows the program's own families.
    pub(crate) fn new(own: &[(String, Kind)]) -> Self {
        Self {
            names: Names::new(own),
            ..Self::default()
        }
    }

    /// The same program without anything pushed.
    pub(crate) fn emptied(&self) -> Self {
        Self {
            names: self.names.emptied(),
            ..Self::default()
        }
    }

    /// Adds a family, or changes nothing and says why not.
    pub(crate) fn link(&mut self, family: &PushedFamily) -> Result<(), Clash> {
        if let Some(refusal) = &family.shape.unsound {
            return Err(Clash::Unsound(refusal.clone()));
        }
        // What no page shows takes no name.
        if family.metrics() == 0 {
            return Ok(());
        }
        let spelled = family.spelled();
        self.names.check(family, &spelled)?;
        self.link_series(family)?;
        self.names.add(family, &spelled);
        Ok(())
    }

    /// Takes a linked family out.
    pub(crate) fn unlink(&mut self, family: &PushedFamily) {
        if family.metrics() == 0 {
            return;
        }
        for series in family.fingerprints() {
            self.forget(series);
        }
        self.shrink();
        self.names.remove(family, &family.spelled());
    }

    /// Whether a family may stand for a held one of its group without any change here: name, type and series are the same.
    pub(crate) fn links_alike(&self, held: &PushedFamily, family: &PushedFamily) -> bool {
        let (held_shape, shape) = (&held.shape, &family.shape);
        let alike = Arc::ptr_eq(held_shape, shape)
            || (held.name(), held.kind(), &held_shape.series)
                == (family.name(), family.kind(), &shape.series);
        alike
            && shape.unsound.is_none()
            && (self.parked.is_empty() || !self.parked.contains_key(&parking_place(held)))
    }

    /// Holds a family that does not fit.
    pub(crate) fn park(&mut self, family: &Arc<PushedFamily>, clash: Clash) {
        self.parked
            .insert(parking_place(family), (Arc::clone(family), clash));
    }

    /// Takes a parked family out; `None` where it is not parked.
    pub(crate) fn unpark(&mut self, family: &PushedFamily) -> Option<Clash> {
        self.parked
            .remove(&parking_place(family))
            .map(|(_, clash)| clash)
    }

    /// What is parked, and why.
    pub(crate) fn parked(&self) -> impl Iterator<Item = &(Arc<PushedFamily>, Clash)> {
        self.parked.values()
    }

    /// How many series are linked, and each name with its type and how many groups have it.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> (usize, Vec<(String, Kind, usize)>) {
        (self.series.len(), self.names.counts())
    }

    /// A group in which a name is linked, by its spelling; `None` where it is not known.
    pub(crate) fn holder(&self, spelled: &str) -> Option<&GroupingKey> {
        self.names.holder(spelled)
    }

    fn link_series(&mut self, family: &PushedFamily) -> Result<(), Clash> {
        self.series.reserve(family.metrics(), |series| *series);
        for (at, new) in family.fingerprints().enumerate() {
            if self.series.find(new, |held| *held == new).is_none() {
                self.series.insert_unique(new, new, |series| *series);
                continue;
            }
            for linked in family.fingerprints().take(at) {
                self.forget(linked);
            }
            return Err(Clash::Series(new));
        }
        Ok(())
    }

    fn forget(&mut self, series: u64) {
        if let Ok(entry) = self.series.find_entry(series, |other| *other == series) {
            entry.remove();
        }
    }

    /// Gives memory back after much was deleted.
    fn shrink(&mut self) {
        if self.series.capacity() > 4096 && self.series.len() < self.series.capacity() / 8 {
            self.series
                .shrink_to(self.series.len() * 2, |series| *series);
        }
    }
}

fn parking_place(family: &PushedFamily) -> (GroupingKey, Box<str>) {
    (family.key().clone(), family.name().into())
}
