//! Node.js with the client `prom-client`, installed by npm into the cache.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The pinned version of the client; it names the cache folder, so a new pin installs anew.
const CLIENT: &str = "prom-client@15.1.3";

/// Runs a script with arguments and returns what it printed; `require("prom-client")` works in it.
///
/// # Errors
/// If `node` or `npm` is missing, the package cannot be fetched, or the script fails; the message holds what it said.
pub fn script(source: &str, arguments: &[&str]) -> Result<String> {
    let folder = crate::peers::once(&format!("npm-{}", CLIENT.replace('@', "-")), |folder| {
        eprintln!("Installing {CLIENT} (once; kept in {}).", folder.display());
        let mut npm = Command::new("npm");
        npm.args([
            "install",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--silent",
        ])
        .arg("--prefix")
        .arg(folder)
        .arg(CLIENT);
        let status = npm
            .status()
            .context("cannot run npm: tests/tools/setup.sh installs what is missing")?;
        ensure!(status.success(), "npm failed: {status}");
        Ok(())
    })?;
    let output = Command::new("node")
        .args(["-e", source, "--"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .context("cannot run node: tests/tools/setup.sh installs what is missing")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the Node script failed: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
