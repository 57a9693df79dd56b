//! The kube-state exporter program: flags, watches and sites put together. No rule lives here.

use std::process::ExitCode;

use anyhow::Context as _;
use kube_state_exporter::api::Api;
use kube_state_exporter::http::{App, Share};
use kube_state_exporter::{flags, select, site, watch};
use promontory_exporter::program::{Context, Service};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

fn main() -> ExitCode {
    flags::program().run(start)
}

fn start(context: &Context) -> anyhow::Result<Service> {
    let given = &context.flags;
    flags::check(given)?;
    let plan = select::plan(given)?;
    let source = flags::source(given);
    let api = block_in_place(|| Handle::current().block_on(Api::connect(&source)))
        .context("the way to the API server")?;
    let watched = watch::start(&api, &plan, &context.shutdown);
    let share = Share {
        shard: given.integer("shard"),
        total: given.integer("total-shards"),
        object_limit: given.integer("object-limit"),
    };
    let app = App::new(watched, share, context.build);
    Ok(Service {
        sites: vec![
            site::main(given, app.main()),
            site::telemetry(given, app.telemetry()),
        ],
        at_end: None,
    })
}
