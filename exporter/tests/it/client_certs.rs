//! Client certificates by the web config file: who passes under which policy.

use std::path::Path;

use rcgen::SanType;

use crate::certs::{self, dns};
use crate::running::Running;
use crate::tls::{SERVER, get};

/// curl with the client certificate of this name.
fn get_as(folder: &Path, running: &Running, client: &str) -> String {
    let path = |end: &str| folder.join(format!("{client}.{end}")).display().to_string();
    get(
        folder,
        running,
        &["--cert", &path("crt"), "--key", &path("key")],
    )
    .0
}

/// Certificates `good` (of our authority), `other` (of a stranger) and `alone` (self-signed).
pub fn clients(folder: &Path) {
    let ca = certs::server(folder);
    let uri = SanType::URI("spiffe://house/good".try_into().unwrap());
    certs::issue(folder, &ca, "good", vec![dns("good.example"), uri]);
    let stranger = certs::authority(folder, "stranger");
    certs::issue(folder, &stranger, "other", vec![dns("other.example")]);
    certs::self_signed(folder, "alone");
}

#[test]
fn client_certificates() {
    let folder = tempfile::tempdir().unwrap();
    clients(folder.path());
    let check = |policy: &str, more: &str, [none, good, other]: [bool; 3]| {
        let text = format!("{SERVER}  client_auth_type: {policy}\n{more}");
        let running = Running::with_config(folder.path(), &text);
        let passes = |status: &str| status == "HTTP/2 200";
        let at = format!("{policy} {more}");
        assert_eq!(
            passes(&get(folder.path(), &running, &[]).0),
            none,
            "none {at}"
        );
        assert_eq!(
            passes(&get_as(folder.path(), &running, "good")),
            good,
            "good {at}"
        );
        assert_eq!(
            passes(&get_as(folder.path(), &running, "other")),
            other,
            "other {at}"
        );
    };
    let ca = "  client_ca_file: ca.pem\n";
    check("NoClientCert", "", [true, true, true]);
    check("RequestClientCert", "", [true, true, true]);
    check("RequestClientCert", ca, [true, true, true]);
    check("RequireAnyClientCert", "", [false, true, true]);
    check("RequireClientCert", "", [false, true, true]);
    check("VerifyClientCertIfGiven", ca, [true, true, false]);
    check("RequireAndVerifyClientCert", ca, [false, true, false]);
    // Without authorities those of the system are asked, and they know neither.
    check("VerifyClientCertIfGiven", "", [true, false, false]);
    check("RequireAndVerifyClientCert", "", [false, false, false]);
    let san = |name: &str| format!("{ca}  client_allowed_sans: [nobody, \"{name}\"]\n");
    let verify = "RequireAndVerifyClientCert";
    check(verify, &san("good.example"), [false, true, false]);
    check(verify, &san("spiffe://house/good"), [false, true, false]);
    check(verify, &san("other.example"), [false, false, false]);
    check(
        "VerifyClientCertIfGiven",
        &san("good.example"),
        [false, true, false],
    );
}

#[test]
fn a_self_signed_client_may_be_its_own_authority() {
    let folder = tempfile::tempdir().unwrap();
    clients(folder.path());
    let text = format!(
        "{SERVER}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: alone.crt\n"
    );
    let running = Running::with_config(folder.path(), &text);
    assert_eq!(get_as(folder.path(), &running, "alone"), "HTTP/2 200");
    assert_ne!(get_as(folder.path(), &running, "good"), "HTTP/2 200");
}
