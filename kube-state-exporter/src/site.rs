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

#[cfg(test)]
mod tests {
    use promontory_exporter::flag::Parsed;

    use super::*;

    fn sites(args: &[&str]) -> [Site; 2] {
        let args = args.iter().map(|arg| (*arg).to_owned());
        let Ok(Parsed::Run(flags)) = crate::flags::program().table().parse(args) else {
            panic!("these flags are good")
        };
        [
            main(&flags, Router::new()),
            telemetry(&flags, Router::new()),
        ]
    }

    #[test]
    fn addresses_and_bounds_are_those_of_the_flags() {
        let [main, telemetry] = sites(&[]);
        assert_eq!(main.addresses, ["[::]:8080"]);
        assert_eq!(telemetry.addresses, ["[::]:8081"]);
        assert!(main.web_config.is_none() && telemetry.web_config.is_none());
        let seconds = |limits: &Limits| {
            [
                limits.header_timeout,
                limits.body_timeout,
                limits.write_timeout,
                limits.idle_timeout,
            ]
            .map(|timeout| timeout.as_secs())
        };
        assert_eq!(seconds(&main.limits), [5, 60, 60, 300]);
        assert_eq!(telemetry.limits.header_timeout.as_secs(), 5);

        let [main, telemetry] = sites(&[
            "--host=127.0.0.1",
            "--port=1",
            "--telemetry-host=",
            "--telemetry-port=2",
            "--tls-config=web.yml",
            "--server-read-header-timeout=1s",
            "--server-read-timeout=2s",
            "--server-write-timeout=0s",
            "--server-idle-timeout=4s",
        ]);
        assert_eq!(main.addresses, ["127.0.0.1:1"]);
        assert_eq!(telemetry.addresses, [":2"]);
        assert_eq!(seconds(&main.limits), [1, 2, NONE.as_secs(), 4]);
        for site in [main, telemetry] {
            assert_eq!(site.web_config.as_deref(), Some("web.yml".as_ref()));
        }
    }
}
