//! Everything under one name, in page order: `order` finds the order of the metrics, `part` cuts them into parts.

use promontory_exposition::Kind;

use super::order::{Sorting, order};
use super::part::{Part, cut};
use super::sheet::{Place, Sheet};
use crate::family::{Origin, PushedFamily};

/// The families of one name, of all groups.
#[derive(Debug)]
pub(super) struct PlannedFamily {
    pub(super) name: Box<str>,
    /// In the order of the groups.
    pub(super) members: Vec<Place>,
    /// The type; a gauge, where some are gauges and others what the text format has no word for.
    pub(super) kind: Kind,
    /// Whether all names in it are classic.
    pub(super) classic: bool,
    /// Whether all have their lines ready as text.
    pub(super) has_lines: bool,
    /// Whether all were pushed as OpenMetrics.
    pub(super) native: bool,
    /// The metrics in page order.
    pub(super) parts: Vec<Part>,
}

impl PlannedFamily {
    /// Orders and cuts what is at some places. `hash` is of the groups.
    pub(super) fn of(
        name: &str,
        members: Vec<Place>,
        sheet: &Sheet<'_>,
        sorting: Sorting<'_>,
        hash: impl Fn(Place) -> u64,
    ) -> Self {
        let pushed: Vec<&PushedFamily> = members.iter().map(|at| sheet.family(*at)).collect();
        let mut parts = Vec::new();
        for run in order(&pushed, sorting) {
            cut(run, &pushed, |member| hash(members[member]), &mut parts);
        }
        let first = pushed.first().map_or(Kind::Untyped, |first| first.kind());
        let all = |is: fn(&PushedFamily) -> bool| pushed.iter().all(|member| is(member));
        let same_kind = pushed.iter().all(|member| member.kind() == first);
        Self {
            name: name.into(),
            // Info and gauge may stand together (see `index`); what both are is a gauge.
            kind: if same_kind { first } else { Kind::Gauge },
            classic: all(|member| member.shape.classic),
            has_lines: all(|member| member.shape.template.is_some()),
            native: all(|member| member.origin == Origin::OpenMetrics),
            members,
            parts,
        }
    }
}
