//! One field of a schedule, to a set of values.

/// What a field may hold.
pub(super) struct Field {
    min: u64,
    max: u64,
    /// Words that stand for the values from `min` on.
    names: &'static [&'static str],
    /// Letters that begin what only other programs understand (`L`, `W`, `#`), where the library looks for them.
    refused: &'static [char],
}

pub(super) const MINUTES: Field = Field::of(0, 59, &[], &[]);
pub(super) const HOURS: Field = Field::of(0, 23, &[], &[]);
pub(super) const DAYS: Field = Field::of(1, 31, &[], &['l', 'w']);
pub(super) const MONTHS: Field = Field::of(
    1,
    12,
    &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
    &[],
);
/// Sunday is 0 and 7.
pub(super) const WEEKDAYS: Field = Field::of(
    0,
    7,
    &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    &['#'],
);

impl Field {
    const fn of(
        min: u64,
        max: u64,
        names: &'static [&'static str],
        refused: &'static [char],
    ) -> Self {
        Self {
            min,
            max,
            names,
            refused,
        }
    }

    /// Reads `*`, `5`, `1-5`, `22-2`, `*/15`, `10-30/5`, and several of them between commas. A bit for each value.
    pub(super) fn parse(&self, text: &str) -> Option<u64> {
        let refused = |letter: char| self.refused.contains(&letter.to_ascii_lowercase());
        if text.contains(refused) {
            return None;
        }
        let ranges = text.split(',').filter(|range| !range.is_empty());
        let mut bits = 0;
        for range in ranges {
            bits |= self.range(range)?;
        }
        Some(bits)
    }

    fn range(&self, text: &str) -> Option<u64> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(number(step)?)),
            None => (text, None),
        };
        let (start, end) = match range.split_once('-') {
            // Whatever follows a star: the library does not look.
            Some(("*" | "?", _)) => (self.min, self.max),
            Some((start, end)) => (self.value(start)?, self.value(end)?),
            None if range == "*" || range == "?" => (self.min, self.max),
            None => {
                let start = self.value(range)?;
                // With a step, one value means "from here on".
                (start, step.map_or(start, |_| self.max))
            }
        };
        let step = step.unwrap_or(1);
        if start < self.min || end > self.max || step == 0 {
            return None;
        }
        let size = self.max - self.min + 1;
        let length = if start > end {
            // The library computes without sign, so a start past the field's end (`70/5`) makes a large length and no
            // error: of the values, those are taken that come round again.
            size.wrapping_sub(start - end - 1)
        } else {
            end - start + 1
        };
        if step > 1 && step >= length {
            return None;
        }
        let last = if start > end { end + size } else { end };
        let values = (start..=last).step_by(usize::try_from(step).ok()?);
        let wrapped = |value| {
            if value > self.max {
                (value - self.min) % size + self.min
            } else {
                value
            }
        };
        Some(values.fold(0, |bits, value| bits | 1 << wrapped(value)))
    }

    fn value(&self, text: &str) -> Option<u64> {
        let name = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        match name {
            Some(at) => Some(self.min + at as u64),
            None => number(text),
        }
    }
}

/// A number as Go's `Atoi` reads it, not negative.
fn number(text: &str) -> Option<u64> {
    let number: i64 = text.parse().ok()?;
    u64::try_from(number).ok()
}
