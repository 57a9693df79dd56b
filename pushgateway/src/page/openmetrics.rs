//! A page in OpenMetrics, whose readers are stricter than those of the other formats.
//!
//! Two rules lead here. A series has the name it has in text, whatever was pushed how: so a counter whose name does not
//! end in `_total` is `unknown` under its own name. And the page is valid as a whole: a type lays claim to names
//! ([`Naming::claims`]) and asks for certain values (`crate::fit`); a family that cannot have its type beside the others,
//! or holds what the type forbids, is written as [`plain`] samples, which are always valid.
//!
//! `_created` lines stand only where OpenMetrics was pushed: whoever pushes otherwise wants no new series.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use promontory_exposition::{Kind, Target};

use super::chosen::Chosen;
use super::plan::Plan;
use super::sheet::Sheet;
use super::shown::{Dress, Shown, Title};
use created::Created;
use naming::Naming;
use plain::{Plain, samples};
use typed::Typed;

mod created;
mod exemplar;
mod naming;
pub(super) mod plain;
pub(super) mod typed;

/// What must be known of all families before the first can be written.
pub(super) struct Names<'p> {
    target: Target,
    namings: Vec<Naming>,
    /// The created times of families that are pushed as gauges, by the place of the family.
    created: HashMap<usize, Created<'p>>,
    /// The gauges with these, which are not shown by themselves.
    adopted: HashSet<usize>,
    /// How many families lay claim to a name.
    claimed: HashMap<String, usize>,
    /// What the families are called.
    called: HashSet<String>,
}

impl<'p> Names<'p> {
    pub(super) fn of(
        chosen: &'p [Chosen<'_>],
        plan: &'p Plan,
        sheet: &Sheet<'p>,
        target: Target,
    ) -> Self {
        let mut names = Self {
            target,
            namings: chosen
                .iter()
                .map(|family| Naming::of(family, target.escaping))
                .collect(),
            created: HashMap::new(),
            adopted: HashSet::new(),
            claimed: HashMap::new(),
            called: HashSet::new(),
        };
        names.adopt(chosen, plan, sheet);
        for (at, naming) in names.namings.iter().enumerate() {
            if !names.adopted.contains(&at) {
                names.called.insert(naming.name.clone());
                for claim in naming.claims() {
                    *names.claimed.entry(claim).or_default() += 1;
                }
            }
        }
        names
    }

    /// Gives gauges with created times to those they belong to.
    fn adopt(&mut self, chosen: &'p [Chosen<'_>], plan: &'p Plan, sheet: &Sheet<'p>) {
        let planned = |at: &usize| matches!(chosen[*at], Chosen::Planned(_));
        let by_name: HashMap<&str, usize> = (0..chosen.len())
            .filter(planned)
            .map(|at| (&*chosen[at].name, at))
            .collect();
        let adoptions = plan.adoptions(sheet);
        for (parent, naming) in self.namings.iter().enumerate() {
            let gauge = adoptions.gauge_of(&chosen[parent].name);
            let Some((gauge, at)) = gauge.and_then(|gauge| Some((gauge, *by_name.get(gauge)?)))
            else {
                continue;
            };
            let name = naming.created_name();
            if let Some(name) =
                name.filter(|name| *name == self.namings[at].name && planned(&parent))
            {
                let created = Created {
                    adoptions,
                    gauge,
                    name,
                };
                self.created.insert(parent, created);
                self.adopted.insert(at);
            }
        }
    }

    /// How the family at a place is shown: with its type if it may have that here, else as one for each of its names.
    pub(super) fn show(
        &self,
        at: usize,
        family: &'p Chosen<'_>,
        sheet: &Sheet<'p>,
    ) -> Vec<Shown<'p>> {
        let mut shown = Vec::new();
        if self.adopted.contains(&at) {
            return shown;
        }
        let (naming, title) = (&self.namings[at], Title::of(family, sheet));
        let created = self.created.get(&at).cloned();
        if naming.base().is_some() && self.is_free(naming) && fits(family, sheet) {
            let title = Title {
                kind: naming.kind,
                unit: naming.unit(title.unit),
                ..title
            };
            let style = naming.style(self.target.escaping);
            let dress = Dress::Typed(Typed { style, created });
            shown.push(Shown::new(family, title, dress, self.target));
            return shown;
        }
        for (name, sample) in samples(naming, created) {
            // Only a gauge histogram may stand beside a family that is called like one of its parts.
            if name != naming.name && self.called.contains(&name) {
                continue;
            }
            let title = Title {
                name: Cow::Owned(name),
                help: title.help.filter(|_| !sample.is_created()),
                kind: Kind::Untyped,
                unit: "",
            };
            let dress = Dress::Plain(Plain::new(sample, self.target.escaping));
            shown.push(Shown::new(family, title, dress, self.target));
        }
        shown
    }

    /// Whether a family may have its type beside the others.
    fn is_free(&self, naming: &Naming) -> bool {
        let claims: Vec<_> = naming.claims().collect();
        // A name of its own is never taken: whoever else lays claim to it steps back.
        claims.len() == 1
            || claims
                .iter()
                .all(|claim| self.claimed.get(claim) == Some(&1))
    }
}

/// Whether all values are such as the type may have.
fn fits(family: &Chosen<'_>, sheet: &Sheet<'_>) -> bool {
    match family {
        Chosen::Planned(family) => sheet.fits_openmetrics(&family.name),
        Chosen::Joined(family) => {
            let mut members = family.members.iter();
            members.all(|place| sheet.family(*place).fits)
        }
    }
}
