//! What a scrape is answered: whole or not at all, in the format and encoding asked for.

use std::sync::atomic::{AtomicBool, Ordering};

use promontory_exposition::format::{Format, Limits, read};
use promontory_exposition::gzip;

use crate::site::{Answer, Running, put};

const GZIP: (&str, &str) = ("accept-encoding", "gzip");
const OPENMETRICS: (&str, &str) = (
    "accept",
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
);

#[test]
fn nothing_is_shown_before_all_of_it_is_there() {
    let running = Running::start(&["jobs", "pods"]);
    let answer = running.get("/metrics", &[]);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.text(), "Not listed completely yet: jobs, pods.\n");
    assert_eq!(running.get("/readyz", &[]).status, 503);
    assert_eq!(running.telemetry("/readyz").status, 503);
    // Alive is another matter.
    assert_eq!(running.get("/livez", &[]).text(), "OK");
    assert_eq!(running.get("/healthz", &[]).text(), "OK");

    running.list(0, &["a"]);
    let answer = running.get("/metrics", &[]);
    assert_eq!(answer.text(), "Not listed completely yet: pods.\n");
    assert_eq!(
        running.telemetry("/readyz").text(),
        "Not listed completely yet: pods.\n"
    );
    // Who asks for what is there gets it.
    let answer = running.get("/metrics?resources=jobs", &[]);
    assert_eq!(
        (answer.status, samples(answer.text(), "_created")),
        (200, 1)
    );
    // The objects of a list that is not at its end are not shown.
    running.watched[1].lines.begin_list(0);
    running.put(1, "b", "Active");
    assert_eq!(running.get("/metrics", &[]).status, 503);
    running.watched[1].lines.end_list(0);

    let answer = running.get("/metrics", &[]);
    assert_eq!(
        (answer.status, samples(answer.text(), "_created")),
        (200, 2)
    );
    assert_eq!(running.get("/readyz", &[]).text(), "OK");
    assert_eq!(running.telemetry("/readyz").text(), "OK");
}

#[test]
fn formats_and_encodings() {
    let running = Running::start(&["namespaces"]);
    running.list(0, &["a"]);
    let text = running.get("/metrics", &[]);
    assert_eq!(text.kind, "text/plain; version=0.0.4; charset=utf-8");
    insta::assert_snapshot!("text", text.text());

    let open = running.get("/metrics", &[OPENMETRICS]);
    assert_eq!(
        open.kind,
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
    );
    assert_eq!(open.text(), format!("{}# EOF\n", text.text()));

    // Protobuf was never offered: the answer is text, named as such.
    let protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
    let other = running.get("/metrics", &[("accept", protobuf)]);
    assert_eq!((&other.kind, &other.body), (&text.kind, &text.body));

    for (headers, plain) in [(vec![GZIP], &text), (vec![GZIP, OPENMETRICS], &open)] {
        // The second time the blocks are ready.
        for _ in 0..2 {
            let answer = running.get("/metrics", &headers);
            assert_eq!((&*answer.encoding, &answer.kind), ("gzip", &plain.kind));
            assert_eq!(inflated(&answer), plain.text());
        }
    }
    assert_eq!(
        running
            .get("/metrics", &[("accept-encoding", "zstd")])
            .encoding,
        ""
    );
}

#[test]
fn resources_are_chosen_as_upstream_lets_them_be() {
    let running = Running::start(&["jobs", "nodes", "pods"]);
    for at in 0..3 {
        running.list(at, &[["j", "n", "p"][at]]);
    }
    for (query, expected) in [
        ("", "j n p"),
        ("?resources=pods,jobs", "j p"),
        ("?resources=pods&resources=%20nodes%20", "n p"),
        ("?exclude_resources=pods", "j n"),
        ("?exclude_resources=pods,jobs&exclude_resources=x", "n"),
        ("?resources=pods,jobs&exclude_resources=jobs", "p"),
        ("?resources=nothing", ""),
        ("?resources=", ""),
        ("?exclude_resources=", "j n p"),
        ("?resource=pods", "j n p"),
    ] {
        let answer = running.get(&format!("/metrics{query}"), &[]);
        assert_eq!(answer.status, 200, "{query}");
        let created = answer
            .text()
            .lines()
            .filter(|line| line.starts_with("kube_namespace_created{"));
        let found: Vec<&str> = created.filter_map(|line| line.split('"').nth(1)).collect();
        assert_eq!(found.join(" "), expected, "{query}");
        let zipped = running.get(&format!("/metrics{query}"), &[GZIP]);
        assert_eq!(inflated(&zipped), answer.text(), "{query}");
    }
    let empty = running.get("/metrics?resources=", &[OPENMETRICS]);
    assert_eq!(empty.text(), "# EOF\n");
}

/// Every page has every object once, in one phase, whatever happens to the objects meanwhile: changes, and lists made
/// again. Pages are large enough to be sent in many pieces.
#[test]
fn pages_stay_whole_while_objects_change() {
    const OBJECTS: usize = 2000;
    let running = Running::start(&["namespaces"]);
    let names: Vec<String> = (0..OBJECTS).map(|at| format!("namespace-{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    running.list(0, &names);
    let done = AtomicBool::new(false);
    let changed = std::thread::scope(|scope| {
        let changing = scope.spawn(|| {
            let (mut at, mut changed) = (0, 0_u64);
            while !done.load(Ordering::Relaxed) {
                if at == 0 {
                    running.watched[0].lines.begin_list(0);
                }
                put(
                    &running.watched[0],
                    names[at],
                    ["Active", "Terminating"][(changed % 2) as usize],
                );
                changed += 1;
                at = (at + 1) % OBJECTS;
                if at == 0 {
                    running.watched[0].lines.end_list(0);
                    changed += 1;
                }
            }
            changed
        });
        for round in 0..20 {
            let answer = running.get("/metrics", if round % 2 == 0 { &[GZIP] } else { &[] });
            assert_eq!(answer.status, 200);
            let text = match round % 2 {
                0 => inflated(&answer),
                _ => answer.text().to_owned(),
            };
            let families = read(Format::Text, text.as_bytes(), &Limits::default()).unwrap();
            let count = |name: &str| {
                let found = families.iter().find(|family| family.name == name);
                found.map_or(0, |family| family.metrics.len())
            };
            assert_eq!(count("kube_namespace_created"), OBJECTS);
            assert_eq!(count("kube_namespace_status_phase"), 2 * OBJECTS);
            let ones = text
                .lines()
                .filter(|line| line.contains("_phase{") && line.ends_with(" 1"));
            assert_eq!(ones.count(), OBJECTS);
        }
        done.store(true, Ordering::Relaxed);
        changing.join().unwrap()
    });
    assert!(changed > 0, "nothing changed meanwhile");
}

#[test]
fn other_paths() {
    let running = Running::start(&["pods"]);
    for (answer, links) in [
        (
            running.get("/", &[]),
            vec!["metrics", "healthz", "livez", "readyz"],
        ),
        (running.telemetry("/"), vec!["metrics", "readyz"]),
    ] {
        assert_eq!(answer.status, 200);
        for link in links {
            let link = format!("<a href=\"{link}\">");
            assert!(answer.text().contains(&link), "{link}: {}", answer.text());
        }
    }
    for path in ["/nothing", "/debug/pprof/", "/metrics/"] {
        for answer in [running.get(path, &[]), running.telemetry(path)] {
            assert_eq!(
                (answer.status, answer.text()),
                (404, "404 page not found\n"),
                "{path}"
            );
        }
    }
}

/// How many samples of a family whose name ends so.
fn samples(text: &str, ending: &str) -> usize {
    let names = text.lines().filter_map(|line| line.split('{').next());
    names.filter(|name| name.ends_with(ending)).count()
}

fn inflated(answer: &Answer) -> String {
    assert_eq!(answer.encoding, "gzip");
    String::from_utf8(gzip::inflate(&answer.body, 64 << 20).unwrap()).unwrap()
}
