//! Client certificates: the five policies of Go's `tls.ClientAuthType`, and the list of allowed names.
//!
//! Two policies ask for a certificate and believe it (`RequestClientCert`, `RequireAnyClientCert`). Upstream has
//! them, so we have them; only the other two protect anything.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};

use super::config::{Document, TlsSection, Wrong, given};
use super::der;
use super::files::Files;
use super::tls::{Pem, wrong};

/// What decides about a client's certificate, or `None` if none is asked for.
pub(super) fn verifier(
    document: &Document,
    section: &TlsSection,
    provider: &Arc<CryptoProvider>,
    files: &mut Files,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, Wrong> {
    let authorities = Pem::read(
        document,
        files,
        ("client_ca_file", &section.client_ca_file),
        ("client_ca", &section.client_ca),
    )?;
    let policy = given(&section.client_auth_type).unwrap_or("NoClientCert");
    let (required, verified) = match policy {
        "NoClientCert" => {
            if let Some(pem) = authorities {
                return Err(pem.wrong("needs a client_auth_type that asks for certificates"));
            }
            if section.client_allowed_sans.is_some() {
                let reason = "needs a client_auth_type that asks for certificates";
                return Err(wrong("client_allowed_sans", reason));
            }
            return Ok(None);
        }
        "RequestClientCert" => (false, false),
        // The second spelling is an old one that upstream still reads.
        "RequireAnyClientCert" | "RequireClientCert" => (true, false),
        "VerifyClientCertIfGiven" => (false, true),
        "RequireAndVerifyClientCert" => (true, true),
        other => {
            let reason = format!("invalid client authentication type: {other}");
            return Err(wrong("client_auth_type", reason));
        }
    };
    let mut rule = Rule {
        chain: None,
        pinned: Vec::new(),
        // With a list of names a client without any cannot pass.
        required: required || section.client_allowed_sans.is_some(),
        allowed_sans: section.client_allowed_sans.clone(),
        algorithms: provider.signature_verification_algorithms,
    };
    match (verified, authorities) {
        (false, _) => {}
        (true, None) => {
            let reason = format!("{policy} needs client_ca_file or client_ca");
            return Err(wrong("client_auth_type", reason));
        }
        (true, Some(pem)) => {
            rule.pinned = pem.certificates()?;
            rule.chain = Some(chain(&pem, &rule.pinned, provider)?);
        }
    }
    Ok(Some(Arc::new(rule)))
}

fn chain(
    pem: &Pem,
    authorities: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Wrong> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        let added = roots.add(authority.clone());
        added.map_err(|error| pem.wrong(format!("not a usable certificate: {error}")))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    builder.build().map_err(|error| pem.wrong(error))
}

/// One policy.
#[derive(Debug)]
struct Rule {
    /// Verifies the chain up to an authority, unless any certificate will do.
    chain: Option<Arc<dyn ClientCertVerifier>>,
    /// The authorities themselves. Go lets a client in that shows one of them as its own certificate, and
    /// self-signed client certificates are deployed that way; webpki alone would refuse them.
    pinned: Vec<CertificateDer<'static>>,
    required: bool,
    allowed_sans: Option<Vec<String>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Rule {
    fn is_pinned(&self, certificate: &CertificateDer<'_>, now: UnixTime) -> bool {
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        self.pinned.iter().any(|pinned| pinned == certificate)
            && der::validity(certificate).is_some_and(|valid| valid.contains(&seconds))
    }

    fn has_allowed_san(&self, certificate: &CertificateDer<'_>) -> bool {
        let Some(allowed) = &self.allowed_sans else {
            return true;
        };
        let names = der::alternative_names(certificate).unwrap_or_default();
        names.iter().any(|name| allowed.contains(name))
    }
}

impl ClientCertVerifier for Rule {
    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain
            .as_ref()
            .map_or(&[], |chain| chain.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(chain) = &self.chain
            && let Err(error) = chain.verify_client_cert(end_entity, intermediates, now)
            && !self.is_pinned(end_entity, now)
        {
            return Err(error);
        }
        if !self.has_allowed_san(end_entity) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
