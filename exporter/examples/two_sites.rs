//! A program with two sites and pflag's spellings, as kube-state-metrics has them: what it shows on
//! one port, itself on another.

use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use promontory_exporter::collector::Registry;
use promontory_exporter::flag::{Flag, Flags, Spelling};
use promontory_exporter::process::{BuildInfo, Process};
use promontory_exporter::program::{Program, Service};
use promontory_exporter::scrape::{self, Options};
use promontory_exporter::server::Site;

const FLAGS: [Flag; 4] = [
    Flag::text("host", "::", "Host to expose metrics on."),
    Flag::integer("port", 8080, "Port to expose metrics on."),
    Flag::text("telemetry-host", "::", "Host to expose self metrics on."),
    Flag::integer("telemetry-port", 8081, "Port to expose self metrics on."),
];

/// A site on the host and port that two flags name.
fn site(name: &'static str, flag: &'static str, flags: &Flags, app: Router) -> Site {
    let prefix = flag.trim_start_matches('-').trim_end_matches("port");
    let (host, port) = (
        flags.text(&format!("{prefix}host")),
        flags.integer(&format!("{prefix}port")),
    );
    let address = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    Site {
        flag,
        ..Site::new(name, vec![address], app)
    }
}

fn main() -> ExitCode {
    let build = promontory_exporter::build!();
    let program = Program::new("two_sites", "Shows two sites.", build)
        .spelling(Spelling::Pflag)
        .flags(FLAGS);
    program.run(|context| {
        let mut telemetry = Registry::new();
        telemetry.always(Process).always(BuildInfo {
            program: "two_sites",
            build: context.build,
        });
        let telemetry = scrape::service(Arc::new(telemetry), Options::default());
        let flags = &context.flags;
        let main = Router::new().route("/livez", get(|| async { "OK" }));
        Ok(Service {
            sites: vec![
                site("metrics", "--port", flags, main),
                site(
                    "telemetry",
                    "--telemetry-port",
                    flags,
                    Router::new().route("/metrics", telemetry),
                ),
            ],
            at_end: Some(Box::new(|| {
                tracing::info!("Nothing left to do");
                Ok(())
            })),
        })
    })
}
