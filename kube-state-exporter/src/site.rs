//! Where the two sites listen, and what clients may use up there: `--host`, `--port`, `--server-*-timeout`.

use std::time::Duration;

use axum::Router;
use promontory_exporter::flag::Flags;
use promontory_exporter::limits::Limits;
use promontory_exporter::server::Site;

/// Upstream's bound on the header of a request to the telemetry site; no flag changes it.
const TELEMETRY_HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// What a timeout of 0 is, which upstream takes for none.
const NONE: Duration = Duration::from_secs(365 * 24 * 3600);

/// The main site.
pub fn main(flags: &Flags, app: Router) -> Site {
    let timeout = |name| match flags.duration(name) {
        Duration::ZERO => NONE,
        timeout => timeout,
    };
    let address = address(flags.text("host"), flags.integer("port"));
    Site {
        flag: "--host, --port",
        web_config: web_config(flags),
        limits: Limits {
            header_timeout: timeout("server-read-header-timeout"),
            body_timeout: timeout("server-read-timeout"),
            write_timeout: timeout("server-write-timeout"),
            idle_timeout: timeout("server-idle-timeout"),
            ..Limits::default()
        },
        ..Site::new("metrics", vec![address], app)
    }
}

/// The telemetry site.
pub fn telemetry(flags: &Flags, app: Router) -> Site {
    let address = address(
        flags.text("telemetry-host"),
        flags.integer("telemetry-port"),
    );
    Site {
        flag: "--telemetry-host, --telemetry-port",
        web_config: web_config(flags),
        limits: Limits {
            header_timeout: TELEMETRY_HEADER_TIMEOUT,
            ..Limits::default()
        },
        ..Site::new("telemetry", vec![address], app)
    }
}

/// `--tls-config`, the same file for both sites.
fn web_config(flags: &Flags) -> Option<std::path::PathBuf> {
    let file = flags.text("tls-config");
    (!file.is_empty()).then(|| file.into())
}

/// Go's `net.JoinHostPort`.
fn address(host: &str, port: i64) -> String {
    if host.contains([':', '%']) {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
