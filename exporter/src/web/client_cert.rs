//! Client certificates: the five policies of Go's `tls.ClientAuthType`, and the list of allowed names.
//!
//! Two policies ask for a certificate and believe it (`RequestClientCert`, `RequireAnyClientCert`). Upstream has
//! them, so we have them; only the other two protect anything.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};

use super::config::{Document, TlsSection, Wrong, given};
use super::der;
use super::files::Files;
use super::pem::{Pem, wrong};

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
    let name = given(&section.client_auth_type).unwrap_or("NoClientCert");
    let Some(policy) = Policy::named(name)? else {
        let reason = "needs a client_auth_type that asks for certificates";
        return match authorities {
            Some(pem) => Err(pem.wrong(reason)),
            None if section.client_allowed_sans.is_some() => {
                Err(wrong("client_allowed_sans", reason))
            }
            None => Ok(None),
        };
    };
    let belief = match (policy.verified, authorities) {
        (false, _) => Belief::Anybody,
        (true, Some(pem)) => {
            let pinned = pem.certificates()?;
            let mut roots = RootCertStore::empty();
            for authority in &pinned {
                let added = roots.add(authority.clone());
                added.map_err(|error| pem.wrong(format!("not a usable certificate: {error}")))?;
            }
            let chain = chain(roots, provider).map_err(|error| pem.wrong(error))?;
            Belief::Chain { chain, pinned }
        }
        (true, None) => of_the_system(name, provider, files),
    };
    Ok(Some(Arc::new(Rule {
        belief,
        // With a list of names a client without any cannot pass.
        required: policy.required || section.client_allowed_sans.is_some(),
        allowed_sans: section.client_allowed_sans.clone(),
        algorithms: provider.signature_verification_algorithms,
    })))
}

/// What a client has to show.
struct Policy {
    /// A certificate.
    required: bool,
    /// A certificate that an authority vouches for, if any.
    verified: bool,
}

impl Policy {
    /// The policy of this name; `None`: no certificate is asked for.
    fn named(name: &str) -> Result<Option<Policy>, Wrong> {
        let (required, verified) = match name {
            "NoClientCert" => return Ok(None),
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
        Ok(Some(Policy { required, verified }))
    }
}

/// Where distributions keep the authorities they trust, in the order in which Go looks.
const SYSTEM_AUTHORITIES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Without authorities in the file, Go believes those of the system, and nobody if there are none. Hardly what
/// somebody wants who asks for client certificates, so we say it.
fn of_the_system(policy: &str, provider: &Arc<CryptoProvider>, files: &mut Files) -> Belief {
    tracing::warn!(
        client_auth_type = policy,
        "No client_ca_file: every authority that the system trusts can admit clients"
    );
    let mut places = SYSTEM_AUTHORITIES.iter().map(Path::new);
    let bundle = places
        .find(|path| path.exists())
        .and_then(|path| files.read(path).ok());
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_slice_iter(bundle.as_deref().unwrap_or_default());
    roots.add_parsable_certificates(found.flatten());
    match chain(roots, provider) {
        Ok(chain) => Belief::Chain {
            chain,
            pinned: Vec::new(),
        },
        Err(_) => Belief::Nobody,
    }
}

fn chain(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError> {
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()
}

/// Whose certificates are believed.
#[derive(Debug)]
enum Belief {
    /// Whatever a client shows.
    Anybody,
    /// Those with a chain up to an authority, and the authorities themselves: Go lets a client in that shows one
    /// of them as its own certificate, and self-signed client certificates are deployed that way. webpki alone
    /// would refuse them.
    Chain {
        chain: Arc<dyn ClientCertVerifier>,
        pinned: Vec<CertificateDer<'static>>,
    },
    /// No authority is known, so no certificate can be good.
    Nobody,
}

impl Belief {
    fn check(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        match self {
            Self::Anybody => Ok(()),
            Self::Nobody => Err(CertificateError::UnknownIssuer.into()),
            Self::Chain { chain, pinned } => {
                match chain.verify_client_cert(certificate, intermediates, now) {
                    Err(_) if is_pinned(pinned, certificate, now) => Ok(()),
                    verified => verified.map(drop),
                }
            }
        }
    }
}

fn is_pinned(
    pinned: &[CertificateDer<'_>],
    certificate: &CertificateDer<'_>,
    now: UnixTime,
) -> bool {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    pinned.contains(certificate)
        && der::validity(certificate).is_some_and(|valid| valid.contains(&seconds))
}

/// One policy.
#[derive(Debug)]
struct Rule {
    belief: Belief,
    required: bool,
    allowed_sans: Option<Vec<String>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Rule {
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
        match &self.belief {
            Belief::Chain { chain, .. } => chain.root_hint_subjects(),
            Belief::Anybody | Belief::Nobody => &[],
        }
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.belief.check(end_entity, intermediates, now)?;
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
