//! What a family is in OpenMetrics: its type, its names, its unit.

use std::borrow::Cow;

use promontory_exposition::name::{spell, spell_label};
use promontory_exposition::openmetrics::write::Style;
use promontory_exposition::{Escaping, Kind, Label};

use super::super::adoption::{has_created, suffix};
use super::super::planned::PlannedFamily;

/// What a family is called here, and as what.
pub(super) struct Naming {
    /// The name as it is spelled for the reader, with its suffix.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// `_total` or `_info`, where the type asks for it; the name without it is what parts are called after.
    suffix: &'static str,
    /// Whether all of it was pushed as OpenMetrics.
    native: bool,
}

impl Naming {
    pub(super) fn of(family: &PlannedFamily, escaping: Escaping) -> Self {
        Self {
            name: spell(&family.name, escaping).into_owned(),
            kind: family.kind,
            suffix: suffix(family.kind),
            native: family.native,
        }
    }

    /// The name in the metadata; `None` where the type cannot be said of that name.
    pub(super) fn base(&self) -> Option<&str> {
        if self.kind == Kind::GaugeHistogram && !self.native {
            // Elsewhere its parts are called `_sum` and `_count`, which no gauge histogram has here.
            return None;
        }
        self.name
            .strip_suffix(self.suffix)
            .filter(|base| !base.is_empty())
    }

    /// Every name that no other family may have beside this one.
    pub(super) fn claims(&self) -> impl Iterator<Item = String> {
        let suffixes: &[&str] = match self.kind {
            Kind::Counter => &["", "_total", "_created"],
            Kind::Info => &["", "_info"],
            Kind::Summary => &["", "_sum", "_count", "_created"],
            Kind::Histogram => &["", "_bucket", "_sum", "_count", "_created"],
            Kind::GaugeHistogram => &["", "_bucket", "_gsum", "_gcount"],
            Kind::Gauge | Kind::Untyped | Kind::StateSet => &[""],
        };
        let (base, suffixes) = match (self.base(), self.kind) {
            (Some(base), _) => (base, suffixes),
            (None, Kind::GaugeHistogram) => (&*self.name, &["", "_bucket", "_sum", "_count"][..]),
            (None, _) => (&*self.name, &[""][..]),
        };
        suffixes.iter().map(move |suffix| format!("{base}{suffix}"))
    }

    /// Whether its metrics may have created times.
    pub(super) fn created_name(&self) -> Option<String> {
        has_created(self.kind).then_some(())?;
        Some(format!("{}_created", self.base()?))
    }

    /// Suffixes of sum and count of a histogram.
    pub(super) fn histogram_parts(&self) -> (&'static str, &'static str) {
        if self.kind == Kind::GaugeHistogram && self.native {
            ("_gsum", "_gcount")
        } else {
            ("_sum", "_count")
        }
    }

    pub(super) fn style(&self, escaping: Escaping) -> Style {
        Style {
            escaping,
            created_lines: true,
            units: true,
            gauge_histogram_parts: self.native,
        }
    }

    /// The unit as this page has it: only where the name ends with it and the type may have one.
    pub(super) fn unit<'u>(&self, unit: &'u str) -> &'u str {
        let base = self.base().unwrap_or(&self.name);
        let named = base
            .strip_suffix(unit)
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('_'));
        let allowed = !matches!(self.kind, Kind::Info | Kind::StateSet);
        if named && allowed { unit } else { "" }
    }
}

/// Labels as the reader sees them.
pub(super) fn spelled<'a>(labels: &[Label<'a>], escaping: Escaping) -> Vec<Label<'a>> {
    let spelled = |label: &Label<'a>| match spell_label(&label.name, escaping) {
        Cow::Borrowed(_) => label.clone(),
        Cow::Owned(name) => Label::new(name, label.value.clone()),
    };
    labels.iter().map(spelled).collect()
}
