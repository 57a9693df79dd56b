//! How a family stands on a page of some target, and how its parts are written there.

use std::borrow::Cow;
use std::sync::Arc;

use promontory_exposition::gzip::Block;
use promontory_exposition::model::Header;
use promontory_exposition::page::{Frame, write_metric};
use promontory_exposition::{Escaping, Format, Kind, Metric, Target, WriteError, line};

use super::chosen::Chosen;
use super::openmetrics::plain::Plain;
use super::openmetrics::typed::Typed;
use super::part::{Kept, Part, Slice, is_kept};
use super::planned::PlannedFamily;
use super::sheet::{Place, Sheet};
use crate::family::PushedFamily;
use crate::series::keyed_hash;
use crate::shape::suits;

/// A family of a page.
pub(super) struct Shown<'p> {
    pub(super) family: &'p PlannedFamily,
    title: Title<'p>,
    dress: Dress<'p>,
    pub(super) target: Target,
    /// What tells the form of its parts from others, where compressed parts are kept.
    form: Option<u64>,
}

/// What stands above the metrics; a [`Header`] that may own its name.
#[derive(Hash)]
pub(super) struct Title<'p> {
    pub(super) name: Cow<'p, str>,
    pub(super) help: Option<&'p str>,
    pub(super) kind: Kind,
    pub(super) unit: &'p str,
}

/// How metrics are written.
pub(super) enum Dress<'p> {
    /// From the lines that their shapes have ready.
    Lines,
    /// From their values, by the format's own writer.
    Values,
    /// In OpenMetrics, with the family's type.
    Typed(Typed<'p>),
    /// In OpenMetrics, samples of one name, without a type.
    Plain(Plain<'p>),
}

/// A family as all formats but OpenMetrics show it.
pub(super) fn shown<'p>(chosen: &'p Chosen<'_>, sheet: &Sheet<'p>, target: Target) -> Shown<'p> {
    let dress = match suits(target) && chosen.has_lines {
        true => Dress::Lines,
        false => Dress::Values,
    };
    Shown::new(chosen, Title::of(chosen, sheet), dress, target)
}

impl<'p> Title<'p> {
    /// What the first member says of itself.
    pub(super) fn of(family: &'p PlannedFamily, sheet: &Sheet<'p>) -> Self {
        let first = family.members.first().map(|at| sheet.family(*at).header());
        Self {
            name: Cow::Borrowed(first.map_or(&family.name, |header| header.name)),
            help: first.and_then(|header| header.help),
            kind: first.map_or(family.kind, |header| header.kind),
            unit: first.map_or("", |header| header.unit),
        }
    }

    fn header(&self) -> Header<'_> {
        Header {
            name: &self.name,
            help: self.help,
            kind: self.kind,
            unit: self.unit,
        }
    }
}

impl<'p> Shown<'p> {
    pub(super) fn new(
        chosen: &'p Chosen<'_>,
        title: Title<'p>,
        dress: Dress<'p>,
        target: Target,
    ) -> Self {
        let is_whole = match &dress {
            // One form a format is kept, so samples of several names would drive each other out.
            Dress::Plain(plain) => plain.is_own() && chosen.kind != Kind::Summary,
            _ => true,
        };
        let kept = matches!(chosen, Chosen::Planned(_)) && is_whole && is_kept(target.format);
        let form = || {
            // Of the schemes only `dots` spells classic names anew.
            let escaping = match target.escaping {
                Escaping::Dots => Escaping::Dots,
                _ if chosen.classic => Escaping::Underscores,
                other => other,
            };
            let created = match &dress {
                Dress::Typed(typed) => typed.has_created(),
                _ => false,
            };
            keyed_hash((escaping, std::mem::discriminant(&dress), created, &title))
        };
        Self {
            family: chosen,
            form: kept.then(form),
            title,
            dress,
            target,
        }
    }

    /// What stands around the metrics in formats whose families are messages, where these take so many bytes.
    pub(super) fn frame(&self, bytes: u64) -> Frame {
        Frame::new(self.target, self.title.header(), bytes)
    }

    /// The compressed form of a part, if it was kept and nothing has changed since.
    pub(super) fn kept(&self, part: &Part, sheet: &Sheet<'_>) -> Option<Arc<Block>> {
        let kept = part.kept(self.target.format)?;
        let as_it_was = |slice: &Slice| {
            let group = sheet.group(self.place(*slice));
            group.is_some_and(|group| group.change <= kept.changes)
        };
        let holds = self.form == Some(kept.form)
            && kept.changes <= sheet.changes()
            && part.slices.iter().all(as_it_was);
        holds.then_some(kept.block)
    }

    /// Whether compressed parts are worth making: others will find them.
    pub(super) fn keeps(&self) -> bool {
        self.form.is_some()
    }

    /// Keeps the compressed form of a part.
    pub(super) fn keep(&self, part: &Part, sheet: &Sheet<'_>, block: Arc<Block>) {
        if let Some(form) = self.form {
            let kept = Kept {
                changes: sheet.changes(),
                form,
                block,
            };
            part.keep(self.target.format, kept);
        }
    }

    /// Appends a part of the family.
    pub(super) fn write(
        &self,
        part: &Part,
        sheet: &Sheet<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        let header = self.title.header();
        if part.first {
            match &self.dress {
                Dress::Typed(typed) => typed.style.begin(header, out),
                Dress::Plain(plain) => plain.style().begin(header, out),
                Dress::Lines | Dress::Values if self.target.format == Format::Text => {
                    out.append(&mut self.frame(0).before);
                }
                Dress::Lines | Dress::Values => {}
            }
        }
        if matches!(self.dress, Dress::Lines) {
            self.write_lines(part, sheet, out);
            return Ok(());
        }
        for slice in &part.slices {
            let place = self.place(*slice);
            let pushed = sheet.family(place);
            for at in slice.places() {
                let pushed_as = pushed.shape.order.pushed(at);
                let metric = pushed.metric(pushed_as).map_err(|_| unreadable(pushed))?;
                self.write_metric(metric, pushed_as, place, sheet, out)?;
            }
        }
        Ok(())
    }

    fn write_metric(
        &self,
        metric: Metric<'_>,
        pushed_as: usize,
        place: Place,
        sheet: &Sheet<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        let header = self.title.header();
        match &self.dress {
            Dress::Lines | Dress::Values => {
                write_metric(self.target, header, &metric.labels, &metric.value, out)
            }
            Dress::Typed(typed) => typed.write(header, metric, pushed_as, place, sheet, out),
            Dress::Plain(plain) => plain.write(header, &metric, pushed_as, place, sheet, out),
        }
    }

    fn write_lines(&self, part: &Part, sheet: &Sheet<'_>, out: &mut Vec<u8>) {
        let look_up = |slice: &Slice| {
            let place = self.place(*slice);
            let pushed = sheet.family(place);
            // Read now, all of them: then the processor waits for memory once, not in turn for each member.
            std::hint::black_box(pushed.column.first());
            let escapes = sheet.group(place).is_some_and(|group| group.escapes);
            (slice.places(), pushed, escapes)
        };
        let members: Vec<_> = part.slices.iter().map(look_up).collect();
        for (places, pushed, escapes) in members {
            let (Some(template), labels) = (&pushed.shape.template, pushed.key().labels()) else {
                continue;
            };
            if escapes {
                let values = labels.iter().map(|label| line::label_value(&label.value));
                let values: Vec<_> = values.collect();
                template.write(places, |at| &values[at], &pushed.column, out);
            } else {
                let value = |at: usize| labels[at].value.as_bytes();
                template.write(places, value, &pushed.column, out);
            }
        }
    }

    fn place(&self, slice: Slice) -> Place {
        self.family.members[slice.member as usize]
    }
}

/// What we wrote is readable; if it is not, the page fails naming the family.
fn unreadable(family: &PushedFamily) -> WriteError {
    WriteError::KindMismatch {
        family: family.name().to_owned(),
        kind: family.kind(),
    }
}
