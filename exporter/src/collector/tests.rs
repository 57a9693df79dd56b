use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use promontory_exposition::format::{Format, Target};
use promontory_exposition::model::Header;
use promontory_exposition::name::Escaping;

use super::*;

const TEXT: Target = Target {
    format: Format::Text,
    escaping: Escaping::Underscores,
};
/// Longer than any run of a healthy collector here takes.
const PATIENT: Duration = Duration::from_secs(60);
/// What a test waits for a collector that will not answer.
const IMPATIENT: Duration = Duration::from_millis(50);

/// A collector made of a closure.
struct Act<F>(&'static str, F);

impl<F: Fn(&mut Batch) -> Result<(), CollectError> + Send + Sync + 'static> Collector for Act<F> {
    fn name(&self) -> &str {
        self.0
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        (self.1)(batch)
    }
}

/// A collector that writes one gauge.
fn gauge(collector: &'static str, family: &'static str, value: f64) -> impl Collector {
    Act(collector, move |batch: &mut Batch| {
        batch
            .family(Header::gauge(family, "Help."))
            .sample(&[], value);
        Ok(())
    })
}

/// The samples of a page, without comments, durations replaced.
fn samples(gathered: Gathered) -> String {
    let mut out = Vec::new();
    gathered.write(TEXT, &mut out).expect("a valid page");
    let text = String::from_utf8(out).expect("UTF-8");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| match line.rsplit_once(' ') {
        Some((series, _)) if series.contains("duration_seconds") => format!("{series} D\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// The samples about success only.
fn successes(gathered: Gathered) -> Vec<(String, String)> {
    let text = samples(gathered);
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("t_scrape_collector_success{collector=\""));
    lines
        .filter_map(|line| line.split_once("\"} "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.scrape_series("t", "test");
    registry
}

#[test]
fn a_page_has_all_families_and_how_each_collector_went() {
    let mut registry = registry();
    registry
        .add(gauge("b", "two", 2.0))
        .add(gauge("a", "one", 1.0))
        .always(gauge("self", "own", 3.0));
    let gathered = registry.gather(&Filter::All, PATIENT).expect("no filter");
    insta::assert_snapshot!(samples(gathered), @r#"
    one 1
    own 3
    t_scrape_collector_duration_seconds{collector="a"} D
    t_scrape_collector_duration_seconds{collector="b"} D
    t_scrape_collector_success{collector="a"} 1
    t_scrape_collector_success{collector="b"} 1
    two 2
    "#);
}

#[test]
fn filters_choose_collectors_in_node_exporters_words() {
    let mut registry = registry();
    registry
        .add(gauge("a", "one", 1.0))
        .add(gauge("b", "two", 2.0))
        .always(gauge("self", "own", 3.0))
        .disabled("off");
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    for (filter, expected) in [
        (Filter::All, "one two own"),
        (Filter::Only(names(&["b"])), "two own"),
        (Filter::Only(names(&["b", "a", "b"])), "one two own"),
        (Filter::Without(names(&["b", "nobody"])), "one own"),
        (Filter::Without(names(&["a", "b"])), "own"),
        (Filter::Only(names(&["x"])), "missing collector: x"),
        (
            Filter::Only(names(&["a", "off"])),
            "disabled collector: off",
        ),
        (Filter::Only(names(&["self"])), "missing collector: self"),
    ] {
        let found = match registry.gather(&filter, PATIENT) {
            Err(error) => error.to_string(),
            Ok(gathered) => {
                let text = samples(gathered);
                ["one", "two", "own"]
                    .into_iter()
                    .filter(|name| text.contains(&format!("{name} ")))
                    .collect::<Vec<_>>()
                    .join(" ")
            }
        };
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[test]
fn errors_and_panics_cost_their_own_series_only() {
    let mut registry = registry();
    registry.add(gauge("good", "one", 1.0));
    registry.add(Act("empty", |_: &mut Batch| Err(CollectError::NoData)));
    registry.add(Act("half", |batch: &mut Batch| {
        batch
            .family(Header::gauge("half", "Help."))
            .sample(&[], 1.0);
        Err(CollectError::Failed("the other half is missing".to_owned()))
    }));
    registry.add(Act("panics", |batch: &mut Batch| {
        batch
            .family(Header::gauge("lost", "Help."))
            .sample(&[], 1.0);
        let empty: [u8; 0] = [];
        let index = empty.len() + 1;
        assert!(empty.get(index).is_some(), "out of range");
        Ok(())
    }));
    // Twice: a panic must not end the thread.
    for _ in 0..2 {
        insta::allow_duplicates! {
            insta::assert_snapshot!(samples(registry.gather(&Filter::All, PATIENT).expect("no filter")), @r#"
            half 1
            one 1
            t_scrape_collector_duration_seconds{collector="empty"} D
            t_scrape_collector_duration_seconds{collector="good"} D
            t_scrape_collector_duration_seconds{collector="half"} D
            t_scrape_collector_duration_seconds{collector="panics"} D
            t_scrape_collector_success{collector="empty"} 0
            t_scrape_collector_success{collector="good"} 1
            t_scrape_collector_success{collector="half"} 0
            t_scrape_collector_success{collector="panics"} 0
            "#);
        }
    }
}

#[test]
fn what_collides_with_the_collectors_before_is_left_out() {
    let mut registry = registry();
    registry
        .add(gauge("first", "one", 1.0))
        .add(gauge("second", "one", 2.0))
        .add(gauge("third", "two", 3.0));
    let gathered = registry.gather(&Filter::All, PATIENT).expect("no filter");
    insta::assert_snapshot!(samples(gathered), @r#"
    one 1
    t_scrape_collector_duration_seconds{collector="first"} D
    t_scrape_collector_duration_seconds{collector="second"} D
    t_scrape_collector_duration_seconds{collector="third"} D
    t_scrape_collector_success{collector="first"} 1
    t_scrape_collector_success{collector="second"} 0
    t_scrape_collector_success{collector="third"} 1
    two 3
    "#);
}

/// A collector that hangs until told otherwise, and counts how often it began.
fn gate() -> (impl Collector, Sender<()>, Receiver<()>, Arc<AtomicU64>) {
    let (open, gate) = channel();
    let (began, beginnings) = channel();
    let runs = Arc::new(AtomicU64::new(0));
    let (gate, count) = (Mutex::new(gate), Arc::clone(&runs));
    let collector = Act("gate", move |batch: &mut Batch| {
        count.fetch_add(1, SeqCst);
        let _ = began.send(());
        let _ = gate.lock().expect("one thread").recv();
        batch
            .family(Header::gauge("gate", "Help."))
            .sample(&[], 1.0);
        Ok(())
    });
    (collector, open, beginnings, runs)
}

#[test]
fn a_collector_that_hangs_loses_its_own_series_and_is_not_started_again() {
    let (hanging, open, beginnings, runs) = gate();
    let mut registry = registry();
    registry.add(gauge("good", "one", 1.0)).add(hanging);
    let expected =
        [("gate", "0"), ("good", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    for _ in 0..3 {
        let gathered = registry.gather(&Filter::All, IMPATIENT).expect("no filter");
        assert_eq!(successes(gathered), expected);
    }
    beginnings.recv().expect("it began");
    assert_eq!(runs.load(SeqCst), 1, "it was started again while it hung");

    // It comes back: the old run ends, and as soon as its thread has noticed, it runs again.
    drop(open);
    let recovered = || {
        let gathered = registry.gather(&Filter::All, PATIENT).expect("no filter");
        successes(gathered)
            == [
                ("gate".to_owned(), "1".to_owned()),
                ("good".to_owned(), "1".to_owned()),
            ]
    };
    while !recovered() {
        std::thread::yield_now();
    }
    assert!(runs.load(SeqCst) >= 2);
}

#[test]
fn a_slow_collector_does_not_hold_up_those_behind_it() {
    let (told, tell) = channel();
    let (told, tell) = (Mutex::new(told), Mutex::new(tell));
    let mut registry = registry();
    // The first cannot end before the second has run.
    registry.add(Act("first", move |_: &mut Batch| {
        let heard = tell.lock().expect("no panic").recv_timeout(PATIENT);
        heard.map_err(CollectError::failed)
    }));
    registry.add(Act("second", move |_: &mut Batch| {
        let said = told.lock().expect("no panic").send(());
        said.map_err(CollectError::failed)
    }));
    let gathered = registry.gather(&Filter::All, PATIENT).expect("no filter");
    let expected = [("first", "1"), ("second", "1")];
    assert_eq!(
        successes(gathered),
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn scrapes_at_the_same_time_all_get_an_answer() {
    let mut registry = registry();
    registry
        .add(gauge("a", "one", 1.0))
        .add(gauge("b", "two", 2.0));
    let registry = &registry;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let gathered = registry.gather(&Filter::All, PATIENT).expect("no filter");
                    assert!(
                        successes(gathered)
                            .iter()
                            .all(|(_, success)| success == "1")
                    );
                }
            });
        }
    });
}

#[test]
fn a_registry_of_prometheus_client_is_a_collector() {
    use ::prometheus_client::metrics::counter::Counter;
    use ::prometheus_client::metrics::family::Family;
    use ::prometheus_client::metrics::gauge::Gauge;
    use ::prometheus_client::metrics::histogram::Histogram;

    let mut theirs = ::prometheus_client::registry::Registry::default();
    let requests = Family::<Vec<(String, String)>, Counter>::default();
    let temperature = Gauge::<i64>::default();
    let sizes = Histogram::new([1.0, 2.5]);
    theirs.register("requests", "Requests served", requests.clone());
    theirs.register("temperature", "How warm it is. Really", temperature.clone());
    theirs.register("sizes", "Sizes", sizes.clone());
    requests
        .get_or_create(&vec![("path".to_owned(), "/a\"b\\".to_owned())])
        .inc_by(3);
    temperature.set(-4);
    sizes.observe(2.0);

    let mut batch = Batch::default();
    PrometheusClient::new("ours", theirs)
        .collect(&mut batch)
        .expect("collects");
    let mut out = Vec::new();
    batch.write(TEXT, &mut out).expect("a valid page");
    insta::assert_snapshot!(String::from_utf8(out).expect("UTF-8"), @r#"
    # HELP requests_total Requests served
    # TYPE requests_total counter
    requests_total{path="/a\"b\\"} 3
    # HELP sizes Sizes
    # TYPE sizes histogram
    sizes_bucket{le="1"} 0
    sizes_bucket{le="2.5"} 1
    sizes_bucket{le="+Inf"} 1
    sizes_sum 2
    sizes_count 1
    # HELP temperature How warm it is. Really
    # TYPE temperature gauge
    temperature -4
    "#);
}
