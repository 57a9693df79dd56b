//! Civil time in a time zone, converted as Go's `time` package converts it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Names are no longer.
const NAME_BYTES_MAX: usize = 64;
/// Times are no further from 1970, in either direction: far more than a time in JSON has room for.
const SECONDS_MAX: u64 = 1 << 40;
const DAY: i64 = 86_400;

/// What a wall clock shows; fields past their end run over into the next larger ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

impl Civil {
    /// The same day at its beginning.
    pub(super) fn midnight(self) -> Self {
        Self {
            hour: 0,
            minute: 0,
            second: 0,
            ..self
        }
    }

    /// 0 is Sunday.
    pub(super) fn weekday(self) -> i64 {
        // 1970 began on a Thursday.
        (self.days() + 4).rem_euclid(7)
    }

    /// Days since 1970 in the Gregorian calendar; years begin in March, so that the leap day is their last.
    fn days(self) -> i64 {
        let months = self.year * 12 + self.month - 1;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (month + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    fn of_days(days: i64) -> Self {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let (day, month) = (
            day_of_year - (153 * month + 2) / 5 + 1,
            if month < 10 { month + 3 } else { month - 9 },
        );
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
        }
    }
}

/// A time zone.
#[derive(Clone, Debug)]
pub(super) struct Clock(TimeZone);

impl Clock {
    /// The machine's time zone.
    pub(super) fn local() -> Self {
        Self(TimeZone::try_system().unwrap_or(TimeZone::UTC))
    }

    /// A zone of the IANA database, spelled exactly so; `None` for one that it does not know.
    pub(super) fn named(name: &str) -> Option<Self> {
        let fine = |letter: char| letter.is_ascii_alphanumeric() || "/_-+:".contains(letter);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(fine) {
            return None;
        }
        if name == "UTC" {
            return Some(Self(TimeZone::UTC));
        }
        if name == "Local" {
            return Some(Self::local());
        }
        let zone = TimeZone::get(name).ok()?;
        // The database is searched whatever the case; Go opens a file of this name.
        (zone.iana_name() == Some(name)).then_some(Self(zone))
    }

    /// What the clock shows at a time in seconds since 1970; `None` too far from 1970.
    pub(super) fn civil(&self, time: i64) -> Option<Civil> {
        let local = time + self.offset(time)?;
        let second = local.rem_euclid(DAY);
        Some(Civil {
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            ..Civil::of_days(local.div_euclid(DAY))
        })
    }

    /// When the clock shows this. Where it never does or does so twice, the offset that Go's `time.Date` finds is
    /// taken: the one in force at the same numbers in UTC, looked up once more with what came out.
    pub(super) fn time(&self, civil: Civil) -> Option<i64> {
        let unix = civil.days() * DAY + civil.hour * 3600 + civil.minute * 60 + civil.second;
        let first = self.offset(unix)?;
        match first {
            0 => Some(unix),
            _ => Some(unix - self.offset(unix - first)?),
        }
    }

    /// The same hour a day later, or midnight if clocks are set about then.
    ///
    /// Where that is no step forward, the day is one that a zone left out when it changed sides of the date line
    /// (Samoa had no 30 December 2011): the library would look at the day before for ever, here the next one counts.
    pub(super) fn day_after(&self, time: i64) -> Option<i64> {
        let civil = self.civil(time)?;
        for days in [1, 2] {
            let day = civil.day + days;
            let after = self.beginning_of_day(self.time(Civil { day, ..civil })?)?;
            if after > time {
                return Some(after);
            }
        }
        None
    }

    /// Midnight, where adding a day led elsewhere because a clock was set in between.
    fn beginning_of_day(&self, time: i64) -> Option<i64> {
        Some(match self.civil(time)?.hour {
            0 => time,
            hour @ 13.. => time + (24 - hour) * 3600,
            hour => time - hour * 3600,
        })
    }

    fn offset(&self, time: i64) -> Option<i64> {
        if time.unsigned_abs() > SECONDS_MAX {
            return None;
        }
        // Past the year 9999, where the calendar of the database ends, a zone stays as it is then.
        let known = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
        let time = Timestamp::from_second(time.clamp(*known.start(), *known.end())).ok()?;
        Some(i64::from(self.0.to_offset(time).seconds()))
    }
}
