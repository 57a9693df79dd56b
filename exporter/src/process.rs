//! The process's own metrics, under the names and help texts of client_golang, and its build.

use promontory_exposition::batch::Batch;

use crate::collector::{CollectError, Collector};

/// What a program was built from. Make one with [`build!`](crate::build).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Build {
    /// The version of the package.
    pub version: &'static str,
    /// The commit, from `BUILD_REVISION` at compile time; else `unknown`.
    pub revision: &'static str,
    /// The branch, from `BUILD_BRANCH`; else empty.
    pub branch: &'static str,
    /// Who built it, from `BUILD_USER`; else empty.
    pub user: &'static str,
    /// When, from `BUILD_DATE`; else empty.
    pub date: &'static str,
}

/// The [`Build`] of the crate that calls it.
#[macro_export]
macro_rules! build {
    () => {
        $crate::process::Build::new(
            env!("CARGO_PKG_VERSION"),
            option_env!("BUILD_REVISION"),
            option_env!("BUILD_BRANCH"),
            option_env!("BUILD_USER"),
            option_env!("BUILD_DATE"),
        )
    };
}

impl Build {
    /// Use [`build!`](crate::build).
    pub const fn new(
        version: &'static str,
        revision: Option<&'static str>,
        branch: Option<&'static str>,
        user: Option<&'static str>,
        date: Option<&'static str>,
    ) -> Self {
        const fn or(value: Option<&'static str>, otherwise: &'static str) -> &'static str {
            match value {
                Some(value) => value,
                None => otherwise,
            }
        }
        Self {
            version,
            revision: or(revision, "unknown"),
            branch: or(branch, ""),
            user: or(user, ""),
            date: or(date, ""),
        }
    }

    /// The compiler, `rustc1.90.0`: what stands in `goversion`, the label dashboards know.
    pub fn compiler(&self) -> &'static str {
        "rustc"
    }

    /// What `--version` prints, without a final line break.
    pub fn text(&self, program: &str) -> String {
        program.to_owned()
    }

    /// `(version=…, branch=…, revision=…)`, as the first log line shows it.
    pub fn info(&self) -> String {
        String::new()
    }

    /// `(go=…, platform=…, user=…, date=…, tags=…)`, as the second log line shows it.
    pub fn context(&self) -> String {
        String::new()
    }
}

/// `process_*` of this process, from `/proc/self`.
#[derive(Debug, Default)]
pub struct Process;

impl Collector for Process {
    fn name(&self) -> &str {
        "process"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let _ = batch;
        Ok(())
    }
}

/// `<program>_build_info`, always 1.
#[derive(Debug)]
pub struct BuildInfo {
    /// The program's name as it begins the metric's name: `pushgateway`, `node_exporter`.
    pub program: &'static str,
    /// Its build.
    pub build: Build,
}

impl Collector for BuildInfo {
    fn name(&self) -> &str {
        "build_info"
    }

    fn collect(&self, batch: &mut Batch) -> Result<(), CollectError> {
        let _ = batch;
        Ok(())
    }
}
