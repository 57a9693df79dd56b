//! TLS by the web config file, seen by curl and openssl.

use std::io::Write;
use std::path::Path;

use crate::certs;
use crate::client::{ask, connect, exchange, rest, s_client};
use crate::client_certs::clients;
use crate::running::{Running, refused};

pub const SERVER: &str = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

/// curl with our authority, and more.
pub fn get(folder: &Path, running: &Running, more: &[&str]) -> (String, String) {
    let ca = folder.join("ca.pem").display().to_string();
    let url = format!("https://localhost:{}/peer", running.address.port());
    let mut arguments = vec!["--cacert", &ca, &url];
    arguments.extend(more);
    ask(&arguments)
}

#[test]
fn http2_is_offered_unless_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let running = Running::with_config(folder.path(), SERVER);
    let peer = "127.0.0.1 tls=true".to_owned();
    let two = get(folder.path(), &running, &["--http2"]);
    assert_eq!(two, ("HTTP/2 200".into(), peer.clone()));
    let one = get(folder.path(), &running, &["--http1.1"]);
    assert_eq!(one, ("HTTP/1.1 200".into(), peer.clone()));
    let text = format!("{SERVER}http_server_config:\n  http2: false\n");
    let running = Running::with_config(folder.path(), &text);
    let off = get(folder.path(), &running, &["--http2"]);
    assert_eq!(off, ("HTTP/1.1 200".into(), peer));
}

#[test]
fn limits_hold_for_http2_too() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let mut site = crate::running::configured(folder.path(), SERVER);
    site.limits.body_bytes_max = 1000;
    let running = crate::running::start(site).unwrap();
    let url = format!("https://{}/echo", running.address);
    let check = |bytes: usize, expected: (&str, &str)| {
        let (status, body) = ask(&["--insecure", "--http2", "--data", &"a".repeat(bytes), &url]);
        assert_eq!((status.as_str(), body.as_str()), expected);
    };
    check(1000, ("HTTP/2 200", "1000 bytes"));
    check(
        1001,
        ("HTTP/2 413", "the request body is larger than 1000 bytes\n"),
    );
    let url = format!("https://{}/panic", running.address);
    assert_eq!(ask(&["--insecure", &url]).0, "HTTP/2 500");
}

#[test]
fn http_to_a_tls_port_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let running = Running::with_config(folder.path(), SERVER);
    let answer = exchange(running.address, b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    let expected =
        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    assert_eq!(answer, expected);
    // Neither rubbish nor silence harms the next client.
    exchange(running.address, b"\x16\x03\x01\xff\xffrubbish");
    assert_eq!(get(folder.path(), &running, &[]).0, "HTTP/2 200");
}

#[test]
fn a_handshake_that_does_not_end_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let mut site = crate::running::configured(folder.path(), SERVER);
    site.limits.handshake_timeout = std::time::Duration::from_millis(50);
    let running = crate::running::start(site).unwrap();
    assert_eq!(exchange(running.address, b""), "");
    assert_eq!(exchange(running.address, b"\x16\x03\x01"), "");
}

#[test]
fn versions() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let check = |more: &str, client: &str, expected: &str| {
        let running = Running::with_config(folder.path(), &format!("{SERVER}{more}"));
        let said = s_client(running.address, &[client]);
        let version = said.lines().find(|line| line.starts_with("New, "));
        let version = version.and_then(|line| line.split(", ").nth(1));
        assert_eq!(version, Some(expected), "{more} {client}: {said}");
    };
    check("", "-tls1_3", "TLSv1.3");
    check("", "-tls1_2", "TLSv1.2");
    check("", "-tls1_1", "(NONE)");
    check("  min_version: TLS13\n", "-tls1_2", "(NONE)");
    check("  min_version: TLS13\n", "-tls1_3", "TLSv1.3");
    check("  max_version: TLS12\n", "-tls1_3", "(NONE)");
    check("  max_version: TLS12\n", "-tls1_2", "TLSv1.2");
}

#[test]
fn ciphers_and_curves() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let text = format!(
        "{SERVER}  cipher_suites:\n    - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n  \
         curve_preferences: [CurveP384]\n"
    );
    let running = Running::with_config(folder.path(), &text);
    let check = |arguments: &[&str], expected: &str| {
        let said = s_client(running.address, arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    };
    check(&["-tls1_2"], "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256");
    check(
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"],
        "Cipher is (NONE)",
    );
    check(&["-tls1_3"], "Cipher is TLS_");
    check(&["-tls1_3"], "Server Temp Key: ECDH, secp384r1, 384 bits");
    check(&["-tls1_3", "-curves", "X25519"], "Cipher is (NONE)");
}

#[test]
fn inline_certificate_and_key() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let inline = |file: &str| {
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        text.lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    };
    let text = format!(
        "tls_server_config:\n  cert: |\n{}  key: |\n{}",
        inline("server.crt"),
        inline("server.key")
    );
    let running = Running::with_config(folder.path(), &text);
    assert_eq!(get(folder.path(), &running, &[]).0, "HTTP/2 200");
}

#[test]
fn bad_sections_are_refused_by_key() {
    let folder = tempfile::tempdir().unwrap();
    clients(folder.path());
    std::fs::write(folder.path().join("empty"), "").unwrap();
    let check = |section: &str, expected: &str| {
        let text = format!("tls_server_config:\n  {}\n", section.replace("; ", "\n  "));
        let error = refused(folder.path(), &text);
        let error = error.strip_prefix("tls_server_config: ").unwrap_or(&error);
        assert_eq!(error, expected, "{section}");
    };
    let ok = |more: &str| format!("cert_file: server.crt; key_file: server.key; {more}");
    check(
        "key_file: server.key",
        "cert_file: missing one of cert or cert_file",
    );
    check(
        "cert_file: server.crt",
        "key_file: missing one of key or key_file",
    );
    check(
        "client_auth_type: x",
        "cert_file: missing one of cert or cert_file",
    );
    check(
        "cert_file: nothing; key_file: server.key",
        "cert_file: nothing: No such file or directory (os error 2)",
    );
    check(
        "cert_file: empty; key_file: server.key",
        "cert_file: empty: holds no certificate in PEM",
    );
    check(
        "cert_file: server.crt; key_file: server.crt",
        "key_file: server.crt: holds no private key in PEM",
    );
    check(
        "cert_file: server.crt; key_file: good.key",
        "key_file: good.key: not a key for the certificate: keys may not be consistent: KeyMismatch",
    );
    check(
        &ok("min_version: TLS11"),
        "min_version: TLS11 is broken and not supported, use TLS12 or TLS13",
    );
    check(
        &ok("min_version: TLS1"),
        "min_version: unknown TLS version: TLS1",
    );
    check(
        &ok("min_version: TLS13; max_version: TLS12"),
        "max_version: is lower than min_version",
    );
    check(
        &ok("cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]"),
        "cipher_suites: TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA (CBC) is not supported, remove it from the list",
    );
    check(
        &ok("cipher_suites: [TLS_X]"),
        "cipher_suites: unknown cipher: TLS_X",
    );
    check(
        &ok("cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]; max_version: TLS12"),
        "cipher_suites: HTTP/2 needs one of TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, \
         TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256; add one, or set http_server_config: http2: false",
    );
    check(
        &ok("curve_preferences: [CurveP521]"),
        "curve_preferences: CurveP521 is not supported, use X25519, CurveP256 or CurveP384",
    );
    check(
        &ok("curve_preferences: [CurveP257]"),
        "curve_preferences: unknown curve: CurveP257",
    );
    check(
        &ok("client_auth_type: Maybe"),
        "client_auth_type: invalid client authentication type: Maybe",
    );
    check(
        &ok("client_ca_file: ca.pem"),
        "client_ca_file: ca.pem: needs a client_auth_type that asks for certificates",
    );
    check(
        &ok("client_allowed_sans: [a]"),
        "client_allowed_sans: needs a client_auth_type that asks for certificates",
    );
    check(
        &ok("client_auth_type: RequireAndVerifyClientCert; client_ca_file: empty"),
        "client_ca_file: empty: holds no certificate in PEM",
    );
}

/// Silent connections give way to newcomers; one that has begun its handshake does not, however long it has been there.
#[test]
fn at_the_limit_a_handshake_that_has_begun_keeps_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    certs::server(folder.path());
    let mut site = crate::running::configured(folder.path(), SERVER);
    site.limits.connections_max = 2;
    // Longer than the test waits for anything.
    site.limits.handshake_timeout = std::time::Duration::from_secs(600);
    let running = crate::running::start(site).unwrap();
    let mut begun = connect(running.address);
    begun.write_all(b"\x16\x03\x01").unwrap();
    for _ in 0..3 {
        let mut silent = connect(running.address);
        assert_eq!(get(folder.path(), &running, &[]).0, "HTTP/2 200");
        assert_eq!(rest(&mut silent), "");
    }
    begun.set_nonblocking(true).unwrap();
    let nothing = std::io::Read::read(&mut begun, &mut [0; 1]).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
}
