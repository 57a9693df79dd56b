//! The pushgateway program: flags, core and HTTP side put together. No rule lives here.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use promontory_exporter::landing::route_prefix;
use promontory_exporter::program::{Context, Service};
use promontory_exporter::server::Site;
use pushgateway::http::instrument::Metrics;
use pushgateway::http::push::Readers;
use pushgateway::http::route::{Mounts, Routes};
use pushgateway::http::scrape;
use pushgateway::http::search::Searches;
use pushgateway::http::{App, router};
use pushgateway::{commit, flags};

/// See the root `Cargo.toml` for what it is worth; the other programs allocate little and use the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    flags::program().run(start)
}

fn start(context: &Context) -> anyhow::Result<Service> {
    let given = &context.flags;
    let options = flags::options(given)?;
    let promise = flags::promise(&options);
    let mounts = Mounts {
        prefix: route_prefix(
            given.text("web.route-prefix"),
            given.text("web.external-url"),
        ),
        telemetry_path: given.text("web.telemetry-path").to_owned(),
        admin_api: given.on("web.enable-admin-api"),
    };
    let routes = Routes::new(&mounts).map_err(anyhow::Error::msg)?;
    let server_limits = flags::server_limits(given)?;
    let limits = flags::push_limits(given)?;
    let (gateway, committer) = commit::open(&options).context("--persistence.file")?;
    if options.acknowledged_is_durable() {
        tracing::info!(persistence = promise, "Opened the store");
    } else {
        tracing::warn!(persistence = promise, "Acknowledged pushes can be lost");
    }
    let shown = flags::shown(given, &mounts.prefix);
    let app = App {
        gateway,
        routes,
        names: flags::names(given),
        lifecycle: given.on("web.enable-lifecycle"),
        admin_api: mounts.admin_api,
        limits,
        push_ttl: given.duration("push.ttl"),
        scrapes: scrape::options(),
        readers: Readers::default(),
        searches: Searches::default(),
        external_prefix: route_prefix("", given.text("web.external-url")),
        changed: flags::changed(&shown),
        flags: shown,
        build: context.build,
        promise,
        started: SystemTime::now(),
        shutdown: context.shutdown.clone(),
        metrics: Metrics::default(),
    };
    let site = Site {
        limits: server_limits,
        ..Site::from_flags("pushgateway", given, router(Arc::new(app)))
    };
    Ok(Service {
        sites: vec![site],
        at_end: Some(Box::new(|| {
            committer.shutdown().context("closing --persistence.file")
        })),
    })
}
