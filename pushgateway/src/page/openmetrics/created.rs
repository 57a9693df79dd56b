//! A created time that was pushed in a gauge.

use super::super::adoption::Adoptions;
use super::super::sheet::{Place, Sheet};

/// Where the created times of a family's metrics stand.
#[derive(Clone)]
pub(super) struct Created<'p> {
    pub(super) adoptions: &'p Adoptions,
    /// The name of the gauge, as pushed.
    pub(super) gauge: &'p str,
    /// What the lines are called, as the reader sees it.
    pub(super) name: String,
}

impl Created<'_> {
    /// The created time of the metric at a place that was pushed as so manieth.
    pub(super) fn time(&self, pushed_as: usize, place: Place, sheet: &Sheet<'_>) -> Option<f64> {
        let gauge = sheet.group(place)?.family(self.gauge)?;
        let parent = sheet.family(place);
        self.adoptions.time(gauge, parent, pushed_as)
    }
}
