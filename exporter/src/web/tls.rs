//! From `tls_server_config` to what rustls needs.
//!
//! rustls speaks TLS 1.2 and 1.3 with forward-secret AEAD ciphers only. A file that asks for less (TLS 1.0, CBC
//! suites) or for a curve the provider lacks (P-521) is refused by name: to serve something else than asked
//! would be worse than not to start.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{NoClientAuth, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, SupportedCipherSuite, SupportedProtocolVersion, version};

use super::client_cert;
use super::config::{Document, TlsSection, Wrong, given};
use super::files::Files;
use super::pem::{Pem, wrong};

/// Go's names of the suites we have. The TLS 1.3 ones are always on, in Go too, whatever the file lists.
const SUITES: &[(&str, SupportedCipherSuite)] = &[
    (
        "TLS_AES_128_GCM_SHA256",
        ring::cipher_suite::TLS13_AES_128_GCM_SHA256,
    ),
    (
        "TLS_AES_256_GCM_SHA384",
        ring::cipher_suite::TLS13_AES_256_GCM_SHA384,
    ),
    (
        "TLS_CHACHA20_POLY1305_SHA256",
        ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ring::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        ring::cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        ring::cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// Suites that Go still has and rustls refuses to have.
const SUITES_MISSING: &[&str] = &[
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
];

/// One of these must be on for HTTP/2 over TLS 1.2 (RFC 9113, 9.2.2).
const SUITES_OF_HTTP2: &[&str] = &[
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
];

/// The settings of a site, or `None` if it is served unencrypted.
pub(super) fn server_config(
    document: &Document,
    http2: bool,
    files: &mut Files,
) -> Result<Option<Arc<ServerConfig>>, Wrong> {
    let Some(section) = document.tls() else {
        return Ok(None);
    };
    let versions = versions(section)?;
    let provider = Arc::new(CryptoProvider {
        cipher_suites: suites(section, http2)?,
        kx_groups: curves(section)?,
        ..ring::default_provider()
    });
    let identity = identity(document, section, &provider, files)?;
    let clients = client_cert::verifier(document, section, &provider, files)?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| wrong("min_version", error.to_string()))?;
    let mut config = builder
        .with_client_cert_verifier(clients.unwrap_or_else(|| Arc::new(NoClientAuth)))
        .with_cert_resolver(identity);
    config.ignore_client_order = section.prefer_server_cipher_suites.unwrap_or(true);
    config.alpn_protocols = match http2 {
        true => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        false => vec![b"http/1.1".to_vec()],
    };
    Ok(Some(Arc::new(config)))
}

fn identity(
    document: &Document,
    section: &TlsSection,
    provider: &CryptoProvider,
    files: &mut Files,
) -> Result<Arc<dyn ResolvesServerCert>, Wrong> {
    let cert = Pem::read(
        document,
        files,
        ("cert_file", &section.cert_file),
        ("cert", &section.cert),
    )?;
    let cert = cert.ok_or_else(|| wrong("cert_file", "missing one of cert or cert_file"))?;
    let key = Pem::read(
        document,
        files,
        ("key_file", &section.key_file),
        ("key", &section.key),
    )?;
    let key = key.ok_or_else(|| wrong("key_file", "missing one of key or key_file"))?;
    let chain = cert.certificates()?;
    let private = PrivateKeyDer::from_pem_slice(&key.content)
        .map_err(|_| key.wrong("holds no private key in PEM"))?;
    let certified = CertifiedKey::from_der(chain, private, provider)
        .map_err(|error| key.wrong(format!("not a key for the certificate: {error}")))?;
    Ok(Arc::new(SingleCertAndKey::from(certified)))
}

fn versions(section: &TlsSection) -> Result<Vec<&'static SupportedProtocolVersion>, Wrong> {
    let min = version_number("min_version", &section.min_version, 12)?;
    let max = version_number("max_version", &section.max_version, 13)?;
    let all = [(12, &version::TLS12), (13, &version::TLS13)];
    let mut versions = Vec::new();
    for (number, version) in all {
        if (min..=max).contains(&number) {
            versions.push(version);
        }
    }
    match versions.is_empty() {
        true => Err(wrong("max_version", "is lower than min_version")),
        false => Ok(versions),
    }
}

fn version_number(key: &str, value: &Option<String>, default: u8) -> Result<u8, Wrong> {
    match given(value) {
        None => Ok(default),
        Some("TLS12") => Ok(12),
        Some("TLS13") => Ok(13),
        Some(old @ ("TLS10" | "TLS11")) => {
            let reason = format!("{old} is broken and not supported, use TLS12 or TLS13");
            Err(wrong(key, reason))
        }
        Some(other) => Err(wrong(key, format!("unknown TLS version: {other}"))),
    }
}

/// The listed suites in their order, with all of TLS 1.3 before them.
fn suites(section: &TlsSection, http2: bool) -> Result<Vec<SupportedCipherSuite>, Wrong> {
    let listed = section.cipher_suites.as_deref().unwrap_or_default();
    if listed.is_empty() {
        return Ok(ring::DEFAULT_CIPHER_SUITES.to_vec());
    }
    let all = ring::ALL_CIPHER_SUITES.iter().copied();
    let mut suites: Vec<_> = all.filter(|suite| suite.tls13().is_some()).collect();
    for name in listed {
        if SUITES_MISSING.contains(&name.as_str()) {
            let reason = format!("{name} (CBC) is not supported, remove it from the list");
            return Err(wrong("cipher_suites", reason));
        }
        let known = SUITES.iter().find(|(known, _)| known == name);
        let (_, suite) =
            known.ok_or_else(|| wrong("cipher_suites", format!("unknown cipher: {name}")))?;
        if suite.tls13().is_none() {
            suites.push(*suite);
        }
    }
    let for_http2 = listed
        .iter()
        .any(|name| SUITES_OF_HTTP2.contains(&name.as_str()));
    if http2 && !for_http2 && given(&section.min_version) != Some("TLS13") {
        let reason = format!(
            "HTTP/2 needs one of {}; add one, or set http_server_config: http2: false",
            SUITES_OF_HTTP2.join(", ")
        );
        return Err(wrong("cipher_suites", reason));
    }
    Ok(suites)
}

fn curves(section: &TlsSection) -> Result<Vec<&'static dyn SupportedKxGroup>, Wrong> {
    let listed = section.curve_preferences.as_deref().unwrap_or_default();
    if listed.is_empty() {
        return Ok(ring::DEFAULT_KX_GROUPS.to_vec());
    }
    let curve = |name: &String| match name.as_str() {
        "X25519" => Ok(ring::kx_group::X25519),
        "CurveP256" => Ok(ring::kx_group::SECP256R1),
        "CurveP384" => Ok(ring::kx_group::SECP384R1),
        "CurveP521" => Err(wrong(
            "curve_preferences",
            "CurveP521 is not supported, use X25519, CurveP256 or CurveP384",
        )),
        other => Err(wrong(
            "curve_preferences",
            format!("unknown curve: {other}"),
        )),
    };
    listed.iter().map(curve).collect()
}
