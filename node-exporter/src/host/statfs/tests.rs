use super::*;

fn paths(of: &[&str]) -> Arc<[PathBuf]> {
    of.iter().map(PathBuf::from).collect()
}

#[test]
fn answers_stand_in_the_order_of_the_paths() {
    let probe = Probe::new(Duration::from_secs(5), 4);
    for _ in 0..3 {
        let answers = probe.ask(&paths(&["/", "/nowhere/at/all", "/proc"]));
        assert!(matches!(answers[0], Answer::Space(space) if space.blocks > 0));
        assert_eq!(answers[1], Answer::Failed(Errno::NOENT));
        assert!(matches!(answers[2], Answer::Space(_)));
    }
    assert_eq!(
        probe.shared.lock().helpers,
        1,
        "one helper serves healthy mounts"
    );
    assert!(probe.ask(&paths(&[])).is_empty());
}

/// A call that never returns stands in the books of the round; no test machine has a dead mount at hand.
#[test]
fn a_mount_with_a_call_from_before_is_not_asked_again() {
    let probe = Probe::new(Duration::from_secs(5), 4);
    let dead = paths(&["/", "/proc"]);
    probe.shared.lock().calls.push(Call {
        round: 0,
        paths: Arc::clone(&dead),
        index: 1,
        since: Instant::now(),
    });
    let answers = probe.ask(&dead);
    assert!(matches!(answers[0], Answer::Space(_)));
    assert_eq!(answers[1], Answer::Silent);
    probe.shared.lock().calls.clear();
    assert!(
        matches!(probe.ask(&dead)[1], Answer::Space(_)),
        "it has come back"
    );
}

#[test]
fn late_calls_are_given_up_and_the_rest_is_asked() {
    let mut round = Round::default();
    round.begin(&paths(&["/a", "/b", "/c"]));
    let index = round.take().unwrap();
    let call = |since| Call {
        round: 1,
        paths: Arc::clone(&paths(&["/a", "/b", "/c"])),
        index,
        since,
    };
    round.calls.push(call(Instant::now()));
    assert_eq!(round.give_up_on_late(Duration::from_secs(60)), 1);
    assert_eq!(round.give_up_on_late(Duration::ZERO), 0);
    assert_eq!((round.answers[0], round.missing), (Some(Answer::Silent), 2));
    assert_eq!(round.take(), Some(1));
    round.give_up();
    assert_eq!((round.take(), round.missing), (None, 0));
}
