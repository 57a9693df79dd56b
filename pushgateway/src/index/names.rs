//! The names in use: each with its type, and how many groups have it.

use std::collections::HashMap;

use promontory_exposition::Kind;

use super::Clash;
use crate::family::PushedFamily;
use crate::group::GroupingKey;

/// The program's own names, and those of all linked families.
#[derive(Debug, Default)]
pub(super) struct Names {
    own: HashMap<String, Kind>,
    /// By spelled name.
    families: HashMap<Box<str>, Entry>,
}

/// A name in use.
#[derive(Debug)]
struct Entry {
    kind: Kind,
    /// How many groups have it.
    groups: usize,
    /// One of them, for error texts. `None` once that one has gone, until the next one comes: a list would take memory
    /// for each family of each group.
    holder: Option<GroupingKey>,
}

impl Names {
    /// The program's own.
    pub(super) fn new(own: &[(String, Kind)]) -> Self {
        Self {
            own: own.iter().cloned().collect(),
            families: HashMap::new(),
        }
    }

    /// The program's own ones among them.
    pub(super) fn emptied(&self) -> Self {
        Self {
            own: self.own.clone(),
            families: HashMap::new(),
        }
    }

    /// Whether a family may be named so; `spelled` is its name as classic readers spell it.
    pub(super) fn check(&self, family: &PushedFamily, spelled: &str) -> Result<(), Clash> {
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

    /// Counts a family in.
    pub(super) fn add(&mut self, family: &PushedFamily, spelled: &str) {
        let holder = || family.key().clone();
        match self.families.get_mut(spelled) {
            Some(entry) => {
                entry.groups += 1;
                entry.holder.get_or_insert_with(holder);
            }
            None => {
                let entry = Entry {
                    kind: type_of(family),
                    groups: 1,
                    holder: Some(holder()),
                };
                self.families.insert(spelled.into(), entry);
            }
        }
    }

    /// Counts a family out.
    pub(super) fn remove(&mut self, family: &PushedFamily, spelled: &str) {
        let Some(entry) = self.families.get_mut(spelled) else {
            return;
        };
        entry.groups -= 1;
        if entry.groups == 0 {
            self.families.remove(spelled);
        } else if entry.holder.as_ref() == Some(family.key()) {
            entry.holder = None;
        }
    }

    /// A group that has a name, where one is known.
    pub(super) fn holder(&self, spelled: &str) -> Option<&GroupingKey> {
        self.families.get(spelled)?.holder.as_ref()
    }

    /// Each name with its type and how many groups have it.
    #[cfg(test)]
    pub(super) fn counts(&self) -> Vec<(String, Kind, usize)> {
        let names = self.families.iter();
        let mut counts: Vec<_> = names
            .map(|(name, entry)| (name.to_string(), entry.kind, entry.groups))
            .collect();
        counts.sort();
        counts
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
}

/// The type as text and protobuf say it: a job may begin to push a gauge as the info that it is while others do not.
pub(crate) fn type_of(family: &PushedFamily) -> Kind {
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
