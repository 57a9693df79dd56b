//! The API server goes away and comes back, or is not there yet.

use promontory_tests::process::until;
use promontory_tests::state_exporter::RESOURCES;

use super::scraper::Scraper;
use super::{Exporter, pod, shows, stable};

#[test]
fn an_api_server_that_is_away_costs_nothing_that_was_shown() {
    let cluster = stable::cluster();
    pod(&cluster, "away-before");
    let exporter = Exporter::start(&cluster.kubeconfig(), &[]);
    let scraper = Scraper::start(exporter.program.address);
    scraper.more(5);
    cluster.stop_api().unwrap();
    // A watch that breaks and two that are refused, at least: some five seconds.
    until("three failures of each resource", || {
        exporter.assert_ready();
        let failures = |resource: &str| {
            let labels = [&*format!("resource=\"{resource}\""), "result=\"error\""];
            exporter.count("kube_state_metrics_watch_total", &labels) >= 3
        };
        RESOURCES
            .iter()
            .all(|resource| failures(resource))
            .then_some(())
    })
    .unwrap();
    let (status, page) = exporter.get("/metrics");
    assert_eq!(status, 200);
    assert!(shows(&page, "away-before"));
    cluster.start_api().unwrap();
    pod(&cluster, "away-after");
    exporter.wait_page("what came after", |page| shows(page, "away-after"));
    exporter.assert_ready();
    let seen = scraper.finish();
    eprintln!("away: {seen:?}");
}

#[test]
fn without_an_api_server_it_waits_for_one() {
    let cluster = stable::cluster();
    cluster.stop_api().unwrap();
    let exporter = Exporter::start(&cluster.kubeconfig(), &[]);
    let scraper = Scraper::start(exporter.program.address);
    scraper.more_refused(50);
    let (status, body) = exporter.get("/metrics");
    assert_eq!(status, 503);
    for resource in RESOURCES {
        assert!(body.contains(resource), "{body}");
    }
    assert_eq!(exporter.get("/livez").0, 200);
    assert_eq!(exporter.get("/readyz"), (503, body));
    let log = exporter.program.process.log();
    assert!(log.contains("resource=pods"), "{log}");
    cluster.start_api().unwrap();
    exporter.wait_page("the API server", |_| true);
    exporter.assert_ready();
    scraper.more(5);
    let seen = scraper.finish();
    assert!(seen.refused >= 50, "{seen:?}");
}
