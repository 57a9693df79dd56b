//! From a time to the next one that suits.
//!
//! The steps are go-cron's, in its order: what they make of hours that do not exist or come twice is what upstream shows.

use super::At;
use super::clock::{Civil, Clock};

/// So many years ahead are looked through; a schedule that is due in none of them is never due.
const YEARS: i64 = 5;

/// A search under way.
pub(super) struct Search<'s> {
    pub(super) at: &'s At,
    pub(super) clock: &'s Clock,
    pub(super) time: i64,
    /// Whether a field had to move on: from then on the smaller ones begin at their first value.
    pub(super) moved: bool,
}

impl Search<'_> {
    /// The first time that suits, from the one at hand on; `None` if there is none for years.
    pub(super) fn run(mut self) -> Option<i64> {
        let last_year = self.civil()?.year + YEARS;
        while self.civil()?.year <= last_year {
            let wrapped =
                self.month()? || self.day()? || self.hour()? || self.minute()? || self.second()?;
            if !wrapped {
                return Some(self.time);
            }
        }
        None
    }

    fn civil(&self) -> Option<Civil> {
        self.clock.civil(self.time)
    }

    /// Goes to `civil`, the beginning of the field's value at hand, if no field has moved yet.
    fn begin(&mut self, civil: Civil) -> Option<()> {
        if !self.moved {
            self.moved = true;
            self.time = self.clock.time(civil)?;
        }
        Some(())
    }

    // Each of these goes on until its field suits. It returns true at the end of the next larger field: then the search
    // begins again from there.

    fn month(&mut self) -> Option<bool> {
        while !has(self.at.months, self.civil()?.month) {
            let midnight = self.civil()?.midnight();
            self.begin(Civil { day: 1, ..midnight })?;
            let civil = self.civil()?;
            let month = civil.month + 1;
            self.time = self.clock.time(Civil { month, ..civil })?;
            if self.civil()?.month == 1 {
                return Some(true);
            }
        }
        Some(false)
    }

    fn day(&mut self) -> Option<bool> {
        let suits =
            |at: &At, civil: Civil| has(at.days, civil.day) && has(at.weekdays, civil.weekday());
        while !suits(self.at, self.civil()?) {
            self.begin(self.civil()?.midnight())?;
            self.time = self.clock.day_after(self.time)?;
            if self.civil()?.day == 1 {
                return Some(true);
            }
        }
        Some(false)
    }

    fn hour(&mut self) -> Option<bool> {
        while !has(self.at.hours, self.civil()?.hour) {
            let Civil { hour, .. } = self.civil()?;
            let midnight = self.civil()?.midnight();
            self.begin(Civil { hour, ..midnight })?;
            let before = self.civil()?.hour;
            self.time += 3600;
            let after = self.civil()?.hour;
            // The clock went forward over an hour that is asked for: the next one stands for it.
            if after - before == 2 && has(self.at.hours, after - 1) {
                break;
            }
            if after == 0 {
                return Some(true);
            }
        }
        Some(false)
    }

    fn minute(&mut self) -> Option<bool> {
        while !has(self.at.minutes, self.civil()?.minute) {
            if !self.moved {
                self.moved = true;
                self.time -= self.time.rem_euclid(60);
            }
            self.time += 60;
            if self.civil()?.minute == 0 {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Schedules have no seconds: they are due at the first.
    fn second(&mut self) -> Option<bool> {
        while self.civil()?.second != 0 {
            self.time += 1;
            if self.civil()?.second == 0 {
                return Some(true);
            }
        }
        Some(false)
    }
}

fn has(bits: u64, value: i64) -> bool {
    bits >> value & 1 == 1
}
