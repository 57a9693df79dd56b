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
//! Every change here has an exact inverse; the ledger keeps the list and takes back what could not be stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hashbrown::HashTable;
use promontory_exposition::Kind;

use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::refusal::Refusal;

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
    /// By spelled name.
    families: HashMap<Box<str>, Entry>,
    own: HashMap<String, Kind>,
    parked: BTreeMap<(GroupingKey, Box<str>), (Arc<PushedFamily>, Clash)>,
}

/// A name in use.
#[derive(Debug)]
struct Entry {
    kind: Kind,
    /// How many groups have it.
    groups: usize,
}

impl Index {
    /// An empty index that knows the program's own families.
    pub(crate) fn new(own: &[(String, Kind)]) -> Self {
        Self {
            own: own.iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// The same program without anything pushed.
    pub(crate) fn emptied(&self) -> Self {
        Self {
            own: self.own.clone(),
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
        self.check_name(family, &spelled)?;
        self.link_series(family)?;
        match self.families.get_mut(&*spelled) {
            Some(entry) => entry.groups += 1,
            None => {
                self.families.insert(
                    (*spelled).into(),
                    Entry {
                        kind: type_of(family),
                        groups: 1,
                    },
                );
            }
        }
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
        let spelled = family.spelled();
        if let Some(entry) = self.families.get_mut(&*spelled) {
            entry.groups -= 1;
            if entry.groups == 0 {
                self.families.remove(&*spelled);
            }
        }
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
        let mut names: Vec<_> = self
            .families
            .iter()
            .map(|(name, entry)| (name.to_string(), entry.kind, entry.groups))
            .collect();
        names.sort();
        (self.series.len(), names)
    }

    fn check_name(&self, family: &PushedFamily, spelled: &str) -> Result<(), Clash> {
        if let Some(held) = self.own.get(spelled) {
            if spelled != family.name() {
                return Err(Clash::SpelledLikeOwn);
            }
            if *held != type_of(family) {
                return Err(Clash::Type {
                    held: *held,
                    own: true,
                });
            }
            return Ok(());
        }
        match self.families.get(spelled) {
            Some(entry) if entry.kind != type_of(family) => Err(Clash::Type {
                held: entry.kind,
                own: false,
            }),
            Some(_) => Ok(()),
            None => self.check_suffixes(spelled, family.kind()),
        }
    }

    /// The names a summary or histogram uses, as client_golang's registry guards them: both ways, and not for
    /// gauge histograms.
    fn check_suffixes(&self, name: &str, kind: Kind) -> Result<(), Clash> {
        for suffix in ["_count", "_sum", "_bucket"] {
            if let Some(of) = name.strip_suffix(suffix)
                && let Some(kind) = self.kind(of)
                && uses(kind, suffix)
            {
                return Err(Clash::Suffix {
                    sample: name.to_owned(),
                    of: of.to_owned(),
                    kind,
                });
            }
            let sample = format!("{name}{suffix}");
            if uses(kind, suffix) && self.kind(&sample).is_some() {
                return Err(Clash::Suffix {
                    sample,
                    of: name.to_owned(),
                    kind,
                });
            }
        }
        Ok(())
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        self.own
            .get(name)
            .copied()
            .or_else(|| self.families.get(name).map(|entry| entry.kind))
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

/// The type as text and protobuf say it: a job may begin to push a gauge as the info that it is while others do not.
fn type_of(family: &PushedFamily) -> Kind {
    match family.kind() {
        Kind::Info | Kind::StateSet => Kind::Gauge,
        kind => kind,
    }
}

/// Whether the samples of a family of this type use `NAME` + suffix.
fn uses(kind: Kind, suffix: &str) -> bool {
    match kind {
        Kind::Histogram => true,
        Kind::Summary => suffix != "_bucket",
        _ => false,
    }
}

fn parking_place(family: &PushedFamily) -> (GroupingKey, Box<str>) {
    (family.key().clone(), family.name().into())
}
