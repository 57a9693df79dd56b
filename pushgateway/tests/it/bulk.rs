//! Deleting many groups at once: which, all or none, and who may.

use pushgateway::selector::{Found, Selectors};

use crate::durability::{Disk, gate_on};
use crate::gate::Gate;
use crate::site::{Site, Wishes};

/// What a selector takes now.
fn find(gate: &Gate, selector: &str) -> Found {
    let selectors = Selectors::parse([selector]).unwrap();
    Found::search(selectors, gate.gateway.view(), || true).unwrap()
}

/// Deletes what a selector takes; how many groups, or the error.
fn delete(gate: &Gate, selector: &str) -> Result<usize, String> {
    delete_found(gate, find(gate, selector))
}

fn delete_found(gate: &Gate, found: Found) -> Result<usize, String> {
    let deleted = gate.block_on(gate.gateway.delete_matching(found));
    deleted
        .map(|groups| groups.len())
        .map_err(|error| error.to_string())
}

#[test]
fn thousands_go_together_and_for_good() {
    let disk = Disk::default();
    let mut gate = gate_on(&disk);
    gate.run("PUT job/stays", "x 1\n");
    for group in 0..3000 {
        gate.run(&format!("PUT job/goes/n/{group}"), "x 1\n");
    }
    let page = gate.page();
    disk.break_down(true);
    let refused = delete(&gate, "{job=\"goes\"}").unwrap_err();
    assert!(refused.contains("could not be stored"), "{refused}");
    assert_eq!(gate.page(), page);
    disk.break_down(false);
    assert_eq!(delete(&gate, "{job=\"goes\"}"), Ok(3000));
    assert_eq!(delete(&gate, "{job=\"goes\"}"), Ok(0));
    assert_eq!(gate.samples(), "x{instance=\"\",job=\"stays\"} 1");
    assert_eq!(gate_on(&disk.after_crash()).page(), gate.page());
}

#[test]
fn what_comes_and_goes_between_the_search_and_the_delete_counts() {
    let mut gate = Gate::checked();
    for path in ["job/a", "job/a/n/1", "job/b"] {
        gate.run(&format!("PUT {path}"), "x 1\n");
    }
    let found = find(&gate, "{job=\"a\"}");
    assert_eq!(found.keys().len(), 2);
    gate.run("DELETE job/a", "");
    gate.run("PUT job/a/n/1", "x 2\n");
    gate.run("PUT job/a/n/0", "x 2\n");
    gate.run("PUT job/c", "x 2\n");
    assert_eq!(delete_found(&gate, found), Ok(2));
    assert_eq!(
        gate.samples(),
        "x{instance=\"\",job=\"b\"} 1; x{instance=\"\",job=\"c\"} 2"
    );
}

#[test]
fn what_did_not_fit_fits_afterwards() {
    let mut gate = Gate::unchecked();
    gate.run("PUT job/a", "# TYPE x counter\nx 1\n");
    gate.run("PUT job/b", "# TYPE x gauge\nx 1\n");
    gate.run("PUT job/c", "# TYPE x gauge\nx 1\n");
    assert!(gate.page().starts_with("500 "));
    assert_eq!(delete(&gate, "{job=~\"a|c\"}"), Ok(2));
    assert_eq!(gate.samples(), "x{instance=\"\",job=\"b\"} 1");
}

async fn site_with_groups(admin_api: bool) -> Site {
    let site = Site::new(Wishes {
        admin_api,
        ..Wishes::default()
    });
    for path in ["a", "a/l/1", "b"] {
        let line = format!("PUT /metrics/job/{path}");
        site.check(&line, "x 1\n", "200").await;
    }
    site
}

#[tokio::test]
async fn what_goes_is_told() {
    let site = site_with_groups(true).await;
    let matching = "DELETE /api/v1/metrics?match[]={job=%22a%22}&match[]={l=%221%22}";
    let groups = r#"[{"job":"a"},{"job":"a","l":"1"}]}"#;
    let before = site.pushed().await;
    let dry = format!(
        r#"200 {{"status":"success","data":{{"matched":2,"deleted":0,"dry_run":true,"groups":{groups}}}"#
    );
    site.check(&format!("{matching}&dry_run=true"), "", &dry)
        .await;
    assert_eq!(site.pushed().await, before);
    let done = dry.replace(
        "\"deleted\":0,\"dry_run\":true",
        "\"deleted\":2,\"dry_run\":false",
    );
    site.check(matching, "", &done).await;
    let left = "# TYPE x untyped\nx{instance=\"\",job=\"b\"} 1\n";
    assert_eq!(site.pushed().await, left);
}

#[tokio::test]
async fn only_so_many_groups_are_named() {
    let site = Site::new(Wishes::default());
    for group in 0..101 {
        let line = format!("PUT /metrics/job/{group}");
        site.check(&line, "", "200").await;
    }
    let line = "DELETE /api/v1/metrics?match[]={job!=%22%22}";
    let answer = site.send(line, &[], "").await.text();
    assert!(answer.contains("\"deleted\":101,"), "{answer}");
    assert_eq!(answer.matches("{\"job\":").count(), 100);
}

#[tokio::test]
async fn a_slip_deletes_nothing() {
    let site = site_with_groups(true).await;
    let before = site.pushed().await;
    for (query, reason) in [
        ("", "match[]: at least one selector is required"),
        (
            "?dry_run=true",
            "match[]: at least one selector is required",
        ),
        (
            "?match[]=x",
            "match[]: groups are selected by their grouping labels, not by a metric name",
        ),
        (
            "?match[]={job=%22a%22}&match[]={__name__!=%22x%22,job=%22a%22}",
            "not by a metric name",
        ),
        (
            "?match[]={job=~%22.*%22}",
            "it must have a matcher that does not match the empty text",
        ),
        ("?match[]={job=a}", "character 6: a quoted value is missing"),
        (
            "?match[]={job=%22a%22}&dry_run=1",
            "dry_run: \\\"1\\\" is not true or false",
        ),
        (
            "?match[]={job=%22a%22}&dryrun=true",
            "\\\"dryrun\\\" is no parameter of a delete",
        ),
    ] {
        let answer = site
            .send(&format!("DELETE /api/v1/metrics{query}"), &[], "")
            .await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text().contains(reason), "{query}: {}", answer.text());
        assert_eq!(site.pushed().await, before, "{query}");
    }
}

/// `code` may be a label of metrics, but no group has it: there it would take all groups of a job.
#[tokio::test]
async fn a_label_of_metrics_selects_no_groups() {
    let site = site_with_groups(true).await;
    site.check("PUT /metrics/job/a", "x{code=\"500\"} 1\n", "200")
        .await;
    let before = site.pushed().await;
    for matcher in [
        "code!=%22500%22",
        "code!~%225..%22",
        "code=%22%22",
        "code=~%22%7C2%22",
    ] {
        for dry_run in [false, true] {
            let line = format!(
                "DELETE /api/v1/metrics?match[]={{job=%22a%22,{matcher}}}&dry_run={dry_run}"
            );
            let refused = concat!(
                r#"400 {"status":"error","errorType":"bad_data","error":"match[]: no group has a grouping label \"code\", "#,
                r#"so its matcher takes them all; groups are selected by their grouping labels"}"#,
            );
            site.check(&line, "", refused).await;
            assert_eq!(site.pushed().await, before, "{line}");
        }
    }
    for (selector, matched) in [
        // Nothing goes, so nothing is refused: the same delete may be sent again.
        ("{job=%22gone%22,code!=%22500%22}", 0),
        ("{job=%22a%22,code=%22500%22}", 0),
        // Every series has an instance, so this says which groups are meant.
        ("{job=%22b%22,instance=%22%22}", 1),
        // Some group has it.
        ("{job=%22a%22,l!=%221%22}", 1),
    ] {
        let line = format!("DELETE /api/v1/metrics?match[]={selector}");
        let answer = site.send(&line, &[], "").await;
        assert_eq!(answer.status, 200, "{line}");
        let deleted = format!("\"deleted\":{matched},");
        assert!(
            answer.text().contains(&deleted),
            "{line}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn without_a_turn_to_search_nothing_is_deleted() {
    let site = Site::new(Wishes {
        searches: 0,
        ..Wishes::default()
    });
    site.check("PUT /metrics/job/a", "x 1\n", "200").await;
    let busy = concat!(
        r#"503 {"status":"error","errorType":"unavailable","#,
        r#""error":"too many other searches are under way, try again later"}"#,
    );
    for line in [
        "GET /api/v1/metrics?match[]={job=%22a%22}",
        "DELETE /api/v1/metrics?match[]={job=%22a%22}&dry_run=true",
        "DELETE /api/v1/metrics?match[]={job=%22a%22}",
    ] {
        site.check(line, "", busy).await;
    }
    // What looks for nothing needs no turn.
    for query in ["", "?limit=1"] {
        let listed = site
            .send(&format!("GET /api/v1/metrics{query}"), &[], "")
            .await;
        assert!(listed.text().contains("\"job\":\"a\""), "{}", listed.text());
    }
}

#[tokio::test]
async fn who_may_not() {
    let line = "DELETE /api/v1/metrics?match[]={job=%22a%22}";
    let site = site_with_groups(false).await;
    let before = site.pushed().await;
    let answer = site.send(line, &[], "").await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), "GET, OPTIONS");
    assert_eq!(site.pushed().await, before);
    let site = site_with_groups(true).await;
    for header in [
        ("origin", "http://elsewhere"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let answer = site.send(line, &[header], "").await;
        assert_eq!(answer.status, 403);
        assert_eq!(site.pushed().await, before);
    }
}
