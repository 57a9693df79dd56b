//! What a family is in OpenMetrics: its type, its names, its unit.

use std::borrow::Cow;

use promontory_exposition::model::Header;
use promontory_exposition::name::{spell, spell_label};
use promontory_exposition::openmetrics::write::Style;
use promontory_exposition::{Escaping, Kind, Label};

use super::{Entry, Sheet};
use crate::family::Origin;

/// What a family is called here, and as what.
pub(super) struct Shape {
    /// The name as it is spelled for the reader, with its suffix.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// `_total` or `_info`, where the type asks for it; the name without it is what parts are called after.
    suffix: &'static str,
    /// Whether all of it was pushed as OpenMetrics.
    native: bool,
}

impl Shape {
    /// `None` for a family without a header, which has nothing to show.
    pub(super) fn of(entry: &Entry<'_>, sheet: &Sheet<'_>, escaping: Escaping) -> Option<Self> {
        let header = entry.header(sheet)?;
        let mut kind = header.kind;
        let mut native = entry.own.is_none();
        for family in entry.members(sheet) {
            native &= family.origin == Origin::OpenMetrics;
            if family.kind() != kind {
                // Info and gauge may stand together (see `index`); what both are is a gauge.
                kind = Kind::Gauge;
            }
        }
        Some(Self {
            name: spell(header.name, escaping).into_owned(),
            kind,
            suffix: match kind {
                Kind::Counter => "_total",
                Kind::Info => "_info",
                _ => "",
            },
            native,
        })
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
        let (base, suffixes) = match self.base() {
            Some(base) => (base, suffixes),
            None => (&*self.name, &[""][..]),
        };
        suffixes.iter().map(move |suffix| format!("{base}{suffix}"))
    }

    /// What its `_created` lines are called, where it has some.
    pub(super) fn created_name(&self) -> Option<String> {
        match self.kind {
            Kind::Counter | Kind::Summary | Kind::Histogram => {
                Some(format!("{}_created", self.base()?))
            }
            _ => None,
        }
    }

    pub(super) fn is_gauge(&self) -> bool {
        self.kind == Kind::Gauge
    }

    /// Suffixes of sum and count of a histogram.
    pub(super) fn histogram_parts(&self) -> (&'static str, &'static str) {
        if self.kind == Kind::GaugeHistogram && self.native {
            ("_gsum", "_gcount")
        } else {
            ("_sum", "_count")
        }
    }

    /// Whether a label says which state of a set is meant.
    pub(super) fn is_state(&self, label: &Label<'_>, escaping: Escaping) -> bool {
        spell_label(&label.name, escaping) == self.name
    }

    pub(super) fn style(&self, escaping: Escaping) -> Style {
        Style {
            escaping,
            created_lines: true,
            units: true,
            gauge_histogram_parts: self.native,
        }
    }

    /// The header as this page has it: a unit only where the name ends with it and the type may have one.
    pub(super) fn header<'a>(&self, header: Header<'a>) -> Header<'a> {
        let base = self.base().unwrap_or(&self.name);
        let named = base
            .strip_suffix(header.unit)
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('_'));
        let allowed = !matches!(self.kind, Kind::Info | Kind::StateSet);
        Header {
            kind: self.kind,
            unit: if named && allowed { header.unit } else { "" },
            ..header
        }
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
