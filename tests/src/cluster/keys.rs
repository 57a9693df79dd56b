//! What a control plane needs before it starts: a signing key, the administrator's token, kubeconfig files.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::ADMIN_TOKEN;

/// Writes the key of the service accounts' tokens and the administrator's token into `folder`.
pub(super) fn make(folder: &Path) -> Result<()> {
    let key = folder.join("service-account.key");
    // The API server reads the public part out of the private key, so one file serves for both.
    let status = Command::new("openssl")
        .args(["genrsa", "-out"])
        .arg(&key)
        .arg("2048")
        .stderr(Stdio::null())
        .status()
        .context("cannot run openssl: tests/tools/setup.sh installs it")?;
    ensure!(status.success(), "openssl genrsa: {status}");
    // token, user, uid, groups: this group may do everything in any cluster.
    let admin = format!("{ADMIN_TOKEN},admin,admin,\"system:masters\"\n");
    fs::write(folder.join("tokens.csv"), admin)?;
    Ok(())
}

/// A kubeconfig for `token` at `address`, which trusts the certificate that the API server made for itself.
pub(super) fn kubeconfig(folder: &Path, address: SocketAddr, token: &str) -> String {
    let certificate = folder.join("certificates/apiserver.crt");
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: throwaway\n\
         clusters:\n- name: throwaway\n  cluster:\n    server: https://{address}\n    certificate-authority: {}\n\
         users:\n- name: throwaway\n  user:\n    token: {token}\n\
         contexts:\n- name: throwaway\n  context:\n    cluster: throwaway\n    user: throwaway\n",
        certificate.display()
    )
}
