//! Times and sizes as people say them. Pure.

use std::time::Duration;

use jiff::Timestamp;

use crate::time::UnixNanos;

/// A point in time.
pub(super) struct ShownTime {
    /// As a person would say it: `5 minutes ago`, `in 3 hours`, `never`.
    pub(super) said: String,
    /// To the second, in UTC; empty for never.
    pub(super) exact: String,
    /// For programs that read the page; empty for never.
    pub(super) machine: String,
}

impl ShownTime {
    /// A time as it is seen now. One ahead of now is said as such, also where only the clock was set back.
    pub(super) fn new(at: UnixNanos, now: UnixNanos) -> Self {
        let time = Timestamp::from_nanosecond(i128::from(at.0));
        let (Ok(time), true) = (time, at.0 > 0) else {
            return Self {
                said: "never".to_owned(),
                exact: String::new(),
                machine: String::new(),
            };
        };
        let span = Duration::from_nanos(now.0.abs_diff(at.0));
        let said = match (span.as_secs(), now >= at) {
            (0, _) => "just now".to_owned(),
            (_, true) => format!("{} ago", span_said(span)),
            (_, false) => format!("in {}", span_said(span)),
        };
        Self {
            said,
            exact: time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            machine: time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

/// A length of time in its largest unit, rounded down: `5 minutes`.
pub(super) fn span_said(span: Duration) -> String {
    const UNITS: &[(u64, &str)] = &[(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let seconds = span.as_secs();
    let unit = UNITS.iter().find(|(length, _)| seconds >= *length);
    let (length, name) = unit.copied().unwrap_or((1, "second"));
    match seconds / length {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    }
}

/// Bytes in the largest unit that leaves a number of at least one: `1.4 MiB`.
pub(super) fn bytes_said(bytes: u64) -> String {
    const UNITS: &[(u64, &str)] = &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| bytes >= *size) {
        Some((size, name)) => format!("{:.1} {name}", bytes as f64 / *size as f64),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let now = UnixNanos(1_700_000_000_000_000_000);
        let said =
            |seconds: i64| ShownTime::new(UnixNanos(now.0 - seconds * 1_000_000_000), now).said;
        for (ago, expected) in [
            (0, "just now"),
            (1, "1 second ago"),
            (59, "59 seconds ago"),
            (119, "1 minute ago"),
            (7_200, "2 hours ago"),
            (86_399, "23 hours ago"),
            (1_000_000, "11 days ago"),
            (-90, "in 1 minute"),
        ] {
            assert_eq!(said(ago), expected);
        }
        let time = ShownTime::new(now, now);
        assert_eq!(time.exact, "2023-11-14 22:13:20 UTC");
        assert_eq!(time.machine, "2023-11-14T22:13:20Z");
        for never in [0, -1, i64::MIN] {
            let time = ShownTime::new(UnixNanos(never), now);
            assert_eq!((&*time.said, &*time.exact), ("never", ""));
        }
        assert_eq!(
            ShownTime::new(UnixNanos(i64::MAX), now).exact,
            "2262-04-11 23:47:16 UTC"
        );
    }

    #[test]
    fn sizes_are_said_in_a_fitting_unit() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1_023, "1023 bytes"),
            (1_536, "1.5 KiB"),
            (5 << 20, "5.0 MiB"),
            (u64::MAX, "17179869184.0 GiB"),
        ] {
            assert_eq!(bytes_said(bytes), expected);
        }
    }
}
