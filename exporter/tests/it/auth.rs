//! Users, headers and rate limit, unencrypted. The bodies and headers are those of the real programs.

use crate::client::{ask, curl, exchange, header};
use crate::running::{Running, refused};

/// `secret`, cost 4, so that a check is quick.
fn hash(password: &str) -> String {
    bcrypt::hash(password, 4).unwrap()
}

fn users(folder: &std::path::Path) -> Running {
    let text = format!(
        "basic_auth_users:\n  alice: {}\n  bob: {}\n",
        hash("secret"),
        hash("pa:ss")
    );
    Running::with_config(folder, &text)
}

#[test]
fn only_the_right_pair_passes() {
    let folder = tempfile::tempdir().unwrap();
    let running = users(folder.path());
    let url = format!("http://{}/hello", running.address);
    let check = |user: &str, expected: &str| {
        let (status, body) = ask(&["--user", user, &url]);
        assert_eq!(status, format!("HTTP/1.1 {expected}"), "{user}");
        let refused = "Unauthorized\n";
        assert_eq!(body, if expected == "200" { "hello" } else { refused });
    };
    check("alice:secret", "200");
    check("alice:secret", "200"); // remembered
    check("alice:Secret", "401");
    check("alice:secret", "200");
    check("alice:", "401");
    check("bob:secret", "401");
    check("bob:pa:ss", "200");
    check("carol:secret", "401");
    check(":secret", "401");
}

#[test]
fn a_refusal_looks_like_upstream() {
    let folder = tempfile::tempdir().unwrap();
    let running = users(folder.path());
    // Every path is closed, also one that does not exist.
    for path in ["hello", "nothing", "-/healthy"] {
        let answer = curl(&[&format!("http://{}/{path}", running.address)]);
        assert!(
            answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"),
            "{answer}"
        );
        assert_eq!(header(&answer, "www-authenticate"), Some("Basic"));
        assert_eq!(
            header(&answer, "content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"));
        assert!(
            answer.contains("Www-Authenticate: Basic"),
            "Go's spelling: {answer}"
        );
    }
}

#[test]
fn odd_authorization_headers() {
    let folder = tempfile::tempdir().unwrap();
    let running = users(folder.path());
    let check = |value: &str, expected: &str| {
        let request = format!(
            "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: {value}\r\n\r\n"
        );
        let answer = exchange(running.address, request.as_bytes());
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected}")),
            "{value}: {answer}"
        );
    };
    check("Basic YWxpY2U6c2VjcmV0", "200");
    check("bAsIc YWxpY2U6c2VjcmV0", "200");
    check("Basic  YWxpY2U6c2VjcmV0", "401");
    check("BasicYWxpY2U6c2VjcmV0", "401");
    check("Basic YWxpY2U6c2VjcmV", "401");
    check("Basic YWxpY2UAOnNlY3JldA==", "401"); // a NUL after the name
    check("Basic ", "401");
    check("Basic YWxpY2U=", "401");
    check("Bearer YWxpY2U6c2VjcmV0", "401");
    check("B", "401");
}

#[test]
fn configured_headers_are_on_every_answer() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    \
         Strict-Transport-Security: max-age=1\nbasic_auth_users:\n  a: {}\n",
        hash("b")
    );
    let running = Running::with_config(folder.path(), &text);
    for (user, path) in [
        ("a:b", "hello"),
        ("a:b", "nothing"),
        ("a:b", "panic"),
        ("a:c", "hello"),
    ] {
        let url = format!("http://{}/{path}", running.address);
        let answer = curl(&["--user", user, &url]);
        assert_eq!(header(&answer, "x-frame-options"), Some("deny"), "{answer}");
        let strict = header(&answer, "strict-transport-security");
        assert_eq!(strict, Some("max-age=1"), "{answer}");
    }
}

#[test]
fn beyond_the_rate_is_429() {
    let folder = tempfile::tempdir().unwrap();
    let text = "rate_limit:\n  interval: 1h\n  burst: 2\n";
    let running = Running::with_config(folder.path(), text);
    let url = format!("http://{}/hello", running.address);
    assert_eq!(ask(&[&url]).0, "HTTP/1.1 200");
    assert_eq!(ask(&[&url]).0, "HTTP/1.1 200");
    let refused = ("HTTP/1.1 429".to_owned(), "Too Many Requests\n".to_owned());
    assert_eq!(ask(&[&url]), refused);
}

#[test]
fn an_interval_of_0_limits_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::with_config(folder.path(), "rate_limit:\n  interval: 0s\n  burst: 0\n");
    let url = format!("http://{}/hello", running.address);
    assert_eq!(ask(&[&url]).0, "HTTP/1.1 200");
}

#[test]
fn bad_files_are_refused_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str, expected: &str| {
        let error = refused(folder.path(), text);
        assert!(error.contains(expected), "{text}: {error}");
    };
    check(
        "basic_auth_users:\n  john: doe\n",
        "basic_auth_users: john: not a bcrypt hash",
    );
    check("nonsense: 1\n", "nonsense");
    check("http_server_config:\n  http3: true\n", "http3");
    check("just words", "line 1");
    check(
        "http_server_config:\n  headers:\n    Content-Type: foo\n",
        "http_server_config: headers: Content-Type: this header cannot be configured",
    );
    check(
        "http_server_config:\n  headers:\n    X-Frame-Options: foo\n",
        "X-Frame-Options: expected one of deny, sameorigin, not \"foo\"",
    );
    check("rate_limit:\n  interval: soon\n", "rate_limit: interval:");
    check(
        "rate_limit:\n  interval: 1s\n  burst: -1\n",
        "rate_limit: burst:",
    );
    check("a: 1\na: 2\n", "a");
}

#[test]
fn a_hash_never_shows_in_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(
        folder.path(),
        "basic_auth_users:\n  a: $2y$hidden\n  b: [hidden]\nc: d\n",
    );
    assert!(!error.contains("hidden"), "{error}");
}

#[test]
fn an_empty_file_at_the_start_is_as_none() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["", "# nothing\n", "tls_server_config:\nbasic_auth_users:\n"] {
        let running = Running::with_config(folder.path(), text);
        let url = format!("http://{}/hello", running.address);
        assert_eq!(ask(&[&url]).0, "HTTP/1.1 200");
    }
}

#[test]
fn a_missing_file_is_named() {
    let mut site = crate::running::site(axum::Router::new());
    site.web_config = Some("/nowhere/web.yml".into());
    let error = crate::running::start(site).err().unwrap().to_string();
    assert_eq!(
        error,
        "/nowhere/web.yml: No such file or directory (os error 2)"
    );
}
