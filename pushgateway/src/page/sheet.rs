//! A view as the makers of one page see it: its groups by number, and the program's own families beside them.

use crate::family::PushedFamily;
use crate::view::{Group, View};

/// Where a family is in a sheet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Which group, or [`OWN`](Self::OWN).
    pub(super) group: u32,
    /// Which of its families.
    pub(super) family: u32,
}

impl Place {
    /// Stands for a group where the program's own families are meant.
    pub(super) const OWN: u32 = u32::MAX;
}

/// See the module.
pub(super) struct Sheet<'v> {
    view: &'v View,
    groups: Vec<&'v Group>,
    /// The program's own families.
    pub(super) own: &'v [PushedFamily],
}

impl<'v> Sheet<'v> {
    pub(super) fn new(view: &'v View, own: &'v [PushedFamily]) -> Self {
        Self {
            view,
            groups: view.groups().collect(),
            own,
        }
    }

    /// The last change of the view.
    pub(super) fn changes(&self) -> u64 {
        self.view.changes
    }

    /// The groups in order.
    pub(super) fn groups(&self) -> &[&'v Group] {
        &self.groups
    }

    /// The group of a place; the program's own families have none.
    pub(super) fn group(&self, place: Place) -> Option<&'v Group> {
        self.groups.get(place.group as usize).copied()
    }

    /// The family at a place.
    pub(super) fn family(&self, place: Place) -> &'v PushedFamily {
        match place.group {
            Place::OWN => &self.own[place.family as usize],
            group => &self.groups[group as usize].families()[place.family as usize],
        }
    }

    /// Whether OpenMetrics allows the values of all that is pushed under a name.
    pub(super) fn fits_openmetrics(&self, name: &str) -> bool {
        self.view.fits_openmetrics(name)
    }
}
