//! Writes the lines of a plan with the numbers of a view.

use promontory_exposition::{Target, line, page};

use super::part::{Part, Slice};
use super::plan::{Place, PlannedFamily};
use crate::family::PushedFamily;
use crate::group::GroupingKey;
use crate::view::{Group, View};

/// The groups of a view, to be found by number.
pub(super) struct Sheet<'v> {
    groups: Vec<&'v Group>,
    changes: u64,
}

impl<'v> Sheet<'v> {
    pub(super) fn new(view: &'v View) -> Self {
        Self {
            groups: view.groups().collect(),
            changes: view.changes,
        }
    }

    /// The last change of the view.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// The change that made a group.
    pub(super) fn change(&self, place: Place) -> u64 {
        self.groups[place.group as usize].change
    }

    /// What is pushed at a place.
    pub(super) fn family(&self, place: Place) -> &'v PushedFamily {
        &self.groups[place.group as usize].families()[place.family as usize]
    }

    /// Appends a part of a family.
    pub(super) fn write_part(
        &self,
        family: &PlannedFamily,
        part: &Part,
        target: Target,
        out: &mut Vec<u8>,
    ) {
        if part.first {
            let header = self.family(family.members[0]).header();
            page::write_header(target, header, out);
        }
        let look_up = |slice: &Slice| {
            let pushed = self.family(family.members[slice.member as usize]);
            // Read now, all of them: then the processor waits for memory once, not in turn for each member.
            std::hint::black_box(pushed.column.first());
            (slice.lines(), pushed)
        };
        let members: Vec<_> = part.slices.iter().map(look_up).collect();
        let mut values = Vec::new();
        let mut last: Option<&GroupingKey> = None;
        for (lines, pushed) in members {
            if last.is_none_or(|last| !std::ptr::eq(last.labels(), pushed.key().labels())) {
                values.clear();
                let labels = pushed.key().labels().iter();
                values.extend(labels.map(|label| line::label_value(&label.value)));
                last = Some(pushed.key());
            }
            if let Some(template) = &pushed.shape.template {
                template.write(lines, &values, &pushed.column, out);
            }
        }
    }
}
