//! What the limits of the flags refuse, and that they hold whatever comes.

use promontory_tests::http::Request;

use super::Hostile;

#[test]
fn a_body_beyond_the_limit_hears_the_flag_and_zero_is_no_limit() {
    let hostile = Hostile::start(&["--push.max-body-bytes=7", "--push.max-decoded-bytes=0"]);
    hostile.check("/metrics/job/a", &[], b"well 1\n", 200);
    let push = Request::new("PUT", "/metrics/job/a").body("well 10\n");
    let answer = hostile.gateway.send(&push).unwrap();
    let text = "the request body is larger than 7 bytes (--push.max-body-bytes)\n";
    assert_eq!((answer.status, &*answer.text()), (413, text));
    hostile.check_well();
}

/// Whatever is pushed, and refused as well, no more is held than is allowed.
#[test]
fn a_flood_of_groups_ends_at_the_limit() {
    let hostile = Hostile::start(&["--store.max-groups=50", "--store.max-series=200"]);
    hostile.check_well();
    let mut statuses = std::collections::BTreeMap::new();
    for number in 0..200 {
        let body = match number % 2 {
            0 => "x 1\n",
            // Without room, not even a group that says it failed.
            _ => "x 1 1000\n",
        };
        let path = format!("/metrics/job/flood{number}");
        let status = hostile.gateway.push("PUT", &path, body).unwrap();
        *statuses.entry(status).or_insert(0) += 1;
    }
    // One group is the other's.
    assert_eq!(statuses[&200] + statuses[&400], 49, "{statuses:?}");
    assert_eq!(statuses[&429], 151, "{statuses:?}");
    hostile.check_well();
    let page = hostile.gateway.scrape().unwrap();
    let groups = page
        .lines()
        .filter(|line| line.starts_with("push_time_seconds{"));
    assert_eq!(groups.count(), 50);
}
