//! The chart of `deploy/chart`, rendered by the real Helm: what a user's cluster would be given.
//!
//! [`Render`] is one `helm template` with its values; its documents come back as JSON values. [`arguments`] reads the
//! command line of a program out of them, so that tests and `make up` start it as the chart does. Nothing here talks to
//! a cluster, and Helm keeps what it writes in a folder that vanishes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::peers;

/// The API group of the operator's custom resources, as a cluster with its CRDs announces it.
pub const MONITORING: &str = "monitoring.coreos.com/v1";

/// Where the chart is.
#[must_use]
pub fn chart() -> PathBuf {
    crate::root().join("deploy/chart")
}

/// One rendering of the chart.
#[derive(Debug, Clone)]
pub struct Render {
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
    /// Whether the cluster knows the operator's CRDs.
    pub custom_resources: bool,
    /// `--set` arguments, `key=value`.
    pub set: Vec<String>,
    /// Values as a file of the user's would hold them; `null` for none.
    pub values: Value,
}

impl Default for Render {
    fn default() -> Self {
        Self {
            release: "promontory".to_owned(),
            namespace: "monitoring".to_owned(),
            custom_resources: true,
            set: Vec::new(),
            values: Value::Null,
        }
    }
}

impl Render {
    /// The defaults with some values set on the command line.
    #[must_use]
    pub fn with(set: &[&str]) -> Self {
        Self {
            set: set.iter().map(|&set| set.to_owned()).collect(),
            ..Self::default()
        }
    }

    /// What `helm template` prints.
    ///
    /// # Errors
    /// If Helm refuses the values or a template fails; the message holds what it said.
    pub fn text(&self) -> Result<String> {
        let output = self.run("template")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "helm template: {said}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The documents of [`Render::text`], in the order Helm installs them.
    ///
    /// # Errors
    /// If Helm refuses, or what it prints is no YAML.
    pub fn documents(&self) -> Result<Vec<Value>> {
        documents(&self.text()?)
    }

    /// Why Helm refuses these values.
    ///
    /// # Errors
    /// If it does not refuse them.
    pub fn refusal(&self) -> Result<String> {
        let output = self.run("template")?;
        ensure!(!output.status.success(), "helm accepts {self:?}");
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// `helm lint --strict` with these values.
    ///
    /// # Errors
    /// If it finds something; the message holds what.
    pub fn lint(&self) -> Result<()> {
        let output = self.run("lint")?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "helm lint: {said}");
        Ok(())
    }

    /// `helm upgrade --install` on a cluster, without hooks: they are jobs, and wait for somebody to run them.
    ///
    /// # Errors
    /// If Helm or the API server refuses; the message holds what was said.
    pub fn install(&self, kubeconfig: &Path) -> Result<String> {
        let scratch = tempfile::tempdir()?;
        let mut helm = Self::command(scratch.path())?;
        helm.env("KUBECONFIG", kubeconfig);
        helm.args(["upgrade", "--install", "--no-hooks", &self.release])
            .arg(chart());
        self.given(&mut helm, scratch.path())?;
        let output = helm.output().context("cannot run helm")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "helm upgrade: {said}");
        Ok(String::from_utf8(output.stdout)?)
    }

    fn run(&self, verb: &str) -> Result<Output> {
        let scratch = tempfile::tempdir()?;
        let mut helm = Self::command(scratch.path())?;
        if verb == "lint" {
            helm.args(["lint", "--strict"]).arg(chart());
        } else {
            helm.args([verb, &self.release]).arg(chart());
            if self.custom_resources {
                helm.args(["--api-versions", MONITORING]);
            }
        }
        self.given(&mut helm, scratch.path())?;
        helm.output().context("cannot run helm")
    }

    fn command(scratch: &Path) -> Result<Command> {
        let mut helm = Command::new(peers::program("helm")?);
        // Neither settings nor plugins of the user who runs this, nor a cluster of theirs.
        for variable in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            helm.env(variable, scratch);
        }
        helm.env("KUBECONFIG", scratch.join("none"));
        Ok(helm)
    }

    /// Adds namespace and values.
    fn given(&self, helm: &mut Command, scratch: &Path) -> Result<()> {
        helm.args(["--namespace", &self.namespace]);
        for set in &self.set {
            helm.args(["--set", set]);
        }
        if !self.values.is_null() {
            // JSON is YAML.
            let file = scratch.join("values.yaml");
            std::fs::write(&file, self.values.to_string())?;
            helm.arg("--values").arg(file);
        }
        Ok(())
    }
}

/// The documents of a YAML text that hold something.
///
/// # Errors
/// If it is no YAML.
pub fn documents(yaml: &str) -> Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(yaml).context("not YAML")?;
    Ok(documents.into_iter().filter(|it| !it.is_null()).collect())
}

/// The document of a kind for a part of the stack (its label `app.kubernetes.io/component`).
///
/// # Errors
/// If there is not exactly one.
pub fn find<'a>(documents: &'a [Value], kind: &str, component: &str) -> Result<&'a Value> {
    let wanted = |document: &&Value| {
        document["kind"] == kind
            && document["metadata"]["labels"]["app.kubernetes.io/component"] == component
    };
    let mut found = documents.iter().filter(wanted);
    match (found.next(), found.next()) {
        (Some(document), None) => Ok(document),
        (None, _) => bail!("no {kind} of {component}"),
        (Some(_), Some(_)) => bail!("more than one {kind} of {component}"),
    }
}

/// The arguments of the only container of a workload, for example of the `DaemonSet` of `node-exporter`.
///
/// # Errors
/// If there is no such workload, or an argument is no text.
pub fn arguments(documents: &[Value], kind: &str, component: &str) -> Result<Vec<String>> {
    let workload = find(documents, kind, component)?;
    let containers = &workload["spec"]["template"]["spec"]["containers"];
    let arguments = containers[0]["args"]
        .as_array()
        .with_context(|| format!("{kind} of {component} has no arguments"))?;
    let text = |argument: &Value| argument.as_str().map(str::to_owned);
    let arguments: Option<Vec<_>> = arguments.iter().map(text).collect();
    arguments.context("an argument is no text")
}
