use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use axum::Router;
use axum::body::Body;
use http::Request;
use http::header::{ACCEPT_ENCODING, X_CONTENT_TYPE_OPTIONS};
use http_body_util::BodyExt;
use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;
use tower_service::Service;

use super::*;
use crate::collector::{CollectError, Collector};

struct One;

impl Collector for One {
    fn name(&self) -> &str {
        "one"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        batch.family(Header::gauge("one", "Help.")).sample(&[], 1.0);
        Ok(())
    }
}

fn app(options: Options) -> Router {
    let mut registry = Registry::new();
    registry.add(One).disabled("off");
    Router::new().route("/metrics", service(Arc::new(registry), options))
}

/// Status, headers and body of an answer.
#[expect(clippy::disallowed_methods, reason = "the answer is the test's own")]
async fn get(
    app: &Router,
    uri: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::get(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = app.clone().call(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (parts.status, parts.headers, body.to_vec())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> &'h str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().expect("ASCII"))
}

#[test]
fn encodings_as_client_golang_chooses() {
    for (accepted, expected) in [
        (&[][..], Encoding::Identity),
        (&[""], Encoding::Identity),
        (&["gzip"], Encoding::Gzip),
        (&["GZIP"], Encoding::Identity),
        (&["zstd"], Encoding::Zstd),
        (&["gzip, zstd"], Encoding::Gzip),
        (&["zstd, gzip"], Encoding::Gzip),
        (&["gzip;q=0.5, zstd"], Encoding::Zstd),
        (&["gzip;q=0.5, zstd;q=0.4"], Encoding::Gzip),
        (&["gzip;q=0"], Encoding::Identity),
        (&["gzip ; q=0 , zstd;q=0.1"], Encoding::Zstd),
        (&["identity, gzip"], Encoding::Identity),
        (&["identity;q=0.1, gzip"], Encoding::Gzip),
        (&["*"], Encoding::Identity),
        (&["br"], Encoding::Identity),
        (&["br", "gzip"], Encoding::Gzip),
        (&["gzip;q=x"], Encoding::Identity),
        (&["gzip;q=7"], Encoding::Identity),
        (&["gzip;q"], Encoding::Identity),
    ] {
        let mut headers = HeaderMap::new();
        for value in accepted {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        assert_eq!(
            Encoding::choose(&headers, ENCODINGS),
            expected,
            "{accepted:?}"
        );
    }
}

#[test]
fn encoded_pages_can_be_decoded() {
    let page = b"some page\n".repeat(1000);
    let gzipped = Encoding::Gzip.encode(page.clone());
    let inflated = promontory_exposition::gzip::inflate(&gzipped, 1 << 20).expect("gzip");
    assert_eq!(inflated, page);
    let compressed = Encoding::Zstd.encode(page.clone());
    assert_eq!(
        zstd::bulk::decompress(&compressed, 1 << 20).expect("zstd"),
        page
    );
    assert_eq!(Encoding::Identity.encode(page.clone()), page);
}

#[test]
fn patience_leaves_a_margin() {
    for (header, expected) in [
        (None, None),
        (Some("10"), Some(9_500)),
        (Some("1"), Some(900)),
        (Some("0.5"), Some(450)),
        (Some("0"), None),
        (Some("-1"), None),
        (Some("NaN"), None),
        (Some("1e300"), None),
        (Some("x"), None),
    ] {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert(SCRAPE_TIMEOUT, HeaderValue::from_static(value));
        }
        assert_eq!(
            patience(&headers),
            expected.map(Duration::from_millis),
            "{header:?}"
        );
    }
}

#[test]
fn a_scrape_is_negotiated_and_encoded() {
    runtime().block_on(async {
        let app = app(Options::default());
        let (status, headers, body) = get(&app, "/metrics", &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(header(&headers, &CONTENT_TYPE), "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
        assert_eq!(header(&headers, &CONTENT_ENCODING), "");
        assert_eq!(body, b"# HELP one Help.\n# TYPE one gauge\none 1\n");

        let (_, headers, gzipped) = get(&app, "/metrics", &[("accept-encoding", "gzip")]).await;
        assert_eq!(header(&headers, &CONTENT_ENCODING), "gzip");
        assert_eq!(promontory_exposition::gzip::inflate(&gzipped, 1 << 20).expect("gzip"), body);

        let accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
        let (_, headers, _) = get(&app, "/metrics", &[("accept", accept)]).await;
        assert!(header(&headers, &CONTENT_TYPE).starts_with("application/vnd.google.protobuf; proto="));

        let openmetrics = app_with(Offer::WithOpenMetrics);
        let (_, headers, body) = get(&openmetrics, "/metrics", &[("accept", "application/openmetrics-text;version=1.0.0")]).await;
        assert!(header(&headers, &CONTENT_TYPE).starts_with("application/openmetrics-text; version=1.0.0"));
        assert!(body.ends_with(b"one 1.0\n# EOF\n"), "{}", String::from_utf8_lossy(&body));
    });
}

fn app_with(offer: Offer) -> Router {
    app(Options {
        offer,
        ..Options::default()
    })
}

#[test]
fn filters_are_answered_in_node_exporters_words() {
    runtime().block_on(async {
        let app = app(Options::default());
        let prefix = "Couldn't create filtered metrics handler: couldn't create collector:";
        for (query, status, expected) in [
            (
                "collect[]=one",
                200,
                "# HELP one Help.\n# TYPE one gauge\none 1\n".to_owned(),
            ),
            (
                "collect%5B%5D=one&x=%zz",
                200,
                "# HELP one Help.\n# TYPE one gauge\none 1\n".to_owned(),
            ),
            ("exclude[]=one", 200, String::new()),
            ("collect[]=x", 400, format!("{prefix} missing collector: x")),
            (
                "collect[]=off",
                400,
                format!("{prefix} disabled collector: off"),
            ),
            (
                "collect[]=one&exclude[]=one",
                400,
                "Combined collect and exclude queries are not allowed.".to_owned(),
            ),
        ] {
            let (found, _, body) = get(&app, &format!("/metrics?{query}"), &[]).await;
            assert_eq!(
                (found.as_u16(), String::from_utf8_lossy(&body).into_owned()),
                (status, expected),
                "{query}"
            );
        }
    });
}

/// A collector that waits for the test.
struct Gate {
    began: Sender<()>,
    gate: Mutex<Receiver<()>>,
}

impl Collector for Gate {
    fn name(&self) -> &str {
        "gate"
    }

    fn collect(&self, _: &mut Batch) -> Result<(), CollectError> {
        let _ = self.began.send(());
        let _ = self.gate.lock().expect("one thread").recv();
        Ok(())
    }
}

#[test]
fn more_scrapes_than_allowed_are_refused_and_counted() {
    let (began, beginnings) = channel();
    let (open, gate) = channel();
    let options = Options {
        requests_max: 1,
        ..Options::default()
    };
    let mut registry = Registry::new();
    registry
        .add(Gate {
            began,
            gate: Mutex::new(gate),
        })
        .always(Arc::clone(&options.meter));
    let app = Router::new().route("/metrics", service(Arc::new(registry), options));
    let runtime = runtime();
    let first = runtime.spawn({
        let app = app.clone();
        async move { get(&app, "/metrics", &[]).await }
    });
    beginnings.recv().expect("the first scrape began");
    let (status, headers, body) = runtime.block_on(get(&app, "/metrics", &[]));
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&headers, &X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(
        body,
        b"Limit of concurrent requests reached (1), try again later.\n"
    );
    drop(open);
    let (status, _, _) = runtime.block_on(first).expect("the first scrape ends");
    assert_eq!(status, StatusCode::OK);

    let (_, _, body) = runtime.block_on(get(&app, "/metrics", &[]));
    let body = String::from_utf8(body).expect("UTF-8");
    for line in [
        r#"promhttp_metric_handler_requests_total{code="200"} 1"#,
        r#"promhttp_metric_handler_requests_total{code="500"} 0"#,
        r#"promhttp_metric_handler_requests_total{code="503"} 1"#,
        "promhttp_metric_handler_requests_in_flight 1",
        r#"promhttp_metric_handler_errors_total{cause="encoding"} 0"#,
    ] {
        assert!(
            body.lines().any(|found| found == line),
            "no {line} in\n{body}"
        );
    }
}

#[test]
fn a_scrape_does_not_wait_longer_than_the_scraper() {
    let (began, _beginnings) = channel();
    let (_open, gate) = channel::<()>();
    let mut registry = Registry::new();
    registry
        .scrape_series("t", "t")
        .add(Gate {
            began,
            gate: Mutex::new(gate),
        })
        .add(One);
    // Without the header this deadline would outlast the test.
    let options = Options {
        deadline: Duration::from_secs(3600),
        ..Options::default()
    };
    let app = Router::new().route("/metrics", service(Arc::new(registry), options));
    let runtime = runtime();
    let (status, _, body) = runtime.block_on(get(
        &app,
        "/metrics",
        &[("x-prometheus-scrape-timeout-seconds", "0.1")],
    ));
    let body = String::from_utf8(body).expect("UTF-8");
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("\none 1\n"), "{body}");
    assert!(
        body.contains("t_scrape_collector_success{collector=\"gate\"} 0\n"),
        "{body}"
    );
    runtime.shutdown_background();
}

#[expect(clippy::disallowed_methods, reason = "the answer is the test's own")]
#[test]
fn a_failure_speaks_as_promhttp() {
    runtime().block_on(async {
        let (parts, body) = failure(&"no luck").into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        assert_eq!(parts.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            header(&parts.headers, &CONTENT_TYPE),
            "text/plain; charset=utf-8"
        );
        assert_eq!(
            body,
            "An error has occurred while serving metrics:\n\nno luck\n"
        );
    });
}
