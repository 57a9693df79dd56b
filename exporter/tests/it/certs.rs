//! Throw-away certificates, written as PEM files into a folder.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    SanType,
};

/// An authority that can issue.
pub type Authority = CertifiedIssuer<'static, KeyPair>;

/// Makes an authority and writes `NAME.pem`.
pub fn authority(folder: &Path, name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let made = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join(format!("{name}.pem")), made.pem()).unwrap();
    made
}

/// Issues a certificate for servers and clients with these names; writes `NAME.crt` and `NAME.key`.
pub fn issue(folder: &Path, by: &Authority, name: &str, sans: Vec<SanType>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.subject_alt_names = sans;
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let issued = params.signed_by(&key, by).unwrap();
    write(folder, name, &issued.pem(), &key);
}

/// A certificate that nobody but itself vouches for.
pub fn self_signed(folder: &Path, name: &str) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![format!("{name}.example")]).unwrap();
    let made = params.self_signed(&key).unwrap();
    write(folder, name, &made.pem(), &key);
}

/// A DNS name as an alternative name.
pub fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

/// Authority `ca` and a certificate `server` for localhost.
pub fn server(folder: &Path) -> Authority {
    let ca = authority(folder, "ca");
    let local = SanType::IpAddress("127.0.0.1".parse().unwrap());
    issue(folder, &ca, "server", vec![dns("localhost"), local]);
    ca
}

fn write(folder: &Path, name: &str, certificate: &str, key: &KeyPair) {
    std::fs::write(folder.join(format!("{name}.crt")), certificate).unwrap();
    std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
}
