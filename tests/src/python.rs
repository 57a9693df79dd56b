//! Python with the official `prometheus_client`, in a virtual environment in the cache.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The pinned version of the client; it names the cache folder, so a new pin installs anew.
const CLIENT: &str = "prometheus_client==0.26.0";

/// The Python interpreter that can import the client, installed now if it is not in the cache.
///
/// # Errors
/// If `python3` or its `venv` module is missing, or the package cannot be fetched.
pub fn interpreter() -> Result<PathBuf> {
    let name = format!("python-{}", CLIENT.replace("==", "-"));
    let folder = crate::peers::once(&name, |folder| {
        eprintln!("Installing {CLIENT} (once; kept in {}).", folder.display());
        let mut venv = Command::new("python3");
        run(venv
            .args(["-m", "venv", "--clear"])
            .arg(folder.join("venv")))
        .context("tests/tools/setup.sh installs what is missing")?;
        run(Command::new(folder.join("venv/bin/pip")).args(["install", "--quiet", CLIENT]))
    })?;
    Ok(folder.join("venv/bin/python"))
}

/// Runs a script with arguments and returns what it printed.
///
/// # Errors
/// If it fails; the message holds what it said.
pub fn script(source: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(interpreter()?)
        .arg("-c")
        .arg(source)
        .args(arguments)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the Python script failed: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    ensure!(
        status.success(),
        "{} failed: {status}",
        command.get_program().display()
    );
    Ok(())
}
