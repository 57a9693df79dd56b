//! An exporter as a program: a registry of collectors behind the pages every exporter has.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use axum::Router;

use super::{EXPORTER_FLAGS, Program, Service, Threads, web_flags};
use crate::collector::Registry;
use crate::flag::Flags;
use crate::landing::{self, Landing};
use crate::process::{Build, BuildInfo, Process};
use crate::scrape::{self, Options};
use crate::server::Site;

impl Program {
    /// Runs an exporter: the registry that `collectors` fills, at `--web.telemetry-path`, with the
    /// process's own metrics, a landing page and health pages. `listen` is the default address.
    pub fn export<F>(self, listen: &'static [&'static str], collectors: F) -> ExitCode
    where
        F: FnOnce(&Flags, &mut Registry) -> anyhow::Result<()>,
    {
        let (name, about, build) = (self.name, self.about, self.build);
        let program = self
            .threads(Threads::One)
            .flags(EXPORTER_FLAGS.iter().cloned())
            .flags(web_flags(listen));
        program.run(|context| {
            let mut registry = Registry::new();
            collectors(&context.flags, &mut registry)?;
            let app = exporter_app(name, about, build, &context.flags, registry)?;
            Ok(Service::of(Site::from_flags(
                "metrics",
                &context.flags,
                app,
            )))
        })
    }
}

/// What an exporter serves: metrics, landing page, health.
fn exporter_app(
    name: &'static str,
    about: &str,
    build: Build,
    flags: &Flags,
    mut registry: Registry,
) -> anyhow::Result<Router> {
    let path = flags.text("web.telemetry-path");
    let requests_max = usize::try_from(flags.integer("web.max-requests")).unwrap_or(0);
    let options = Options {
        requests_max,
        ..Options::default()
    };
    registry.always(BuildInfo {
        program: name,
        build,
    });
    if !flags.on("web.disable-exporter-metrics") {
        registry.always(Process).always(Arc::clone(&options.meter));
    }
    let metrics = scrape::service(Arc::new(registry), options);
    if !path.starts_with('/') || path.contains(['{', '}']) {
        bail!("--web.telemetry-path: {path:?} must begin with a slash and hold no braces");
    }
    if path == "/" {
        // Go's `http.Handle("/", …)` answers every path that nothing else does.
        return Ok(landing::health().fallback_service(metrics));
    }
    if landing::RESERVED.contains(&path) {
        bail!("--web.telemetry-path: {path} is a page of its own");
    }
    let links = vec![(path.to_owned(), "Metrics".to_owned())];
    let page = Landing {
        name: name.to_owned(),
        description: about.to_owned(),
        version: build.info(),
        links,
    };
    Ok(landing::router(&page)
        .merge(landing::health())
        .route(path, metrics))
}
