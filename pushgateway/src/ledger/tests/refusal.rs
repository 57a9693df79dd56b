//! Which group a refusal names.

use super::*;

/// Pushes text to the group of a path; the text of its refusal, or nothing.
fn push(ledger: &mut Ledger, path: &str, body: &str) -> String {
    let key = key_of(path);
    let families = read(Format::Text, body.as_bytes(), &Limits::default()).unwrap();
    let push = prepare(key, Change::Replace, families, SystemTime::UNIX_EPOCH);
    commit(ledger, Action::Push(Box::new(push)))
}

fn delete(ledger: &mut Ledger, path: &str) {
    commit(ledger, Action::Delete(key_of(path)));
}

fn key_of(path: &str) -> GroupingKey {
    GroupingKey::parse(b"j", JobSpelling::Plain, path.as_bytes(), NameRules::Utf8).unwrap()
}

fn commit(ledger: &mut Ledger, action: Action) -> String {
    let (reply, mut answer) = oneshot::channel();
    ledger.commit(&mut vec![Request { action, reply }], at(1), Sync::Now);
    check(ledger);
    let refused = answer.try_recv().unwrap().err();
    refused.map_or_else(String::new, |error| error.to_string())
}

/// The group a refusal names.
fn named(refusal: &str) -> Option<&str> {
    assert!(!refusal.is_empty(), "it is not refused");
    let (_, named) = refusal.split_once("(held by group ")?;
    named.strip_suffix(')')
}

/// There is a problem for each parked family, and whoever is named there holds what clashes.
pub(super) fn check_problems(ledger: &Ledger) {
    let parked: Vec<_> = ledger.index.parked().collect();
    assert_eq!(ledger.view.problems.len(), parked.len());
    for (problem, (family, _)) in std::iter::zip(&*ledger.view.problems, parked) {
        assert!(problem.contains(family.name()), "{problem}");
        let Some((_, named)) = problem.split_once("(held by group ") else {
            continue;
        };
        let mut groups = ledger.view.groups();
        let holder = groups.find(|group| format!("{})", group.key()) == named);
        let held = holder.unwrap_or_else(|| panic!("{problem}: there is no such group"));
        assert_ne!(held.key(), family.key());
        assert!(held.family(family.name()).is_some(), "{problem}");
    }
}

#[test]
fn a_clash_of_types_names_a_group_that_is_there() {
    let mut ledger = ledger(Consistency::Checked);
    for group in ["/l/1", "/l/2", "/l/3"] {
        push(&mut ledger, group, "x 1\n");
    }
    let clashing = "# TYPE x gauge\nx 1\n";
    let refusal = push(&mut ledger, "/l/4", clashing);
    assert_eq!(named(&refusal), Some(r#"{job="j",l="1"}"#));
    delete(&mut ledger, "/l/1");
    // Nobody has taken the name since: it is found in the neighbourhood, behind the family's group or before it.
    let refusal = push(&mut ledger, "/l/0", clashing);
    assert_eq!(named(&refusal), Some(r#"{job="j",l="2"}"#));
    let refusal = push(&mut ledger, "/l/4", clashing);
    assert_eq!(named(&refusal), Some(r#"{job="j",l="2"}"#));
    push(&mut ledger, "/l/5", "x 1\n");
    let refusal = push(&mut ledger, "/l/0", clashing);
    assert_eq!(named(&refusal), Some(r#"{job="j",l="5"}"#));
    // The family's own group is no other.
    let refusal = push(&mut ledger, "/l/5", clashing);
    assert_eq!(named(&refusal), Some(r#"{job="j",l="2"}"#));
}

#[test]
fn only_so_many_families_are_looked_at_for_a_name() {
    let mut ledger = ledger(Consistency::Checked);
    for group in ["/l/1", "/l/9999"] {
        push(&mut ledger, group, "x 1\n");
    }
    for group in 2000..2500 {
        push(&mut ledger, &format!("/l/{group}"), "y 1\n");
    }
    delete(&mut ledger, "/l/1");
    let clashing = "# TYPE x gauge\nx 1\n";
    assert_eq!(named(&push(&mut ledger, "/l/2", clashing)), None);
    let refusal = push(&mut ledger, "/l/9", clashing);
    assert_eq!(named(&refusal), Some(r#"{job="j",l="9999"}"#));
}

#[test]
fn a_series_that_is_there_twice_names_its_group() {
    // Who holds it, what; who pushes it again, as what.
    for (holder, held, pushed, body) in [
        ("", "x{l=\"1\"} 1\n", "/l/1", "x 1\n"),
        ("/l/1", "x 1\n", "", "x{l=\"1\"} 1\n"),
        ("/l/1/m/2", "x 1\n", "/m/2", "x{l=\"1\"} 1\n"),
        ("/instance/", "x 1\n", "", "x 1\n"),
        ("/l/1/m/", "x{i=\"1\"} 1\n", "/i/1", "x{l=\"1\"} 1\n"),
        ("/U__l_2e_m/1", "x 1\n", "/l_m/1", "x 1\n"),
    ] {
        let mut ledger = ledger(Consistency::Checked);
        assert_eq!(push(&mut ledger, holder, held), "");
        // Groups that hold another series of that name, one of them of a form that could hold this one.
        for other in ["/l/7", "/m/7", "/l/1/n/7", "/l/1/m/7"] {
            assert_eq!(push(&mut ledger, other, "x{o=\"o\"} 1\n"), "");
        }
        let refusal = push(&mut ledger, pushed, body);
        let holder = key_of(holder).to_string();
        assert_eq!(named(&refusal), Some(&*holder), "{refusal}");
    }
}

#[test]
fn a_series_in_a_group_of_a_form_long_past_names_nobody() {
    let mut ledger = ledger(Consistency::Checked);
    let held = "x{l=\"1\"} 1\n";
    push(&mut ledger, "/m/1", held);
    for form in 0..62 {
        push(&mut ledger, &format!("/form_{form}/1"), "y 1\n");
    }
    let refusal = push(&mut ledger, "/l/1", "x{m=\"1\"} 1\n");
    assert_eq!(named(&refusal), Some(r#"{job="j",m="1"}"#));
    push(&mut ledger, "/form_62/1", "y 1\n");
    let refusal = push(&mut ledger, "/l/1", "x{m=\"1\"} 1\n");
    assert_eq!(named(&refusal), None);
}

#[test]
fn a_problem_names_a_group_that_is_there() {
    let mut ledger = ledger(Consistency::Unchecked);
    for (group, body) in [
        ("/l/1", "x 1\n"),
        ("/l/2", "x 1\n"),
        ("/l/3", "# TYPE x gauge\nx 1\n"),
    ] {
        push(&mut ledger, group, body);
    }
    let problem = |ledger: &Ledger| ledger.published.load().problems[0].clone();
    assert_eq!(named(&problem(&ledger)), Some(r#"{job="j",l="1"}"#));
    delete(&mut ledger, "/l/1");
    assert_eq!(named(&problem(&ledger)), Some(r#"{job="j",l="2"}"#));
    delete(&mut ledger, "/l/2");
    assert!(ledger.published.load().problems.is_empty());
}
