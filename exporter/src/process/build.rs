//! What a program was built from: version texts, log lines and the build metric.

use promontory_exposition::batch::Batch;
use promontory_exposition::model::Header;

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

/// The [`Build`](crate::process::Build) of the crate that calls it: the version is the package's, the
/// rest comes from the environment of the compiler (`BUILD_REVISION`, `BUILD_BRANCH`, `BUILD_USER`,
/// `BUILD_DATE`), so that a build needs neither git nor a clock.
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

    /// The compiler, spelled as Go spells its own: `rustc1.90.0`. It stands in `goversion`, the label
    /// that dashboards know.
    pub const fn compiler(&self) -> &'static str {
        env!("EXPORTER_COMPILER")
    }

    /// The operating system in Go's spelling: `linux`, `darwin`.
    pub fn os(&self) -> &'static str {
        match std::env::consts::OS {
            "macos" => "darwin",
            os => os,
        }
    }

    /// The machine in Go's spelling: `amd64`, `arm64`.
    pub fn arch(&self) -> &'static str {
        match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "x86" => "386",
            "aarch64" => "arm64",
            "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
            "powerpc64" => "ppc64",
            arch => arch,
        }
    }

    /// What `--version` prints, without a final line break.
    pub fn text(&self, program: &str) -> String {
        let Self {
            version,
            revision,
            branch,
            user,
            date,
        } = self;
        format!(
            "{program}, version {version} (branch: {branch}, revision: {revision})\n  build user:       {user}\n  build date:       {date}\n  go version:       {}\n  platform:         {}/{}\n  tags:             unknown",
            self.compiler(),
            self.os(),
            self.arch(),
        )
    }

    /// `(version=…, branch=…, revision=…)`, as the first log line shows it.
    pub fn info(&self) -> String {
        let Self {
            version,
            revision,
            branch,
            ..
        } = self;
        format!("(version={version}, branch={branch}, revision={revision})")
    }

    /// `(go=…, platform=…, user=…, date=…, tags=…)`, as the second log line shows it.
    pub fn context(&self) -> String {
        let Self { user, date, .. } = self;
        format!(
            "(go={}, platform={}/{}, user={user}, date={date}, tags=unknown)",
            self.compiler(),
            self.os(),
            self.arch()
        )
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
        let Self { program, build } = self;
        let name = format!("{program}_build_info");
        let help = format!(
            "A metric with a constant '1' value labeled by version, revision, branch, goversion from which {program} was built, and the goos and goarch for the build."
        );
        let labels = [
            ("branch", build.branch),
            ("goarch", build.arch()),
            ("goos", build.os()),
            ("goversion", build.compiler()),
            ("revision", build.revision),
            ("tags", "unknown"),
            ("version", build.version),
        ];
        let header = Header::gauge(&name, &help);
        batch.family(header).sample(&labels, 1.0);
        Ok(())
    }
}
