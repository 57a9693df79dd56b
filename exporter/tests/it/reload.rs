//! A web config that changes while we serve: the next request sees a good change, no request sees a bad one.

use std::path::Path;

use crate::certs;
use crate::client::{ask, s_client};
use crate::running::{Running, write_config};

fn user(name: &str, password: &str) -> String {
    let hash = bcrypt::hash(password, 4).unwrap();
    format!("basic_auth_users:\n  {name}: {hash}\n")
}

fn status(running: &Running, user: &str) -> String {
    ask(&["--user", user, &format!("http://{}/hello", running.address)]).0
}

#[test]
fn the_next_request_sees_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::with_config(folder.path(), &user("a", "one"));
    assert_eq!(status(&running, "a:one"), "HTTP/1.1 200");
    // Same length, same second: only the content tells.
    write_config(folder.path(), &user("a", "two"));
    assert_eq!(status(&running, "a:one"), "HTTP/1.1 401");
    assert_eq!(status(&running, "a:two"), "HTTP/1.1 200");
    assert_eq!(running.log.with("Took over").len(), 1);
}

#[test]
fn a_bad_change_keeps_the_last_good_one_and_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::with_config(folder.path(), &user("a", "one"));
    let file = folder.path().join("web.yml");
    let mut complaints = 0;
    let mut check = |change: &dyn Fn(), expected: &str| {
        change();
        for _ in 0..3 {
            assert_eq!(status(&running, "a:one"), "HTTP/1.1 200");
            assert_eq!(status(&running, "a:two"), "HTTP/1.1 401");
        }
        let lines = running.log.with("keeping the last good one");
        complaints += 1;
        assert_eq!(lines.len(), complaints, "{lines:?}");
        let last = lines.last().unwrap();
        assert!(
            last.contains("web.yml: ") && last.contains(expected),
            "{last}"
        );
    };
    check(
        &|| drop(write_config(folder.path(), "nonsense: 1\n")),
        "nonsense",
    );
    check(
        &|| drop(write_config(folder.path(), "")),
        "basic_auth_users: can be taken away",
    );
    check(&|| std::fs::remove_file(&file).unwrap(), "No such file");
    let unreadable = format!(
        "{}tls_server_config:\n  cert_file: a\n  key_file: b\n",
        user("a", "one")
    );
    check(
        &|| drop(write_config(folder.path(), &unreadable)),
        "cert_file: ",
    );
    write_config(folder.path(), &user("a", "three"));
    assert_eq!(status(&running, "a:three"), "HTTP/1.1 200");
}

#[test]
fn a_rate_limit_survives_other_changes() {
    let folder = tempfile::tempdir().unwrap();
    let text = "rate_limit:\n  interval: 1h\n  burst: 2\n";
    let running = Running::with_config(folder.path(), text);
    assert_eq!(status(&running, "a:b"), "HTTP/1.1 200");
    write_config(
        folder.path(),
        &format!("{text}http_server_config:\n  http2: false\n"),
    );
    assert_eq!(status(&running, "a:b"), "HTTP/1.1 200");
    assert_eq!(status(&running, "a:b"), "HTTP/1.1 429");
    write_config(folder.path(), &text.replace('2', "3"));
    assert_eq!(status(&running, "a:b"), "HTTP/1.1 200");
}

const SERVER: &str = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

/// The subject that a handshake shows.
fn subject(running: &Running) -> String {
    let said = s_client(running.address, &[]);
    let line = said.lines().find_map(|line| line.strip_prefix("subject="));
    line.unwrap_or_else(|| panic!("{said}")).replace(' ', "")
}

fn replace(folder: &Path, name: &str) {
    for end in ["crt", "key"] {
        let from = folder.join(format!("{name}.{end}"));
        std::fs::copy(from, folder.join(format!("server.{end}"))).unwrap();
    }
}

#[test]
fn a_new_certificate_counts_from_the_next_handshake_on() {
    let folder = tempfile::tempdir().unwrap();
    let ca = certs::server(folder.path());
    certs::issue(folder.path(), &ca, "renewed", vec![certs::dns("localhost")]);
    let running = Running::with_config(folder.path(), SERVER);
    assert_eq!(subject(&running), "CN=server");
    // Half of it, as an unlucky moment may show: key and certificate do not belong together.
    let key = std::fs::read(folder.path().join("renewed.key")).unwrap();
    std::fs::write(folder.path().join("server.key"), key).unwrap();
    assert_eq!(subject(&running), "CN=server");
    replace(folder.path(), "renewed");
    assert_eq!(subject(&running), "CN=renewed");
    assert_eq!(running.log.with("keeping the last good one").len(), 1);
}

#[test]
fn no_change_takes_a_guard_away() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let guarded = format!(
        "{SERVER}  client_auth_type: RequireAnyClientCert\n{}",
        user("a", "b")
    );
    let running = Running::with_config(folder.path(), &guarded);
    let check = |text: &str, expected: &str| {
        write_config(folder.path(), text);
        assert_eq!(subject(&running), "CN=server");
        let lines = running.log.with("can be taken away only by a restart");
        assert!(lines.last().unwrap().contains(expected), "{lines:?}");
    };
    check("", "tls_server_config: can");
    check(&user("a", "b"), "tls_server_config: can");
    check(
        &format!("{SERVER}{}", user("a", "b")),
        "client_auth_type: can",
    );
    check(
        &guarded[..guarded.find("  a:").unwrap()],
        "basic_auth_users: can",
    );
}
