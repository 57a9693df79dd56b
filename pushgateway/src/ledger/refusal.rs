//! Why a family is refused, in words that name the group which holds the other one.
//!
//! A client that is refused again and again must not slow others down: so nobody looks through all that is held, and where
//! many groups hold much, the text may have to do without the group's name.

use std::collections::{HashMap, VecDeque};

use promontory_exposition::name::spell_label;
use promontory_exposition::{Escaping, Kind, Label};

use super::Ledger;
use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::index::{Clash, type_of};
use crate::refusal::Refusal;
use crate::view::Group;

/// So many families are looked at for one of a name that is in use.
const FAMILIES: usize = 1000;

/// So many forms are known.
const FORMS: usize = 64;

/// The forms that grouping keys have, those that came last: a key has the form of another that has labels of the same names.
/// For each form, a key.
#[derive(Default)]
pub(super) struct Forms(VecDeque<GroupingKey>);

impl Forms {
    /// Takes the form of a new group in.
    pub(super) fn note(&mut self, key: &GroupingKey) {
        let names = |key: &GroupingKey| key.labels().len();
        let alike = |known: &GroupingKey| {
            names(known) == names(key)
                && std::iter::zip(known.labels(), key.labels()).all(|(a, b)| a.name == b.name)
        };
        if self.0.iter().any(alike) {
            return;
        }
        if self.0.len() == FORMS {
            self.0.pop_front();
        }
        self.0.push_back(key.clone());
    }

    /// For each form, the one key that a group of it must have to hold a series with these labels. Labels without a value are
    /// none, and names are equal that classic readers spell alike, as in fingerprints of series.
    fn keys_of(&self, labels: &[Label<'_>]) -> impl Iterator<Item = GroupingKey> {
        let spelled =
            |label: &Label<'_>| spell_label(&label.name, Escaping::Underscores).into_owned();
        let values: HashMap<String, &str> = labels
            .iter()
            .map(|label| (spelled(label), &*label.value))
            .collect();
        self.0.iter().map(move |form| {
            let labels = form.labels().iter().map(|label| {
                let value = values.get(&spelled(label)).copied().unwrap_or_default();
                Label::new(label.name.clone(), value.to_owned())
            });
            GroupingKey::from_labels(labels.collect())
        })
    }
}

impl Ledger {
    /// Says who the other one is.
    pub(super) fn refusal(&self, family: &PushedFamily, clash: Clash) -> Refusal {
        let name = || family.name().to_owned();
        match clash {
            Clash::Unsound(refusal) => refusal,
            Clash::Type { held, own } => Refusal::TypeClash {
                family: name(),
                kind: family.kind(),
                held,
                holder: if own { None } else { self.holder(family, held) },
            },
            Clash::SpelledLikeOwn => Refusal::SpelledLikeOwn {
                family: name(),
                spelled: family.spelled().into_owned(),
            },
            Clash::Suffix { sample, of, kind } => Refusal::SuffixClash {
                family: sample,
                other: of,
                kind,
            },
            Clash::Series(series) => Refusal::SeriesTwice {
                family: name(),
                series: family.series_of(series),
                holder: self.holder_of_series(family, series),
            },
        }
    }

    /// Another group that holds a family of this name, or spelled like it, as another type. Where the index knows none, one not far
    /// from the family's own group.
    fn holder(&self, family: &PushedFamily, held: Kind) -> Option<GroupingKey> {
        let spelled = family.spelled();
        let is_other = |key: &&GroupingKey| *key != family.key();
        let known = self.index.holder(&spelled).filter(is_other);
        let near = || {
            let groups = self.view.groups_from(family.key());
            let families = groups.flat_map(Group::families).take(FAMILIES);
            families
                .filter(|other| type_of(other) == held && other.spelled() == spelled)
                .map(|other| other.key())
                .find(is_other)
        };
        known.or_else(near).cloned()
    }

    /// The other group that holds a series.
    fn holder_of_series(&self, family: &PushedFamily, series: u64) -> Option<GroupingKey> {
        let at = family.fingerprints().position(|own| own == series)?;
        let metric = family.metric(at).ok()?;
        let spelled = family.spelled();
        let holds = |key: &GroupingKey| {
            let families = self.view.group(key).map_or(&[][..], Group::families);
            let mut alike = families.iter().filter(|held| held.spelled() == spelled);
            alike.any(|held| held.fingerprints().any(|held| held == series))
        };
        let mut keys = self.forms.keys_of(&metric.labels);
        keys.find(|key| key != family.key() && holds(key))
    }
}
