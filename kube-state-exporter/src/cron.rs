//! When a cron job is due next.
//!
//! What counts is what kube-state-metrics shows, so this follows the library it uses (netresearch/go-cron 0.15,
//! `ParseStandard`): five fields or a descriptor, a time zone in front, ranges that wrap (`22-2`), days that must suit
//! both the day of the month and the day of the week, and its way over the hours that clocks skip or repeat. Fields are
//! read in `cron/field.rs`, `cron/search.rs` looks for the next time, civil time is in `cron/clock.rs`.

mod clock;
mod field;
mod search;

use clock::Clock;
use field::{DAYS, HOURS, MINUTES, MONTHS, WEEKDAYS};
use search::Search;

/// Longer schedules are refused.
const TEXT_BYTES_MAX: usize = 1024;
/// `@every` is no faster.
const EVERY_SECONDS_MIN: u64 = 1;

/// When something is due.
#[derive(Clone, Debug)]
pub struct Schedule {
    rule: Rule,
    clock: Clock,
}

#[derive(Clone, Debug)]
enum Rule {
    /// At these times; a bit for each value.
    At(At),
    /// So many seconds after the last time.
    Every(i64),
    /// Never by itself.
    Triggered,
}

#[derive(Clone, Copy, Debug)]
struct At {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
}

impl Schedule {
    /// Reads a schedule, with the time zone of its cron job if that has one; without any, times are the machine's.
    /// `None` where it cannot be read.
    pub fn parse(schedule: &str, zone: Option<&str>) -> Option<Self> {
        Self::parse_at(schedule, zone, Clock::local)
    }

    fn parse_at(schedule: &str, zone: Option<&str>, local: fn() -> Clock) -> Option<Self> {
        let text = match zone {
            Some(zone) => format!("CRON_TZ={zone} {schedule}"),
            None => schedule.to_owned(),
        };
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let (clock, rest) = match text.strip_prefix("TZ=").or(text.strip_prefix("CRON_TZ=")) {
            Some(rest) => {
                let (name, rest) = rest.split_once(' ')?;
                let rest = rest.trim();
                (
                    Clock::named(unquoted(name))?,
                    (!rest.is_empty()).then_some(rest)?,
                )
            }
            None => (local(), &*text),
        };
        let rule = match rest.starts_with('@') {
            true => descriptor(rest)?,
            false => Rule::At(At::parse(rest)?),
        };
        Some(Self { rule, clock })
    }

    /// The first time after `seconds` since 1970; `None` if it is never due again.
    pub fn next(&self, seconds: i64) -> Option<i64> {
        match &self.rule {
            Rule::At(at) => at.next(seconds.checked_add(1)?, &self.clock),
            Rule::Every(delay) => seconds.checked_add(*delay),
            Rule::Triggered => None,
        }
    }
}

/// A name without the quotes around it, if it has any.
fn unquoted(name: &str) -> &str {
    let inside = |quote| name.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(name)
}

fn descriptor(text: &str) -> Option<Rule> {
    let at = |fields| At::parse(fields).map(Rule::At);
    match text {
        "@yearly" | "@annually" => at("0 0 1 1 *"),
        "@monthly" => at("0 0 1 * *"),
        "@weekly" => at("0 0 * * 0"),
        "@daily" | "@midnight" => at("0 0 * * *"),
        "@hourly" => at("0 * * * *"),
        "@triggered" | "@manual" | "@none" => Some(Rule::Triggered),
        _ => {
            let text = text.strip_prefix("@every ")?;
            // Days and weeks are kingpin's, not Go's.
            if text.contains(['d', 'w']) {
                return None;
            }
            let seconds = promontory_exporter::golang::parse_duration(text)
                .ok()?
                .as_secs();
            let fine = seconds >= EVERY_SECONDS_MIN;
            fine.then(|| i64::try_from(seconds).ok().map(Rule::Every))?
        }
    }
}

impl At {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return None;
        };
        let weekdays = WEEKDAYS.parse(weekdays)?;
        Some(Self {
            minutes: MINUTES.parse(minutes)?,
            hours: HOURS.parse(hours)?,
            days: DAYS.parse(days)?,
            months: MONTHS.parse(months)?,
            // Sunday is 0 and 7.
            weekdays: weekdays & 0x7F | weekdays >> 7 & 1,
        })
    }

    /// The first time from `time` on.
    fn next(&self, time: i64, clock: &Clock) -> Option<i64> {
        if self.is_never() {
            return None;
        }
        Search {
            at: self,
            clock,
            time,
            moved: false,
        }
        .run()
    }

    /// Whether a field has no value at all, as `,` has none: no minute of five years would suit.
    fn is_never(&self) -> bool {
        [
            self.minutes,
            self.hours,
            self.days,
            self.months,
            self.weekdays,
        ]
        .contains(&0)
    }
}

#[cfg(test)]
mod tests;
