//! The push client against a gateway that answers as it is told, with and without TLS.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use promontory_exporter::collector::{CollectError, Collector, Registry};
use promontory_exporter::exposition::batch::Batch;
use promontory_exporter::exposition::format::{Format, Limits, read};
use promontory_exporter::exposition::model::Header;
use promontory_exporter::push::{Body, PushError, Pusher};
use promontory_exporter::server::read_body;

use crate::certs;
use crate::running::{Running, site, start, write_config};

/// What the gateway heard, and what it is to answer; 200 when it was told nothing more.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    answers: VecDeque<u16>,
    heard: Vec<(String, Vec<u8>)>,
}

impl Script {
    fn of(answers: &[u16]) -> Self {
        let script = Self::default();
        script.0.lock().unwrap().answers = answers.iter().copied().collect();
        script
    }

    fn app(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    fn heard(&self) -> Vec<String> {
        let inside = self.0.lock().unwrap();
        inside.heard.iter().map(|(line, _)| line.clone()).collect()
    }
}

async fn answer(State(script): State<Script>, request: Request) -> (StatusCode, String) {
    let line = line(&request);
    let bytes = read_body(request.into_body()).await.unwrap();
    let mut inside = script.0.lock().unwrap();
    inside.heard.push((line, bytes.to_vec()));
    let status = inside.answers.pop_front().unwrap_or(200);
    let words = format!("said {status}\n");
    (StatusCode::from_u16(status).unwrap(), words)
}

/// A request in a line: method, path, media type, sign-in.
fn line(request: &Request) -> String {
    let header = |name| {
        let value = request.headers().get(name);
        value.map_or("-", |value| value.to_str().unwrap())
    };
    format!(
        "{} {} {} {}",
        request.method(),
        request.uri().path(),
        header(CONTENT_TYPE).split(';').next().unwrap(),
        header(AUTHORIZATION)
    )
}

fn plain(script: &Script) -> (Running, Pusher) {
    let running = start(site(script.app())).unwrap();
    let pusher = Pusher::new(&running.address.to_string(), "batch").unwrap();
    (running, pusher)
}

struct Jobs;

impl Collector for Jobs {
    fn name(&self) -> &str {
        "jobs"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        batch
            .family(Header::gauge("jobs", "Jobs."))
            .sample(&[("kind", "é")], 3.0);
        Ok(())
    }
}

#[test]
fn each_request_has_its_method_path_and_format() {
    let script = Script::of(&[200, 202]);
    let (_running, pusher) = plain(&script);
    let pusher = pusher
        .grouping("path", "/home/anna")
        .unwrap()
        .basic_auth("me", "secret");
    let mut registry = Registry::new();
    registry.add(Jobs);
    let body = Body::registry(&registry, Duration::from_secs(60)).unwrap();
    pusher.put(&body).unwrap();
    pusher.add(&Body::text("x 1\n")).unwrap();
    pusher.delete().unwrap();
    let path = "/metrics/job/batch/path@base64/L2hvbWUvYW5uYQ==";
    let signed = "Basic bWU6c2VjcmV0";
    assert_eq!(
        script.heard(),
        [
            format!("PUT {path} application/vnd.google.protobuf {signed}"),
            format!("POST {path} text/plain {signed}"),
            format!("DELETE {path} - {signed}"),
        ]
    );
    let inside = script.0.lock().unwrap();
    let families = read(Format::Protobuf, &inside.heard[0].1, &Limits::default()).unwrap();
    assert_eq!(families.len(), 1);
    assert_eq!(families[0].name, "jobs");
    assert_eq!(families[0].metrics[0].labels[0].value, "é");
    assert_eq!(inside.heard[1].1, b"x 1\n");
}

#[test]
fn trouble_is_waited_out_and_refusals_are_not() {
    let script = Script::of(&[503, 429, 500, 200]);
    let (_running, pusher) = plain(&script);
    pusher.put(&Body::text("x 1\n")).unwrap();
    assert_eq!(script.heard().len(), 4);

    for (answers, attempts, requests) in [
        (&[400][..], 4, 1),
        (&[401], 4, 1),
        (&[307], 4, 1),
        (&[503, 503, 503], 2, 2),
        (&[503, 503, 503], 0, 1),
    ] {
        let script = Script::of(answers);
        let (running, pusher) = plain(&script);
        let error = pusher.attempts(attempts).put(&Body::text("x 1\n"));
        let status = answers[0];
        assert_eq!(
            error.unwrap_err().to_string(),
            format!(
                "http://{}/metrics/job/batch answered {status}: said {status}",
                running.address
            )
        );
        assert_eq!(script.heard().len(), requests, "{answers:?}");
    }
}

#[test]
fn nobody_there_is_an_error_that_says_where() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let pusher = Pusher::new(&format!("127.0.0.1:{port}"), "j").unwrap();
    let error = pusher.attempts(2).delete().unwrap_err();
    assert!(matches!(error, PushError::Unreachable { .. }), "{error}");
    let begin = format!("no answer from http://127.0.0.1:{port}/metrics/job/j: ");
    assert!(error.to_string().starts_with(&begin), "{error}");
}

#[test]
fn tls_with_an_authority_and_a_client_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let ca = certs::server(folder.path());
    certs::issue(folder.path(), &ca, "client", vec![certs::dns("client")]);
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let script = Script::default();
    let mut site = site(script.app());
    let config = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  \
                  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    site.web_config = Some(write_config(folder.path(), config));
    let running = start(site).unwrap();
    let gateway = format!("https://localhost:{}", running.address.port());
    let pusher = Pusher::new(&gateway, "j").unwrap().attempts(1);

    let error = pusher.put(&Body::text("x 1\n")).unwrap_err();
    assert!(matches!(error, PushError::Unreachable { .. }), "{error}");
    let trusting = pusher.authorities(&read("ca.pem")).unwrap();
    let error = trusting.put(&Body::text("x 1\n")).unwrap_err();
    assert!(matches!(error, PushError::Unreachable { .. }), "{error}");
    let known = trusting
        .identity(&read("client.crt"), &read("client.key"))
        .unwrap();
    known.put(&Body::text("x 1\n")).unwrap();
    assert_eq!(script.heard().len(), 1);
    for wrong in [
        &b""[..],
        b"-----BEGIN CERTIFICATE-----\n",
        &read("client.key"),
    ] {
        assert!(known.clone().authorities(wrong).is_err());
    }
}

#[test]
fn what_is_no_gateway_is_refused_before_anything_is_sent() {
    for url in ["ftp://host", "http://", "http://h:1/?x=1", "http://a b"] {
        let error = Pusher::new(url, "j").unwrap_err();
        assert!(matches!(error, PushError::Gateway { .. }), "{url}: {error}");
    }
    assert!(matches!(
        Pusher::new("host:9091", ""),
        Err(PushError::NoJob)
    ));
    let prefixed = Pusher::new("https://host/gateway/", "j").unwrap();
    assert_eq!(prefixed.url(), "https://host/gateway/metrics/job/j");
}
