use super::*;

/// What the library answers; the file says how it was made.
const CASES: &str = include_str!("cases.txt");
const AFTER: [&str; 8] = [
    "2024-02-28T23:59:30Z",
    "2024-03-31T00:30:00Z",
    "2024-03-31T01:05:00Z",
    "2024-10-27T00:30:00Z",
    "2024-10-27T01:10:00Z",
    "2025-12-31T23:59:59Z",
    "2024-03-10T06:30:00Z",
    "2024-11-03T05:30:00Z",
];
/// Go's zero time.
const NEVER: i64 = -62_135_596_800;

#[test]
fn schedules_are_due_when_the_library_says() {
    let utc = || Clock::named("UTC").unwrap();
    let cases = CASES.lines().filter(|line| !line.starts_with('#'));
    let mut count = 0;
    for case in cases {
        let (spec, expected) = case.rsplit_once(" =").unwrap();
        let (zone, text) = spec.split_once('|').unwrap();
        let zone = (!zone.is_empty()).then_some(zone);
        let found = match Schedule::parse_at(text, zone, utc) {
            None => " -".to_owned(),
            Some(schedule) => {
                let next = AFTER.iter().map(|after| {
                    let after: jiff::Timestamp = after.parse().unwrap();
                    let next = schedule.next(after.as_second());
                    format!(" {}", next.unwrap_or(NEVER))
                });
                next.collect()
            }
        };
        assert_eq!(found, expected, "{spec}");
        count += 1;
    }
    assert_eq!(count, 121);
}

#[test]
fn schedules_without_end_are_refused() {
    let long = format!("{} * * * *", "1,".repeat(600));
    assert!(Schedule::parse(&long, None).is_none());
    assert!(Schedule::parse("* * * * *", Some(&"A".repeat(65))).is_none());
}

#[test]
fn times_at_the_ends_of_the_calendar_are_no_reason_to_panic() {
    let schedule = Schedule::parse("0 0 29 2 *", Some("Europe/Berlin")).unwrap();
    for time in [i64::MIN, i64::MAX, 253_402_207_200, -377_705_023_201, 0] {
        let _ = schedule.next(time);
    }
    // The last second of the year 9999 and the first after it.
    let daily = Schedule::parse("@daily", Some("UTC")).unwrap();
    assert_eq!(daily.next(253_402_300_799), Some(253_402_300_800));
}

#[test]
fn a_day_that_a_zone_left_out_holds_nobody_up() {
    // Samoa went from the 29th to the 31st when it changed sides of the date line; the library never returns here.
    let schedule = Schedule::parse("0 0 31 * *", Some("Pacific/Apia")).unwrap();
    let after: jiff::Timestamp = "2011-12-29T00:00:00-10:00".parse().unwrap();
    let due: jiff::Timestamp = "2011-12-31T00:00:00+14:00".parse().unwrap();
    assert_eq!(schedule.next(after.as_second()), Some(due.as_second()));
}
