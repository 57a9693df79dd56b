//! The real kubectl as the hand that writes and reads objects: what it sends is what users send.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Cluster;

impl Cluster {
    /// Runs kubectl as administrator with `stdin` as its input, and returns what it printed.
    ///
    /// # Errors
    /// If it fails; the message holds what it said.
    pub fn kubectl(&self, arguments: &[&str], stdin: &str) -> Result<String> {
        let mut child = Command::new(&self.kubectl)
            .arg(format!("--kubeconfig={}", self.kubeconfig().display()))
            // Neither its cache nor its preferences may come from the user who runs the tests.
            .arg(format!(
                "--cache-dir={}",
                self.folder.join("cache").display()
            ))
            .arg("--request-timeout=60s")
            .env("KUBERC", "off")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run kubectl")?;
        let mut input = child.stdin.take().context("no stdin")?;
        let output = std::thread::scope(|scope| {
            // Beside reading: kubectl answers while it still reads. If it ends early, its status says why.
            scope.spawn(move || input.write_all(stdin.as_bytes()));
            child.wait_with_output()
        })?;
        ensure!(
            output.status.success(),
            "kubectl {}: {}\n{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Creates or changes the objects of a YAML text, server-side.
    ///
    /// # Errors
    /// If the API server refuses one of them.
    pub fn apply(&self, yaml: &str) -> Result<String> {
        let apply = [
            "apply",
            "--server-side",
            "--force-conflicts",
            "--filename=-",
        ];
        self.kubectl(&apply, yaml)
    }

    /// Writes the `status` of the objects of a YAML text, as their controllers would.
    ///
    /// # Errors
    /// If the API server refuses one of them.
    pub fn apply_status(&self, yaml: &str) -> Result<String> {
        let apply = [
            "apply",
            "--server-side",
            "--force-conflicts",
            "--subresource=status",
            "--filename=-",
        ];
        self.kubectl(&apply, yaml)
    }

    /// Merges `status` into the status of one object; `namespace` is empty for objects that have none.
    ///
    /// # Errors
    /// If the API server refuses.
    pub fn patch_status(
        &self,
        namespace: &str,
        kind: &str,
        name: &str,
        status: &Value,
    ) -> Result<String> {
        let namespace = format!("--namespace={namespace}");
        let patch = format!("--patch={}", serde_json::json!({ "status": status }));
        let arguments = [
            "patch",
            kind,
            name,
            &namespace,
            "--subresource=status",
            "--type=merge",
            &patch,
        ];
        self.kubectl(&arguments, "")
    }
}
