//! What a choice shows, in which order, and what it reads for that.

use std::cell::Cell;

use promontory_exposition::Label;

use super::*;
use crate::group::GroupingKey;
use crate::ingest::{PUSH_TIME, time_family};

thread_local! {
    /// How often push times were read.
    pub(super) static TIMES: Cell<usize> = const { Cell::new(0) };
}

const SECOND: i64 = 1_000_000_000;
const NOW: UnixNanos = UnixNanos(1_700_000_000 * SECOND);

/// So many groups of ten jobs; each was pushed a second before the one in front of it.
pub(in super::super) fn view(groups: usize) -> View {
    let mut view = View::default();
    for at in 0..groups {
        let label = |name: &'static str, value: String| Label::new(name, value);
        let key = GroupingKey::from_labels(vec![
            label("job", format!("job-{}", at % 10)),
            label("instance", format!("host-{at:06}")),
        ]);
        let pushed_at = UnixNanos(NOW.0 - at as i64 * SECOND);
        let family = time_family(&key, PUSH_TIME, pushed_at, pushed_at).unwrap();
        view.put_group(key, vec![family]);
    }
    view
}

/// The first instance on the page of a query, how many groups fit, and how often push times were read for that.
#[track_caller]
fn check(view: &View, query: &str, expected: (&str, usize, usize)) {
    TIMES.set(0);
    let chosen = choose(view, &Choice::read(Form(query)), NOW).unwrap();
    let first = chosen
        .groups
        .first()
        .and_then(|group| group.key().get("instance"));
    let got = (first.unwrap_or_default(), chosen.window.total, TIMES.get());
    assert_eq!(got, expected, "{query}");
}

#[test]
fn a_choice_reads_no_more_than_it_needs() {
    let view = view(5_000);
    for (query, expected) in [
        ("", ("host-000000", 5_000, 0)),
        ("page=7", ("host-001001", 5_000, 0)),
        ("page=50", ("host-004009", 5_000, 0)),
        ("job=job-3", ("host-000003", 500, 0)),
        ("q=host-0040", ("host-004000", 100, 0)),
        ("sort=newest", ("host-000000", 5_000, 5_000)),
        ("sort=oldest", ("host-004999", 5_000, 5_000)),
        ("older=1h", ("host-003600", 1_400, 5_000)),
        ("older=1h&job=job-3", ("host-003603", 140, 500)),
        ("younger=1m&q=host-00000", ("host-000000", 10, 10)),
        ("q=none&older=1h&failed=1&sort=failed", ("", 0, 0)),
    ] {
        check(&view, query, expected);
    }
}

#[test]
fn pages_show_every_group_once_and_in_order() {
    let view = view(1_234);
    for sort in ["", "newest", "oldest", "failed"] {
        let mut seen = Vec::new();
        for page in 1..=13 {
            let query = format!("sort={sort}&page={page}");
            let chosen = choose(&view, &Choice::read(Form(&query)), NOW).unwrap();
            seen.extend(chosen.groups.iter().map(|group| Ranked::new(group, sort)));
        }
        assert!(seen.is_sorted_by(|a, b| a.order(b).is_lt()), "{sort}");
        assert_eq!(seen.len(), 1_234, "{sort}");
    }
}

#[test]
fn a_choice_is_the_same_after_its_query_was_read_again() {
    let choice = Choice::read(Form(
        "q=a%26b&job=%C3%A9&older=1d&failed=on&sort=oldest&page=9",
    ));
    let again = Choice::read(Form(&choice.query_of(3)[1..]));
    assert_eq!(choice.query_of(1), again.query_of(1));
    assert_eq!(
        (again.search.as_str(), again.sort, again.page),
        ("a&b", "oldest", 3)
    );
    assert_eq!(Choice::read(Form("sort=what")).query_of(1), "");
}
